public import AuthPolicy
public import AuthTerms

/// One physical card with the keys that were registered on it: a person's own, or one of the stock that is lent by the day. Loss,
/// suspension and return are the card's.
public struct RegisteredCard: Sendable, Hashable {
  public var id: CardID
  /// Whose card it is. Of a stock card: to whom it is lent, and `nil` while it is lent to nobody.
  public var person: PersonID?
  /// What the desk read from the card, if the card has one; unique among cards.
  public var guid: CardGUID?
  public var state: CardState
  /// In the order of their slots; one key a slot. No key is on two cards.
  public var keys: [RegisteredKey]
  /// Of the stock, for ever: it is lent, and never becomes somebody's own.
  public var isStock: Bool
  /// The last day of the loan (`LocalTime.day`); set exactly while a stock card is lent, whether that day is over or not.
  public var lentUntil: Int?
  /// Lent, and its holder has not been given a PIN at the desk since: until then it is not used.
  public var awaitsPIN: Bool

  public init(
    id: CardID, person: PersonID?, guid: CardGUID?, state: CardState, keys: [RegisteredKey], isStock: Bool = false,
    lentUntil: Int? = nil, awaitsPIN: Bool = false
  ) {
    self.id = id
    self.person = person
    self.guid = guid
    self.state = state
    self.keys = keys
    self.isStock = isStock
    self.lentUntil = lentUntil
    self.awaitsPIN = awaitsPIN
  }

  /// A person's own card has a person; a stock card has one, and a day, exactly while it is lent. Only what is lent awaits a PIN.
  public var isWhole: Bool {
    (isStock ? (person == nil) == (lentUntil == nil) : person != nil && lentUntil == nil) && (!awaitsPIN || lentUntil != nil)
  }

  /// Whether it can be used on this day (`LocalTime.day`, by the later of clock and log): active, and if it is of the stock,
  /// lent until then with a PIN of its holder's.
  public func isInForce(on day: Int) -> Bool {
    guard state == .active else { return false }
    guard isStock else { return true }
    return !awaitsPIN && lentUntil.map { day <= $0 } ?? false
  }

  public func key(_ fingerprint: KeyFingerprint) -> RegisteredKey? { keys.first { $0.fingerprint == fingerprint } }
}

/// One key of a card.
public struct RegisteredKey: Sendable, Hashable {
  public var fingerprint: KeyFingerprint
  /// `piv`, `jpki`, or the name of a shared-key card's file (`CardScript.id`).
  public var profile: String
  /// `9a`, `9e`, `jpki`, or the kind of a shared-key card.
  public var slot: String
  /// What was proven for this key at enrolment.
  public var provenClass: ProofClass
  public var enrolledBy: OperatorID
  public var enrolledAt: Moment

  public init(
    fingerprint: KeyFingerprint, profile: String, slot: String, provenClass: ProofClass, enrolledBy: OperatorID,
    enrolledAt: Moment
  ) {
    self.fingerprint = fingerprint
    self.profile = profile
    self.slot = slot
    self.provenClass = provenClass
    self.enrolledBy = enrolledBy
    self.enrolledAt = enrolledAt
  }
}

/// A card's key and what it counts for, without the rest of the card.
public struct KnownCardKey: Sendable, Hashable {
  public let key: KeyFingerprint
  /// As `RegisteredKey.profile`.
  public let profile: String
  /// `nil`: a key of a stock card, whoever has it today.
  public let person: PersonID?
  public let state: CardState

  public init(key: KeyFingerprint, profile: String, person: PersonID?, state: CardState) {
    self.key = key
    self.profile = profile
    self.person = person
    self.state = state
  }
}
