public import AuthTerms

/// What is kept of an enrolment code: whoever shows it with the password of its person may register a card at a workstation of its
/// segment, once. One for a person and a segment; the next one takes its place.
public struct FirstTapCode: Sendable, Hashable {
  public enum State: String, Sendable, CaseIterable {
    case open
    /// A card was registered by it.
    case used
    /// Too many wrong ones were shown.
    case dead
    case withdrawn
  }

  /// The fifth wrong code ends it.
  public static let mostWrong = 5

  public var person: PersonID
  public var segment: Segment
  public var state: State
  /// A keyed hash of 32 bytes, whose key is not in the database; empty once the code has ended: nothing of it is kept.
  public var digest: [UInt8]
  /// Which column key the hash is under.
  public var keyID: UInt32
  public var issuedBy: OperatorID
  public var issuedAt: Moment
  /// The last day on which it counts (`LocalTime.day`).
  public var lastDay: Int
  /// Wrong codes that were shown in its place; 0 to `mostWrong`.
  public var wrong: Int

  public init(
    person: PersonID, segment: Segment, digest: [UInt8], keyID: UInt32, issuedBy: OperatorID, issuedAt: Moment, lastDay: Int,
    state: State = .open, wrong: Int = 0
  ) {
    self.person = person
    self.segment = segment
    self.state = state
    self.digest = digest
    self.keyID = keyID
    self.issuedBy = issuedBy
    self.issuedAt = issuedAt
    self.lastDay = lastDay
    self.wrong = wrong
  }

  /// One that is open has its hash, one that has ended has none.
  public var isWhole: Bool {
    (state == .open ? digest.count == 32 : digest.isEmpty) && (0...Self.mostWrong).contains(wrong)
      && (state != .open || wrong < Self.mostWrong)
  }

  /// The same when it has ended: the hash is gone.
  public func ended(_ state: State) -> FirstTapCode {
    var ended = self
    ended.state = state
    ended.digest = []
    return ended
  }

  static func bounded(_ limit: Int) -> Int { min(max(limit, 0), 20_000) }
}

/// Which enrolment codes are asked for; what is `nil` may be anything.
public struct FirstTapCodeQuery: Sendable, Hashable {
  public var person: PersonID?
  public var segment: Segment?
  public var state: FirstTapCode.State?
  /// At most so many of those that fit, and at most 20,000.
  public var limit: Int

  public init(person: PersonID? = nil, segment: Segment? = nil, state: FirstTapCode.State? = nil, limit: Int) {
    self.person = person
    self.segment = segment
    self.state = state
    self.limit = limit
  }

  func fits(_ code: FirstTapCode) -> Bool {
    (person == nil || code.person == person) && (segment == nil || code.segment == segment)
      && (state == nil || code.state == state)
  }
}

/// A card that a list of its issuer announced: its certificate led to an anchor of the segment, and nobody has seen yet that a
/// card has the key. It is no card until one signs with that key.
public struct ExpectedCard: Sendable, Hashable {
  public var key: KeyFingerprint
  public var person: PersonID
  public var segment: Segment
  public var importedBy: OperatorID
  public var importedAt: Moment
  /// The last day on which the card is waited for (`LocalTime.day`).
  public var lastDay: Int

  public init(
    key: KeyFingerprint, person: PersonID, segment: Segment, importedBy: OperatorID, importedAt: Moment, lastDay: Int
  ) {
    self.key = key
    self.person = person
    self.segment = segment
    self.importedBy = importedBy
    self.importedAt = importedAt
    self.lastDay = lastDay
  }
}
