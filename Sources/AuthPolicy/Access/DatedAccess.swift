public import AuthTerms

public enum AccessTag {}
/// One dated access, as its file names it (`kijitsumae-2027`).
public typealias AccessID = Identifier<AccessTag>

/// Groups that somebody has by a dated access, at the moment that is decided about.
public struct DatedGroups: Sendable, Hashable {
  public var access: AccessID
  public var groups: Set<String>

  public init(access: AccessID, groups: Set<String>) { (self.access, self.groups) = (access, groups) }
}

/// Groups that people have for some days beside those that the directory says, as two people approved them: the old rights after
/// a transfer (引継期間), or those of a temporary organisation (臨時体制). Nothing in it is looked up again later: who, which groups
/// and until when were settled when it was approved.
public struct DatedAccess: Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Begins by itself.
    case handover
    /// Begins when one administrator switches it on.
    case temporary

    /// Days from `from` to `until`, both inside.
    public var longestDays: Int {
      switch self {
      case .handover: 92
      case .temporary: 62
      }
    }
  }

  public var id: AccessID
  public var kind: Kind
  public var title: LocalisedText
  /// `LocalTime.day`, both inclusive.
  public var from: Int
  public var until: Int
  /// At most so many days from the one on which it was switched on; `nil`: up to `until`.
  public var days: Int?
  public var groups: [PersonID: Set<String>]
  /// Empty: any.
  public var workstations: Set<WorkstationID>
  /// Empty: any. Asked at a logon and an unlock, as the hours of a segment are.
  var hours: [WeekHours]

  init(
    id: AccessID, kind: Kind, title: LocalisedText, from: Int, until: Int, days: Int?, groups: [PersonID: Set<String>],
    workstations: Set<WorkstationID>, hours: [WeekHours]
  ) {
    (self.id, self.kind, self.title, self.from, self.until, self.days) = (id, kind, title, from, until, days)
    (self.groups, self.workstations, self.hours) = (groups, workstations, hours)
  }

  /// As the file writes them.
  public var hoursText: [String] { hours.map(\.text) }
  public var fromText: String { CalendarDay.text(from) }
  public var untilText: String { CalendarDay.text(until) }
  public static func text(ofDay day: Int) -> String { CalendarDay.text(day) }
  /// Accepts exactly `YYYY-MM-DD`, 2000 to 2199, for a day that exists.
  public static func day(ofText text: String) -> Int? { CalendarDay.parse(text) }

  /// The last day on which it holds.
  /// - Parameter switchedOn: the day on which it was.
  public func lastDay(switchedOn day: Int) -> Int { days.map { min(until, max(day, from) + $0 - 1) } ?? until }

  public func isWithinDates(_ day: Int, switchedOn: Int) -> Bool { from <= day && day <= lastDay(switchedOn: switchedOn) }

  /// - Parameter time: `nil`: at any hour.
  public func isFor(_ workstation: WorkstationID, at time: LocalTime?) -> Bool {
    (workstations.isEmpty || workstations.contains(workstation))
      && (hours.isEmpty || time.map { time in hours.contains { $0.contains(time) } } ?? true)
  }
}

extension DatedAccess {
  private static let label = "sanmon/dated-access/1"
  private static let most = 100_000

  /// What is approved is the hash of this.
  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    for text in [Self.label, id.text, kind.rawValue, title.ja, title.en] { writer.field(text) }
    writer.field(Int64(from))
    writer.field(Int64(until))
    writer.field(UInt64(days ?? 0))
    func list(_ texts: [String]) {
      writer.field(UInt64(texts.count))
      for text in texts { writer.field(text) }
    }
    list(workstations.map(\.text).sorted())
    writer.field(UInt64(hours.count))
    for entry in hours {
      for number in [entry.weekdays.lowerBound, entry.weekdays.upperBound, entry.minutes.lowerBound, entry.minutes.upperBound] {
        writer.field(UInt64(number))
      }
    }
    // Most people have the same groups: each set stands once.
    let sets = Set(groups.values).map { $0.sorted() }.sorted { $0.lexicographicallyPrecedes($1) }
    writer.field(UInt64(sets.count))
    for names in sets { list(names) }
    let places = Dictionary(uniqueKeysWithValues: sets.enumerated().map { (Set($0.element), $0.offset) })
    writer.field(UInt64(groups.count))
    for (person, names) in groups.sorted(by: { $0.key < $1.key }) {
      writer.field(person.text)
      writer.field(UInt64(places[names, default: 0]))
    }
    return writer.bytes
  }

  /// - Throws: `MalformedInput` for anything that `encoded` does not give.
  public init(parsing bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("dated access", expected: "its canonical form")
    var reader = LengthPrefixedReader(bytes, subject: "dated access", limit: 4096)
    func count() throws(MalformedInput) -> Int {
      let number = try reader.unsigned()
      guard number <= Self.most else { throw fault }
      return Int(number)
    }
    func day() throws(MalformedInput) -> Int {
      let number = try reader.signed()
      guard (0...Int64(Self.most)).contains(number) else { throw fault }
      return Int(number)
    }
    func list() throws(MalformedInput) -> [String] {
      var texts: [String] = []
      for _ in 0..<(try count()) { texts.append(try reader.text()) }
      return texts
    }
    guard try reader.text() == Self.label else { throw fault }
    id = try AccessID(parsing: reader.text())
    guard let kind = Kind(rawValue: try reader.text()) else { throw fault }
    self.kind = kind
    title = LocalisedText(ja: try reader.text(), en: try reader.text())
    from = try day()
    until = try day()
    let days = try count()
    self.days = days == 0 ? nil : days
    workstations = []
    for text in try list() { workstations.insert(try WorkstationID(parsing: text)) }
    hours = []
    for _ in 0..<(try count()) {
      let (first, last, start, end) = (try count(), try count(), try count(), try count())
      guard 1 <= first, first <= last, last <= 7, start < end, end <= 1440 else { throw fault }
      hours.append(WeekHours(weekdays: first...last, minutes: start..<end))
    }
    var sets: [Set<String>] = []
    for _ in 0..<(try count()) { sets.append(Set(try list())) }
    groups = [:]
    for _ in 0..<(try count()) {
      let person = try PersonID(parsing: reader.text())
      let place = try count()
      guard sets.indices.contains(place) else { throw fault }
      groups[person] = sets[place]
    }
    try reader.requireEnd()
    // Catches what is repeated, unsorted or used by nobody.
    guard encoded == bytes else { throw fault }
  }
}
