public import AuthTerms

/// What is kept of one palm of one person, for one matcher: sealed, and opaque here.
public struct RegisteredPalm: Sendable, Hashable {
  public var person: PersonID
  public var hand: Hand
  /// The matcher's format of templates, `NAME/VERSION`; a person may have palms for two matchers while sensors are exchanged.
  public var format: String
  /// Which key of the ring is the other half of its protection; 0 where the matcher takes no keys.
  public var ring: UInt32
  /// The person's half of the key, and the references.
  public var sealed: [UInt8]
  /// The last captures that let the person in, so that one of them shown again is seen; empty before the first.
  public var recent: [UInt8]
  public var enrolledBy: OperatorID
  public var enrolledAt: Moment

  public init(
    person: PersonID, hand: Hand, format: String, ring: UInt32, sealed: [UInt8], recent: [UInt8] = [],
    enrolledBy: OperatorID, enrolledAt: Moment
  ) {
    self.person = person
    self.hand = hand
    self.format = format
    self.ring = ring
    self.sealed = sealed
    self.recent = recent
    self.enrolledBy = enrolledBy
    self.enrolledAt = enrolledAt
  }

  /// Names the row: one palm, one matcher.
  public var id: String { "\(person)/\(hand.name)/\(format)" }
}
