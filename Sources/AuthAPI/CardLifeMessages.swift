import AuthTerms
public import FoundationEssentials

/// What a card signs, with its PIN, when it is shown at a desk after it was left at home: `sanmon/card-found/1`, the server's
/// nonce, the card and the slot, length-prefixed.
public struct CardFoundPreimage: Sendable, Equatable {
  public static let label = "sanmon/card-found/1"
  public var nonce: [UInt8]
  public var card: String
  public var slot: String

  public init(nonce: [UInt8], card: String, slot: String) {
    self.nonce = nonce
    self.card = card
    self.slot = slot
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(nonce)
    writer.field(card)
    writer.field(slot)
    return writer.bytes
  }
}

/// What a card is to sign; 32 bytes, single use, 5 minutes.
public struct StockCardChallenge: Codable, Sendable {
  public var nonce: Data
  public init(nonce: Data) { self.nonce = nonce }
}

/// Body of `POST /v1/admin/cards/stock`: a key that signed `EnrolmentPreimage` for nobody (an empty person) is registered on a
/// card of the stock.
public struct StockCardEnrolment: Codable, Sendable {
  public var segment: String
  public var profile: String
  public var slot: String
  public var nonce: Data
  public var certificate: Data
  public var algorithm: String
  public var signature: Data
  /// As in `CardEnrolment`.
  public var refusedWithoutPIN: Bool
  public var guid: Data?
  /// A card that lies in the stock and gains the key; for cards without a GUID.
  public var card: String?

  public init(
    segment: String, profile: String, slot: String, nonce: Data, certificate: Data, algorithm: String, signature: Data,
    refusedWithoutPIN: Bool, guid: Data?, card: String?
  ) {
    self.segment = segment
    self.profile = profile
    self.slot = slot
    self.nonce = nonce
    self.certificate = certificate
    self.algorithm = algorithm
    self.signature = signature
    self.refusedWithoutPIN = refusedWithoutPIN
    self.guid = guid
    self.card = card
  }
}

/// Body of `POST /v1/admin/cards/{card}/lend`. Without `until` and `days` the loan ends with today.
public struct CardLending: Codable, Sendable {
  /// With today; the longest that a card is lent without being shown at the desk again.
  public static let mostDays = 7

  public var person: String
  /// The last day, `YYYY-MM-DD` in the city's calendar.
  public var until: String?
  /// So many days with today: 1 is today.
  public var days: Int?
  public var reason: String

  public init(person: String, until: String?, days: Int?, reason: String) {
    self.person = person
    self.until = until
    self.days = days
    self.reason = reason
  }
}

/// Body of `POST /v1/admin/cards/forgotten`: this person has left the card at home.
public struct CardsForgotten: Codable, Sendable {
  public var person: String
  public var reason: String

  public init(person: String, reason: String) {
    self.person = person
    self.reason = reason
  }
}

/// What became of a loan, or of a forgotten card.
public struct CardsPaused: Codable, Sendable {
  /// The card that was lent; absent where none was.
  public var lent: CardSummary?
  /// The person's own cards that were paused: forgotten, or suspended where a card has no key behind a PIN to come back with.
  public var paused: [CardSummary]
  /// Sessions that were told to lock.
  public var sessionsLocked: Int

  public init(lent: CardSummary?, paused: [CardSummary], sessionsLocked: Int) {
    self.lent = lent
    self.paused = paused
    self.sessionsLocked = sessionsLocked
  }
}

/// Body of `POST /v1/admin/cards/{card}/return`.
public struct CardReturn: Codable, Sendable {
  public var reason: String
  public init(reason: String) { self.reason = reason }
}

public struct CardFoundChallenge: Codable, Sendable {
  public var card: String
  public var person: String
  public var displayName: String
  /// 32 bytes, single use, 5 minutes.
  public var nonce: Data

  public init(card: String, person: String, displayName: String, nonce: Data) {
    self.card = card
    self.person = person
    self.displayName = displayName
    self.nonce = nonce
  }
}

/// Body of `POST /v1/admin/cards/{card}/found`: key 9A signed `CardFoundPreimage` behind its PIN.
public struct CardFoundProof: Codable, Sendable {
  public var nonce: Data
  public var certificate: Data
  public var algorithm: String
  public var signature: Data
  public var reason: String

  public init(nonce: Data, certificate: Data, algorithm: String, signature: Data, reason: String) {
    self.nonce = nonce
    self.certificate = certificate
    self.algorithm = algorithm
    self.signature = signature
    self.reason = reason
  }
}

public struct CardFound: Codable, Sendable {
  public var card: CardSummary
  /// Cards of the stock that the person still has.
  public var stillLent: [CardSummary]

  public init(card: CardSummary, stillLent: [CardSummary]) {
    self.card = card
    self.stillLent = stillLent
  }
}

/// A card and what the log says of it, the oldest first.
public struct CardStory: Codable, Sendable {
  public var card: CardSummary
  public var acts: [AuditEntry]

  public init(card: CardSummary, acts: [AuditEntry]) {
    self.card = card
    self.acts = acts
  }
}

/// A card that a desk has to get back.
public struct CardToCollect: Codable, Sendable {
  public enum Why: String, CaseIterable, Sendable {
    /// Its person has left.
    case left
    /// Today is its person's last day.
    case lastDay
    case revoked
    /// It was shown somewhere after it was reported lost.
    case lostAndFound
    /// Lent, and the last day of the loan is over.
    case loanOver
  }

  public var card: CardSummary
  /// Empty where the person is not registered any more.
  public var displayName: String
  public var why: String

  public init(card: CardSummary, displayName: String, why: Why) {
    self.card = card
    self.displayName = displayName
    self.why = why.rawValue
  }
}
