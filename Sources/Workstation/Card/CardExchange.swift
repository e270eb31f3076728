public import AuthTerms
public import SmartCard

/// How a card's keys are named to the server.
public enum SigningCardProfile: String, Sendable, Equatable {
  case piv
  /// Of any make, through its PKCS#11 library (`CertificateCard`): one key.
  case certificate

  public func name(of slot: PIVSlot) -> String { self == .piv ? slot.name : CertificateCard.slot }
}

/// What can be seen of a card before anything is asked of its holder.
public struct CardView: Sendable, Equatable {
  public let reader: String
  /// 0 when blocked, `PINStanding.untoldTries` where the card tells no number. Costs no try.
  public let triesLeft: Int
  /// The certificates of the slots that have one, DER, not judged.
  public let certificates: [PIVSlot: [UInt8]]
  public let profile: SigningCardProfile

  public init(
    reader: String, triesLeft: Int, certificates: [PIVSlot: [UInt8]], profile: SigningCardProfile = .piv
  ) {
    self.reader = reader
    self.triesLeft = triesLeft
    self.certificates = certificates
    self.profile = profile
  }

  /// Whether the card could be asked with it: a PIN that it would not even look at must not cost a try.
  public func takes(_ pin: Secret<PIN>) -> Bool {
    switch profile {
    case .piv: PINRule.accepts(pin)
    case .certificate: ModuleErrand.pinLengths.contains(pin.count)
    }
  }
}

/// One signature of a card that was viewed before.
public struct CardErrand: Sendable {
  public let reader: String
  public let slot: PIVSlot
  /// The certificate seen when the person was asked: another card in the reader does not get this person's PIN.
  public let certificate: [UInt8]
  /// Of a preimage this side built; as long as the certificate's key signs.
  public let digest: [UInt8]
  public let pin: Secret<PIN>?
  /// The card must have at least this many tries left when the PIN is about to be used.
  public let leastTries: Int

  public init(
    reader: String, slot: PIVSlot, certificate: [UInt8], digest: [UInt8], pin: Secret<PIN>?, leastTries: Int
  ) {
    self.reader = reader
    self.slot = slot
    self.certificate = certificate
    self.digest = digest
    self.pin = pin
    self.leastTries = leastTries
  }
}

public enum CardErrandOutcome: Sendable, Equatable {
  case signed(signature: [UInt8], algorithm: PIVAlgorithm)
  case wrongPIN(triesLeft: Int)
  case pinBlocked
  /// Fewer tries were left than agreed; the PIN was not used.
  case tooFewTries
  case otherCard
}

/// The two short talks with a card. Between them a person types; no transaction is held meanwhile.
public enum CardExchange {
  public static func view(_ channel: inout some CardChannel, reader: String) throws(CardFailure) -> CardView {
    var card = PIVCard(channel: channel)
    try card.select()
    var certificates: [PIVSlot: [UInt8]] = [:]
    for slot in PIVSlot.allCases {
      do throws(CardFailure) {
        certificates[slot] = try card.certificate(slot: slot)
      } catch .missingObject {
        continue
      }
    }
    guard !certificates.isEmpty else { throw .unsupportedCard }
    return CardView(reader: reader, triesLeft: try card.pinTriesLeft(), certificates: certificates)
  }

  public static func run(
    _ errand: CardErrand, on channel: inout some CardChannel
  ) throws(CardFailure) -> CardErrandOutcome {
    var card = PIVCard(channel: channel)
    try card.select()
    guard try card.certificate(slot: errand.slot) == errand.certificate else { return .otherCard }
    let algorithm = try CertificateKey(certificate: errand.certificate).algorithm
    if let pin = errand.pin {
      let tries = try card.pinTriesLeft()
      if tries == 0 { return .pinBlocked }
      if tries < errand.leastTries { return .tooFewTries }
      switch try card.verifyPIN(pin) {
      case .verified: break
      case .wrong(let left): return .wrongPIN(triesLeft: left)
      case .blocked: return .pinBlocked
      }
    }
    return .signed(
      signature: try card.sign(slot: errand.slot, algorithm: algorithm, digest: errand.digest), algorithm: algorithm)
  }
}

extension CardFailure {
  /// Whether the look for a PIV card ended at a card that may be of another kind: it may say anything to a name that it does not
  /// know.
  package var mayBeAnotherKind: Bool {
    switch self {
    case .unsupportedCard, .refused, .malformedCard: true
    default: false
    }
  }
}

/// Where cards are. The real one is `ReaderCards`; tests use a card in memory.
public protocol CardPort: Sendable {
  func view() async throws(CardFailure) -> CardView
  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome
  /// The one card there that may be of one of these kinds: `noCard`, `unsupportedCard`, `ambiguousCard` as for others.
  func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView
  /// Carries an exchange to this very card, all rounds in one transaction (`SharedCardTalk.run`).
  func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure)
  /// The one card there whose reader tells a number, and that is no My Number Card: `noCard`, `unsupportedCard`, `ambiguousCard`
  /// as for others.
  func numberCard() async throws(CardFailure) -> NumberCardView
  /// The one My Number Card there: `noCard`, `unsupportedCard`, `ambiguousCard` as for others.
  /// - Parameter isTaken: `false`: it is found to be one, and nothing of it is read.
  func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView
  func run(_ errand: JPKIErrand) async throws(CardFailure) -> CardErrandOutcome
}

extension CardPort {
  /// A port that knows PIV cards alone.
  public func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView { throw .unsupportedCard }
  public func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure) {
    throw .unsupportedCard
  }
  public func numberCard() async throws(CardFailure) -> NumberCardView { throw .unsupportedCard }
  public func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView { throw .unsupportedCard }
  public func run(_ errand: JPKIErrand) async throws(CardFailure) -> CardErrandOutcome { throw .unsupportedCard }
}
