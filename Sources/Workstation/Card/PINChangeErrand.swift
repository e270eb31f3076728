public import AuthTerms
import PCSCReader
public import SmartCard

/// One change of the PIN of a card that was viewed before.
public struct PINChangeErrand: Sendable {
  /// What lets the card take a new PIN.
  public enum Allowing: Sendable {
    case oldPIN(Secret<PIN>)
    case puk(Secret<PUK>)
  }

  /// As the card was when its holder was asked: another card in the reader does not get this person's PINs.
  public let seen: CardView
  public let allowing: Allowing
  public let new: Secret<PIN>
  /// The card must have at least this many tries left when the old PIN is about to be used.
  public let leastTries: Int

  public init(seen: CardView, allowing: Allowing, new: Secret<PIN>, leastTries: Int) {
    self.seen = seen
    self.allowing = allowing
    self.new = new
    self.leastTries = leastTries
  }
}

public enum PINChangeErrandOutcome: Sendable, Equatable {
  case answered(PINChangeOutcome)
  /// Fewer tries were left than agreed; the old PIN was not used.
  case tooFewTries
  /// Not the card that was seen; nothing secret was sent to it.
  case otherCard
}

extension CardExchange {
  /// One short talk, after everything was typed. Nothing is repeated.
  public static func run(
    _ errand: PINChangeErrand, on channel: inout some CardChannel
  ) throws(CardFailure) -> PINChangeErrandOutcome {
    let now = try view(&channel, reader: errand.seen.reader)
    guard now.certificates == errand.seen.certificates else { return .otherCard }
    var card = PIVCard(channel: channel)
    switch errand.allowing {
    case .oldPIN(let old):
      if now.triesLeft == 0 { return .answered(.blocked) }
      if now.triesLeft < errand.leastTries { return .tooFewTries }
      return .answered(try card.changePIN(from: old, to: errand.new))
    case .puk(let puk): return .answered(try card.resetPIN(puk: puk, to: errand.new))
    }
  }
}

/// Where cards are whose PIN is to be changed. The real one is `ReaderCards`; tests use a card in memory.
public protocol PINChangePort: Sendable {
  func view() async throws(CardFailure) -> CardView
  func run(_ errand: PINChangeErrand) async throws(CardFailure) -> PINChangeErrandOutcome
}

extension ReaderCards: PINChangePort {
  public func run(_ errand: PINChangeErrand) async throws(CardFailure) -> PINChangeErrandOutcome {
    try await CardReaders.withCard(reader: .named(errand.seen.reader), deadline: .seconds(8)) { channel throws(CardFailure) in
      try CardExchange.run(errand, on: &channel)
    }
  }
}
