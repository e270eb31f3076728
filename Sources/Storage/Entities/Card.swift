public import AuthPolicy
public import AuthTerms

/// One key of one card, registered for one person.
public struct RegisteredCard: Sendable, Hashable {
  public var id: CardID
  public var person: PersonID
  public var key: KeyFingerprint
  /// `piv`
  public var profile: String
  /// `9a` or `9e`
  public var slot: String
  /// What was proven for this key at enrolment.
  public var provenClass: ProofClass
  public var state: CardState
  public var enrolledBy: OperatorID
  public var enrolledAt: Moment

  public init(
    id: CardID, person: PersonID, key: KeyFingerprint, profile: String, slot: String, provenClass: ProofClass,
    state: CardState, enrolledBy: OperatorID, enrolledAt: Moment
  ) {
    self.id = id
    self.person = person
    self.key = key
    self.profile = profile
    self.slot = slot
    self.provenClass = provenClass
    self.state = state
    self.enrolledBy = enrolledBy
    self.enrolledAt = enrolledAt
  }
}
