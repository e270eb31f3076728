package import AuthTerms
import DirectorySync
package import Storage

/// Who has left, as it was seen day by day: the directory names them no more, or their last day is over and it lets them in no more
/// (`LastDay.daysOver`). Whose account was moved out of the base is still named: of her only the last day counts.
///
/// The date alone removes nobody. A day counts when the directory was read on it and the person was seen gone; a clock that
/// leaps years ahead adds one such day, like any other.
package struct Leavers: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    /// The day (`LocalTime.day`) on which the directory had lost the person, or on which it was first seen.
    package var since: Int
    /// Days on which it was seen.
    package var days: Int
  }

  private static let setting = "directory.leavers"
  /// So many days may pass unseen (a server that was down over New Year): a month, or a quarter where little is waited for.
  private static let unseenDays = 30
  /// One day removes no more, whatever the clock and the directory say; the rest follows on the next days.
  package static let mostADay = 50

  package private(set) var people: [PersonID: Entry] = [:]
  /// The last day that counted.
  package private(set) var countedOn: Int?
  /// People removed on that day.
  package private(set) var removed = 0

  package init() {}

  /// - Returns: days until the person may be removed; 0: it is due; `nil` for somebody who has not left.
  package func days(until person: PersonID, on day: Int, after limit: Int) -> Int? {
    guard let entry = people[person] else { return nil }
    let needed = max(limit - Self.unseenDays, limit * 3 / 4)
    return max(0, limit - (day - entry.since), needed - entry.days)
  }

  /// One more day on which the directory was read.
  package mutating func count(_ present: [PersonID: Int], on day: Int) {
    people = Dictionary(
      uniqueKeysWithValues: present.map { person, since in
        let before = people[person] ?? Entry(since: min(since, day), days: 0)
        return (person, Entry(since: before.since, days: before.days + 1))
      })
    countedOn = day
    removed = 0
  }

  package mutating func remove(_ person: PersonID) {
    people[person] = nil
    removed += 1
  }

  /// - Returns: whether anything was known of the person.
  package mutating func forget(_ person: PersonID) -> Bool { people.removeValue(forKey: person) != nil }

  /// Everybody of whom it can be said now, with the day on which it began.
  /// - Parameters:
  ///   - day: today.
  ///   - offsetSeconds: of the city, east of UTC.
  static func present(
    in state: some StateReader, on day: Int, offsetSeconds: Int
  ) throws(StorageFault) -> [PersonID: Int] {
    let identities = Dictionary(grouping: try state.directoryIdentities(), by: \.person)
    var found: [PersonID: Int] = [:]
    let external = Set(try state.externalPeople().map(\.person))
    for person in try state.everybody() where !person.isEnabled || external.contains(person.id) {
      let since =
        external.contains(person.id)
        ? hasEnded(person, on: day) : hasLeft(person, identities[person.id] ?? [], on: day, offsetSeconds)
      if let since { found[person.id] = since }
    }
    return found
  }

  /// Of somebody from outside, whom no directory names: the day after the last one.
  static func hasEnded(_ external: Person, on day: Int) -> Int? {
    guard let last = external.lastDay else { return external.isEnabled ? nil : day }
    return external.isEnabled && day <= last ? nil : min(last + 1, day)
  }

  /// As `hasLeft` or `hasEnded`, of what a transaction sees.
  static func isGone(
    _ person: Person, on day: Int, _ offsetSeconds: Int, in state: some StateReader
  ) throws(StorageFault) -> Bool {
    if try state.externalPerson(person.id) != nil { return hasEnded(person, on: day) != nil }
    return hasLeft(person, try state.directoryIdentities(of: person.id), on: day, offsetSeconds) != nil
  }

  static func hasLeft(
    _ person: Person, _ identities: [DirectoryIdentity], on day: Int, _ offsetSeconds: Int
  ) -> Int? {
    // Who is held is somebody's question still.
    guard !person.isEnabled, identities.allSatisfy({ $0.hold == nil }) else { return nil }
    let gone = identities.compactMap(\.goneSince)
    if gone.count == identities.count {
      guard let last = gone.max() else { return day }
      return Int((last / 1000 + Int64(offsetSeconds)).flooredDivision(by: 86_400))
    }
    return LastDay.daysOver(person.lastDay, isEnabled: person.isEnabled, on: day) == nil ? nil : day
  }

  // MARK: Kept

  package init(in state: some StateReader) throws(StorageFault) {
    guard let bytes = try state.setting(Self.setting) else {
      self.init()
      return
    }
    do { try self.init(parsing: bytes) } catch { throw .corrupt("setting \(Self.setting)") }
  }

  package func keep(in state: inout some StateTransaction) throws(StorageFault) {
    try state.set(encoded, forSetting: Self.setting)
  }

  package var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Int64(countedOn ?? .min))
    writer.field(UInt64(removed))
    writer.field(UInt64(people.count))
    for (person, entry) in people.sorted(by: { $0.key < $1.key }) {
      writer.field(person.text)
      writer.field(Int64(entry.since))
      writer.field(UInt64(entry.days))
    }
    return writer.bytes
  }

  /// - Throws: for bytes that `encoded` never gives.
  package init(parsing bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("leavers", expected: "what was kept of them")
    var reader = LengthPrefixedReader(bytes, subject: "leavers", limit: 64 << 20)
    let counted = try reader.signed()
    countedOn = counted == .min ? nil : Int(counted)
    guard let removed = Int(exactly: try reader.unsigned()) else { throw fault }
    self.removed = removed
    var last: PersonID?
    for _ in 0..<(try reader.unsigned()) {
      let person = try PersonID(parsing: try reader.text())
      guard last.map({ $0 < person }) ?? true else { throw fault }
      last = person
      let since = Int(try reader.signed())
      guard let days = Int(exactly: try reader.unsigned()) else { throw fault }
      people[person] = Entry(since: since, days: days)
    }
    try reader.requireEnd()
  }
}
