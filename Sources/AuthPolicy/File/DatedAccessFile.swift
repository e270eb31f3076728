public import AuthTerms

/// A dated access as somebody writes it: one file, read once when it is looked at and once when it is approved.
///
/// *untrusted: nothing in it counts before two administrators have signed what it comes to.*
public struct DatedAccessFile: Sendable {
  /// Somebody who can be named.
  public struct Candidate: Sendable {
    public var id: PersonID
    /// As the directory says them now.
    public var groups: Set<String>
    /// The main post.
    public var department: String?

    public init(id: PersonID, groups: Set<String>, department: String?) {
      (self.id, self.groups, self.department) = (id, groups, department)
    }
  }

  /// What a file is held against.
  public struct Ground: Sendable {
    /// By staff number.
    public var people: [String: Candidate]
    public var workstations: Set<WorkstationID>
    /// Groups that open anything, and groups that any line names.
    public var opening: Set<String>
    public var named: Set<String>
    /// `LocalTime.day`
    public var today: Int

    public init(
      people: [String: Candidate], workstations: Set<WorkstationID>, opening: Set<String>, named: Set<String>, today: Int
    ) {
      (self.people, self.workstations, self.opening) = (people, workstations, opening)
      (self.named, self.today) = (named, today)
    }
  }

  /// Named ones and those of the department together.
  public static let mostPeople = 2000
  public static let mostGroups = 32
  public static let mostWorkstations = 256
  /// Days from `from` to `until` of one that holds for a few `days` at a time, and days from today to any `until`.
  public static let longestReadiness = 400
  private static let keys = [
    "access", "kind", "title", "from", "until", "days", "people", "department", "groups", "workstations", "hours",
  ]

  private let file: String
  private let id: AccessID
  private let kind: DatedAccess.Kind
  private let title: LocalisedText
  private let from: (day: Int, place: Position)
  private let until: (day: Int, place: Position)
  private let days: Int?
  private let people: [(number: String, place: Position)]
  private let department: (code: String, place: Position)?
  private let groups: [(name: String, place: Position)]
  private let workstations: [(id: WorkstationID, place: Position)]
  private let hours: [WeekHours]

  /// - Throws: every fault of the file's form, never only the first.
  public static func read(_ source: PolicySource) throws(PolicyFaults) -> DatedAccessFile {
    let log = FaultLog(file: source.name)
    let file = MarkedTree.parse(source.bytes, log).flatMap { DatedAccessFile($0, log) }
    guard log.isClean, let file else { throw PolicyFaults(log.inOrder) }
    return file
  }

  private init?(_ root: MarkedNode, _ log: FaultLog) {
    let fields = Fields(root, allowed: Self.keys, log)
    let name = Bilingual("英小文字、数字、. _ - の 1〜48 文字", "1 to 48 of a-z 0-9 . _ -")
    let id = log.name(fields.required("access"), name) { text throws(MalformedInput) in
      guard text.utf8.count <= 48, text == text.lowercased() else { throw MalformedInput("access", expected: "lower case") }
      return try AccessID(parsing: text)
    }
    let kind = log.word(fields.required("kind"), of: DatedAccess.Kind.allCases.map(\.rawValue)).flatMap(DatedAccess.Kind.init)
    let title = fields.required("title").flatMap { Self.title($0, log) }
    let from = log.day(fields.required("from"))
    let until = log.day(fields.required("until"))
    let days = fields.optional("days").flatMap { log.integer($0, 1...DatedAccess.Kind.temporary.longestDays) }
    if kind == .handover, fields.optional("days") != nil { log.add(.accessDaysOfHandover, fields.place("days")) }
    if let kind, let from, let until {
      let longest = kind == .temporary && fields.optional("days") != nil ? Self.longestReadiness : kind.longestDays
      if until < from { log.add(.accessReversed, fields.place("until")) }
      if until - from + 1 > longest {
        log.add(.accessTooLong, fields.place("until"), FaultDetail(expected: Bilingual("\(longest) 日", "\(longest) days")))
      }
    }
    func places<Value: Hashable>(_ key: String, _ most: Int, _ read: (MarkedNode) -> Value?) -> [(Value, Position)] {
      guard let node = fields.optional(key) else { return [] }
      var found: [(Value, Position)] = []
      _ = log.distinct(node, 1...most) { entry in
        let value = read(entry)
        if let value { found.append((value, entry.position)) }
        return value
      }
      return found
    }
    people = places("people", Self.mostPeople) { log.code($0) }
    let code = fields.optional("department").flatMap { log.code($0) }
    department = code.map { ($0, fields.place("department")) }
    if fields.optional("people") == nil, fields.optional("department") == nil {
      log.add(.accessPeopleMissing, fields.position)
    }
    // Without them a handover keeps what its people have; a temporary organisation has nothing to keep.
    if kind == .temporary { _ = fields.required("groups") }
    groups = places("groups", Self.mostGroups) { Names.group($0, log) }
    workstations = places("workstations", Self.mostWorkstations) { Names.workstation($0, log) }
    hours = fields.optional("hours").map { SegmentFile.hoursList($0, log) } ?? []
    guard log.isClean, let id, let kind, let title, let from, let until else { return nil }
    (self.id, self.kind, self.title, self.days) = (id, kind, title, days)
    self.from = (from, fields.place("from"))
    self.until = (until, fields.place("until"))
    file = log.file
  }

