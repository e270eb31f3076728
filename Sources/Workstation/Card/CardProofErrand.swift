public import AuthTerms
import PCSCReader
public import SmartCard

/// One visit to a card that was viewed before: shows what its key 9A is worth, over a text that names the card's own number.
public struct CardProofErrand: Sendable {
  /// As the card was when its holder was asked: another card in the reader does not get this person's PIN.
  public let seen: CardView
  public let pin: Secret<PIN>
  /// The card must have at least this many tries left when the PIN is about to be used.
  public let leastTries: Int
  /// What is signed, told the number that the card tells of itself.
  public let text: @Sendable (CardGUID?) -> [UInt8]

  public init(seen: CardView, pin: Secret<PIN>, leastTries: Int, text: @escaping @Sendable (CardGUID?) -> [UInt8]) {
    self.seen = seen
    self.pin = pin
    self.leastTries = leastTries
    self.text = text
  }
}

public enum CardProofErrandOutcome: Sendable, Equatable {
  case answered(PIVEnrolmentOutcome, CardGUID?)
  /// Fewer tries were left than agreed; the PIN was not used.
  case tooFewTries
  /// Not the card that was seen; nothing secret was sent to it.
  case otherCard
}

extension CardExchange {
  /// One short talk, after everything was typed. Nothing is repeated.
  public static func run(
    _ errand: CardProofErrand, on channel: inout some CardChannel
  ) throws(CardFailure) -> CardProofErrandOutcome {
    let now = try view(&channel, reader: errand.seen.reader)
    guard now.certificates == errand.seen.certificates else { return .otherCard }
    if now.triesLeft > 0, now.triesLeft < errand.leastTries { return .tooFewTries }
    var card = PIVCard(channel: channel)
    let guid = try card.ownNumber()
    let text = errand.text(guid)
    return .answered(try card.proveSlot(.authentication, pin: errand.pin) { $0.digest(of: text) }, guid)
  }
}

/// Where cards are that become somebody's. The real one is `ReaderCards`; tests use a card in memory.
public protocol CardProofPort: Sendable {
  func view() async throws(CardFailure) -> CardView
  func run(_ errand: CardProofErrand) async throws(CardFailure) -> CardProofErrandOutcome
}

extension ReaderCards: CardProofPort {
  public func run(_ errand: CardProofErrand) async throws(CardFailure) -> CardProofErrandOutcome {
    // Two signatures, of which the card refuses one.
    try await CardReaders.withCard(reader: .named(errand.seen.reader), deadline: .seconds(12)) {
      channel throws(CardFailure) in
      try CardExchange.run(errand, on: &channel)
    }
  }
}
