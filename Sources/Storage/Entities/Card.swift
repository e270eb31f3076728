public import AuthPolicy
public import AuthTerms

/// One physical card of one person, with the keys that were registered on it. Loss, suspension and return are the card's.
public struct RegisteredCard: Sendable, Hashable {
  public var id: CardID
  public var person: PersonID
  /// What the desk read from the card, if the card has one; unique among cards.
  public var guid: CardGUID?
  public var state: CardState
  /// In the order of their slots; one key a slot. No key is on two cards.
  public var keys: [RegisteredKey]

  public init(id: CardID, person: PersonID, guid: CardGUID?, state: CardState, keys: [RegisteredKey]) {
    self.id = id
    self.person = person
    self.guid = guid
    self.state = state
    self.keys = keys
  }

  public func key(_ fingerprint: KeyFingerprint) -> RegisteredKey? { keys.first { $0.fingerprint == fingerprint } }
}

/// One key of a card.
public struct RegisteredKey: Sendable, Hashable {
  public var fingerprint: KeyFingerprint
  /// `piv`, or the name of a shared-key card's file (`CardScript.id`).
  public var profile: String
  /// `9a`, `9e`, or the kind of a shared-key card.
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
  public let person: PersonID
  public let state: CardState

  public init(key: KeyFingerprint, profile: String, person: PersonID, state: CardState) {
    self.key = key
    self.profile = profile
    self.person = person
    self.state = state
  }
}
