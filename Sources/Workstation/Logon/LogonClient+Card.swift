import AuthAPI
import AuthClient
import AuthTerms
import SmartCard

extension LogonClient {
  func waitForCard(seconds: Int64) async throws(AgentFault) -> CardView {
    try await waiting(seconds: seconds) { () async throws(CardFailure) in try await cards.view() }
  }

  func waiting<Seen: Sendable>(
    seconds: Int64, for look: () async throws(CardFailure) -> Seen
  ) async throws(AgentFault) -> Seen {
    let start = surroundings.now()
    var told = false
    while true {
      do throws(CardFailure) {
        return try await look()
      } catch {
        switch error {
        case .noCard, .noReader, .cardRemoved, .readerBusy, .cardReset, .serviceLost: break
        default: throw .card(error)
        }
        guard surroundings.now().milliseconds(since: start) < seconds * 1000 else { throw .card(error) }
        if !told { await asking.tell(.placeCard) }
        told = true
      }
      do { try await Task.sleep(for: .milliseconds(250)) } catch { throw .cancelled }
    }
  }

  func askPIN(
    _ plan: FactorPlan, _ view: CardView, _ entered: inout Entered
  ) async throws(AgentFault) -> (Secret<PIN>?, leastTries: Int) {
    try await askPIN(plan, triesLeft: view.triesLeft, &entered) { pin in
      view.takes(pin) ? nil : view.profile == .piv ? .unusablePIN : .module(.pinForm)
    }
  }

  /// - Parameter fault: what is wrong with the form of a PIN, if anything.
  func askPIN(
    _ plan: FactorPlan, triesLeft: Int, _ entered: inout Entered, fault: (Secret<PIN>) -> CardFailure?
  ) async throws(AgentFault) -> (Secret<PIN>?, leastTries: Int) {
    guard plan.needsPIN else { return (nil, 0) }
    guard triesLeft > 0 else { throw .pinBlocked }
    // The card took it a moment ago.
    if let pin = entered.pin { return (pin, min(2, triesLeft)) }
    var leastTries = 2
    if triesLeft == 1 {
      guard await asking.confirmLastTry() else { throw .lastTryNotConfirmed }
      leastTries = 1
    }
    let pin = try await asking.pin(triesLeft: triesLeft)
    // A PIN the card would not even look at must not cost a try.
    if let fault = fault(pin) { throw .card(fault) }
    entered.pin = pin
    return (pin, leastTries)
  }

  func sign(
    _ errand: CardErrand, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> ([UInt8], PIVAlgorithm) {
    let outcome: CardErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    return try await signed(outcome, reportingTo: connection)
  }

  /// What a card said to its errand; its own "no" is reported.
  func signed(
    _ outcome: CardErrandOutcome, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> ([UInt8], PIVAlgorithm) {
    switch outcome {
    case .signed(let signature, let algorithm): return (signature, algorithm)
    case .wrongPIN(let left):
      let told = left == PINStanding.untoldTries ? nil : left
      await report(WorkstationEvent(kind: "wrongPIN", triesLeft: told), over: connection)
      throw .pinWrong(triesLeft: left)
    case .pinBlocked:
      await report(WorkstationEvent(kind: "pinBlocked", triesLeft: 0), over: connection)
      throw .pinBlocked
    case .tooFewTries: throw .lastTryNotConfirmed
    case .otherCard: throw .otherCard
    }
  }

  /// The card's own "no" reaches the log as an event. If it can't be told now, the person still learns what the card said.
  private func report(_ event: WorkstationEvent, over connection: ServerConnection) async {
    _ = try? await connection.call("POST", "/v1/events", event, returning: NoBody.self)
  }
}
