public import AuthTerms
public import SmartCard

/// A My Number Card on a reader. Where such cards are not taken it is only known to be one, and nothing of it was read.
public struct JPKICardView: Sendable, Equatable {
  public let reader: String
  /// Of the user-authentication PIN; 0 when blocked, and where the card is not taken. Costs no try.
  public let triesLeft: Int
  /// Of the user-authentication key, DER, not judged; empty where the card is not taken.
  public let certificate: [UInt8]

  public init(reader: String, triesLeft: Int, certificate: [UInt8]) {
    self.reader = reader
    self.triesLeft = triesLeft
    self.certificate = certificate
  }
}

/// One signature of a My Number Card that was viewed before.
public struct JPKIErrand: Sendable {
  public let reader: String
  /// The certificate seen when the person was asked: another card in the reader does not get this person's PIN.
  public let certificate: [UInt8]
  /// SHA-256 of a preimage this side built.
  public let digest: [UInt8]
  public let pin: Secret<PIN>
  /// The card must have at least this many tries left when the PIN is about to be used.
  public let leastTries: Int

  public init(reader: String, certificate: [UInt8], digest: [UInt8], pin: Secret<PIN>, leastTries: Int) {
    self.reader = reader
    self.certificate = certificate
    self.digest = digest
    self.pin = pin
    self.leastTries = leastTries
  }
}

/// The two short talks with a My Number Card; between them a person types.
public enum JPKITalk {
  /// - Parameter isTaken: whether the server takes such cards here; if not, the application is selected and nothing is read.
  /// - Throws: `unsupportedCard` for a card that is none, whatever it answers.
  public static func view(
    _ channel: inout some CardChannel, reader: String, isTaken: Bool
  ) throws(CardFailure) -> JPKICardView {
    var card = JPKICard(channel: channel)
    do throws(CardFailure) { try card.select() } catch {
      switch error {
      // A card of another kind may say anything to a name that it does not know.
      case .refused, .malformedCard: throw .unsupportedCard
      default: throw error
      }
    }
    guard isTaken else { return JPKICardView(reader: reader, triesLeft: 0, certificate: []) }
    let certificate = try card.certificate()
    return JPKICardView(reader: reader, triesLeft: try card.pinTriesLeft(), certificate: certificate)
  }

  public static func run(
    _ errand: JPKIErrand, on channel: inout some CardChannel
  ) throws(CardFailure) -> CardErrandOutcome {
    var card = JPKICard(channel: channel)
    try card.select()
    guard try card.certificate() == errand.certificate else { return .otherCard }
    guard try CertificateKey(certificate: errand.certificate).algorithm == .rsa2048 else { throw .unsupportedCard }
    let tries = try card.pinTriesLeft()
    if tries == 0 { return .pinBlocked }
    if tries < errand.leastTries { return .tooFewTries }
    switch try card.verifyPIN(errand.pin) {
    case .verified: break
    case .wrong(let left): return .wrongPIN(triesLeft: left)
    case .blocked: return .pinBlocked
    }
    return .signed(signature: try card.sign(digest: errand.digest), algorithm: .rsa2048)
  }
}
