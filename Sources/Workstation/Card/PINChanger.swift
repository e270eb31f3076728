import AuthTerms
import SmartCard

/// Gives a card another PIN. The card decides; no server takes part, and none learns a PIN or a PUK.
///
/// Everything is asked for between two short talks with the card: none is held while somebody types.
public struct PINChanger: Sendable {
  private let cards: any PINChangePort
  private let asking: any PINAsking
  private let surroundings: Surroundings

  public init(cards: any PINChangePort, asking: any PINAsking, surroundings: Surroundings) {
    self.cards = cards
    self.asking = asking
    self.surroundings = surroundings
  }

  /// Looks at the card, waiting for it at most `waitSeconds`.
  public func waitForCard(seconds waitSeconds: Int64) async throws(AgentFault) -> CardView {
    try await surroundings.waiting(
      seconds: waitSeconds, placeCard: { await asking.tell(.placeCard) }
    ) { () async throws(CardFailure) in try await cards.view() }
  }

  /// By its holder, who knows the present PIN.
  ///
  /// Refusals: `pinChange`, `pinBlocked`, `lastTryNotConfirmed`; then the card has the PIN it had.
  public func change(_ seen: CardView) async throws(AgentFault) {
    guard seen.triesLeft > 0 else { throw .pinBlocked }
    var leastTries = 2
    if seen.triesLeft == 1 {
      guard await asking.confirmLastTry() else { throw .lastTryNotConfirmed }
      leastTries = 1
    }
    let old = try await asking.presentPIN(triesLeft: seen.triesLeft)
    guard PINRule.accepts(old) else { throw .card(.unusablePIN) }
    let new = try await asking.newPIN()
    // What the card would not take must not cost a try.
    if let fault = NewPINRule.fault(new, old: old) { throw .pinChange(.unfit(fault)) }
    switch try await run(PINChangeErrand(seen: seen, allowing: .oldPIN(old), new: new, leastTries: leastTries)) {
    case .changed: return
    case .wrong(let left): throw .pinChange(.wrongPIN(triesLeft: left))
    case .blocked: throw .pinBlocked
    case .unfit: throw .pinChange(.unfit(.refusedByCard))
    case .notSupported: throw .pinChange(.notSupported)
    }
  }

  /// At the desk, with the card's PUK; its holder types the new PIN.
  ///
  /// Refusals: `pinChange`, and `badInput` for what cannot be a PUK; then the card has the PIN it had.
  public func reset(_ seen: CardView) async throws(AgentFault) {
    let puk = try await asking.puk()
    guard PUKRule.accepts(puk) else { throw .badInput(expected: "PUK: 6 to 8 characters") }
    let new = try await asking.newPIN()
    if let fault = NewPINRule.fault(new) { throw .pinChange(.unfit(fault)) }
    switch try await run(PINChangeErrand(seen: seen, allowing: .puk(puk), new: new, leastTries: 0)) {
    case .changed: return
    case .wrong(let left): throw .pinChange(.wrongPUK(triesLeft: left))
    case .blocked: throw .pinChange(.pukBlocked)
    case .unfit: throw .pinChange(.unfit(.refusedByCard))
    case .notSupported: throw .pinChange(.notSupported)
    }
  }

  private func run(_ errand: PINChangeErrand) async throws(AgentFault) -> PINChangeOutcome {
    let outcome: PINChangeErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    switch outcome {
    case .answered(let answer): return answer
    case .tooFewTries: throw .lastTryNotConfirmed
    case .otherCard: throw .pinChange(.otherCard)
    }
  }
}
