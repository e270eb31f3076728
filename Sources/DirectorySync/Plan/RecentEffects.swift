public import AuthTerms

/// What the directory did to people's access within the last hour without anybody's approval. A mistake made in small steps, as a
/// slow script makes it, counts as the one that it is.
public struct RecentEffects: Sendable, Hashable {
  public static let windowMilliseconds: Int64 = 3_600_000

  enum Effect: Hashable, Sendable {
    case lost
    /// By the source itself.
    case disabled
    case moved
    case gained(Segment)
  }

  /// Milliseconds since 1970-01-01 UTC, by effect and person.
  private var times: [Effect: [PersonID: Int64]] = [:]

  public init() {}

  /// When the oldest is an hour old, in milliseconds since 1970-01-01 UTC; `nil` if there is none.
  public var nextEnd: Int64? { times.values.flatMap(\.values).min().map { $0 + Self.windowMilliseconds } }

  /// Forgets what is an hour old.
  public mutating func forget(at now: Int64) {
    times = times.compactMapValues { people in
      let rest = people.filter { $0.value > now - Self.windowMilliseconds }
      return rest.isEmpty ? nil : rest
    }
  }

  /// Notes what was put in force.
  /// - Parameter isApproved: two people approved it: it does not count, and only undoes what was noted.
  public mutating func take(_ effects: PlanEffects, isApproved: Bool, at now: Int64) {
    undo(losing: effects.losing, leaving: effects.leaving, gaining: effects.gaining)
    guard !isApproved else { return }
    for (effect, people) in effects.counted { note(effect, people, at: now) }
  }

  /// Notes people who were disabled, and such who were enabled again, though all else was held.
  public mutating func takeDisabled(_ people: [PersonID], returned: [PersonID] = [], at now: Int64) {
    for person in returned {
      times[.lost]?[person] = nil
      times[.disabled]?[person] = nil
    }
    note(.disabled, people, at: now)
    note(.lost, people, at: now)
    times = times.filter { !$0.value.isEmpty }
  }

  func hasDisabled(_ person: PersonID) -> Bool { times[.disabled]?[person] != nil }

  private mutating func note(_ effect: Effect, _ people: some Sequence<PersonID>, at now: Int64) {
    for person in people { times[effect, default: [:]][person] = now }
  }

  /// Somebody who is let in again has lost nothing, and somebody put out again has gained nothing.
  private mutating func undo(
    losing: Set<PersonID>, leaving: [PersonID: Set<Segment>], gaining: [Segment: Set<PersonID>]
  ) {
    for people in gaining.values {
      for person in people where !losing.contains(person) {
        times[.lost]?[person] = nil
        times[.disabled]?[person] = nil
      }
    }
    for (person, segments) in leaving { for segment in segments { times[.gained(segment)]?[person] = nil } }
    times = times.filter { !$0.value.isEmpty }
  }

  /// Everybody who counts, with what a plan would add and undo.
  func joined(
    by counted: [Effect: Set<PersonID>], losing: Set<PersonID>, leaving: [PersonID: Set<Segment>],
    gaining: [Segment: Set<PersonID>]
  ) -> [Effect: Set<PersonID>] {
    var rest = self
    rest.undo(losing: losing, leaving: leaving, gaining: gaining)
    return counted.merging(rest.times.mapValues { Set($0.keys) }) { $0.union($1) }
  }
}

extension RecentEffects {
  /// - Throws: `MalformedInput` for anything that `encoded` does not give.
  public init(parsing bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "recent effects")
    while !reader.isAtEnd {
      let effect = try Effect(try reader.text())
      let person = try PersonID(parsing: try reader.text())
      times[effect, default: [:]][person] = try reader.signed()
    }
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    for (effect, people) in times.sorted(by: { $0.key.text < $1.key.text }) {
      for (person, time) in people.sorted(by: { $0.key < $1.key }) {
        writer.field(effect.text)
        writer.field(person.text)
        writer.field(time)
      }
    }
    return writer.bytes
  }
}

extension RecentEffects.Effect {
  fileprivate var text: String {
    switch self {
    case .lost: "lost"
    case .disabled: "disabled"
    case .moved: "moved"
    case .gained(let segment): "gained:\(segment.name)"
    }
  }

  fileprivate init(_ text: String) throws(MalformedInput) {
    switch text {
    case "lost": self = .lost
    case "disabled": self = .disabled
    case "moved": self = .moved
    default:
      guard text.hasPrefix("gained:") else { throw MalformedInput("recent effects", expected: "a known effect") }
      self = .gained(try Segment(parsing: text.dropFirst(7)))
    }
  }
}