  /// `{ja: 期日前投票, en: Early voting}`, or one text for both.
  private static func title(_ node: MarkedNode, _ log: FaultLog) -> LocalisedText? {
    guard case .map = node.content else { return log.text(node, most: 60).map { LocalisedText(ja: $0, en: $0) } }
    let fields = Fields(node, allowed: ["ja", "en"], log)
    guard let ja = log.text(fields.required("ja"), most: 60), let en = log.text(fields.required("en"), most: 60) else {
      return nil
    }
    return LocalisedText(ja: ja, en: en)
  }

  /// What it comes to today: each person with the groups that would be approved.
  /// - Returns: besides, warnings.
  /// - Throws: every fault that only somebody who knows the city can see.
  public func resolved(against ground: Ground) throws(PolicyFaults) -> (access: DatedAccess, warnings: [PolicyFault]) {
    let log = FaultLog(file: file)
    // A day late, because two signatures may take one.
    if from.day < ground.today - 1 { log.add(.accessPast, from.place) }
    if until.day < ground.today { log.add(.accessPast, until.place) }
    if until.day > ground.today + Self.longestReadiness {
      let most = Self.longestReadiness
      log.add(.accessTooFar, until.place, FaultDetail(expected: Bilingual("\(most) 日", "\(most) days")))
    }
    for group in groups where !ground.opening.contains(group.name) { log.add(.accessGroupUnknown, group.place) }
    for workstation in workstations where !ground.workstations.contains(workstation.id) {
      log.warn(.accessWorkstationUnknown, workstation.place)
    }
    var found: [Candidate] = []
    for person in people {
      if let known = ground.people[person.number] { found.append(known) } else { log.add(.accessPersonUnknown, person.place) }
    }
    if let department {
      let members = ground.people.values.filter { $0.department == department.code }
      if members.isEmpty { log.add(.accessDepartmentUnknown, department.place) }
      found += members
    }
    let count = Set(found.map(\.id)).count
    if count > Self.mostPeople {
      let detail = FaultDetail(
        expected: Bilingual("\(Self.mostPeople) 人（今は \(count) 人）", "\(Self.mostPeople), and these are \(count)"))
      log.add(.accessPeopleTooMany, (department?.place ?? people.first?.place) ?? from.place, detail)
    }
    guard log.isClean else { throw PolicyFaults(log.inOrder) }
    let written = Set(groups.map(\.name))
    var lent: [PersonID: Set<String>] = [:]
    for person in found { lent[person.id] = written.isEmpty ? person.groups.intersection(ground.named) : written }
    let access = DatedAccess(
      id: id, kind: kind, title: title, from: from.day, until: until.day, days: days, groups: lent,
      workstations: Set(workstations.map(\.id)), hours: hours)
    return (access, FaultLog.sorted(log.warnings))
  }
}

extension FaultLog {
  /// A staff number or the code of a department: letters as they are written, digits with their leading noughts, no quotes needed.
  fileprivate func code(_ node: MarkedNode) -> String? {
    let expected = Bilingual("空白のない 1〜64 文字", "1 to 64 characters without spaces")
    guard case .scalar(let text, _) = node.content else {
      add(.wrongShape, node.position, FaultDetail(expected: expected))
      return nil
    }
    guard (1...64).contains(text.utf8.count), !text.unicodeScalars.contains(where: \.properties.isWhitespace) else {
      add(.badName, node.position, FaultDetail(expected: expected))
      return nil
    }
    return text
  }
}
