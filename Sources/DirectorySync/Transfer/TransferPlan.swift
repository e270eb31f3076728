public import AuthTerms
import Crypto

/// What a transfer list would do, found by changing a copy of the directory as the list says and asking the code that follows the
/// real one: whom it reads as what, and what that does to people's access.
public struct TransferPlan: Sendable {
  public struct Line: Sendable {
    public let entry: TransferList.Line
    public fileprivate(set) var person: PersonID?
    public fileprivate(set) var account = ""
    public fileprivate(set) var displayName = ""
    /// Names of the departments: `0402 保険年金課`.
    public fileprivate(set) var from: [String] = []
    public fileprivate(set) var to: [String] = []
    public fileprivate(set) var before: PersonAccess?
    public fileprivate(set) var after: PersonAccess?
    /// Groups of the directory to be put into, and to be taken out of; sorted.
    public fileprivate(set) var joins: [String] = []
    public fileprivate(set) var leaves: [String] = []
    public fileprivate(set) var findings: [TransferFinding] = []

    public var isRight: Bool { !findings.contains(where: \.isFault) }
    fileprivate var guid: ObjectGUID?
  }

  /// In the order of the list.
  public fileprivate(set) var lines: [Line]
  /// What would come of it in one reading, counted against the limits as if nobody had approved it.
  public let effects: PlanEffects
  /// What can be approved: everybody whose line is right.
  public let foreseen: ForeseenChanges
  /// The directory as it would be.
  public let planned: DirectoryReplica

  /// SHA-256 of what can be approved, in hexadecimal.
  public var fingerprint: String { foreseen.fingerprint }

  /// - Parameters:
  ///   - known: all identities.
  ///   - current: everybody a store has.
  ///   - now: milliseconds since 1970-01-01 UTC.
  public init(
    _ list: TransferList, replica: DirectoryReplica, rules: DirectoryRules, known: [DirectoryIdentity],
    current: [ResolvedPerson], groups: AccessGroups, now: Int64
  ) {
    var maker = Maker(StaffIndex(replica, rules), known)
    var lines = maker.lines(of: list)
    let view = DirectoryView(of: maker.planned, rules: rules, known: known, current: current, adopts: false, now: now)
    let before = Dictionary(current.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(view.people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let people = Dictionary((known + view.identities).map { ($0.guid, $0.person) }, uniquingKeysWith: { _, last in last })
    var outcomes: [PersonID: ForeseenChange] = [:]
    for index in lines.indices {
      guard let guid = lines[index].guid, let person = people[guid] else { continue }
      lines[index].person = person
      lines[index].before = before[person].map { PersonAccess($0, groups: groups) }
      guard lines[index].isRight, let access = after[person].map({ PersonAccess($0, groups: groups) }) else { continue }
      lines[index].after = access
      let (had, has) = (lines[index].before.map(groups.segments(of:)) ?? [], groups.segments(of: access))
      if lines[index].before == access { lines[index].findings.append(.asBefore) }
      if lines[index].entry.kind != .leave, has.isEmpty, !had.isEmpty || lines[index].entry.kind == .join {
        lines[index].findings.append(.withoutAccess)
      }
      outcomes[person] = ForeseenChange(
        access: access, name: lines[index].displayName, joins: lines[index].joins, leaves: lines[index].leaves)
    }
    self.lines = lines
    planned = maker.planned
    effects = PlanEffects(of: ImportPlan(current: current, named: view.people), groups: groups)
    foreseen = ForeseenChanges(outcomes)
  }
}

extension TransferPlan {
  /// Reads the list and changes the copy.
  private struct Maker {
    let index: StaffIndex
    var planned: DirectoryReplica
    private let known: [ObjectGUID: DirectoryIdentity]
    private let numbers: Set<String>
    /// Asked once of each department.
    private var own: [ObjectGUID: Set<ObjectGUID>] = [:]

    init(_ index: StaffIndex, _ known: [DirectoryIdentity]) {
      self.index = index
      planned = index.replica
      self.known = Dictionary(known.map { ($0.guid, $0) }, uniquingKeysWith: { first, _ in first })
      numbers = Set(known.map(\.number)).union(known.map(\.person.text))
    }

    mutating func lines(of list: TransferList) -> [Line] {
      var first: [String: Int] = [:]
      return list.lines.map { entry in
        var line = Line(entry: entry)
        if let other = first[entry.number] { line.findings.append(.numberTwice(line: other)) }
        first[entry.number] = first[entry.number] ?? entry.line
        fill(&line)
        if line.isRight { change(&line) }
        return line
      }
    }

    /// Who it is, and whether the list means this person.
    private func fill(_ line: inout Line) {
      let users = index.users(number: line.entry.number)
      guard let user = users.first else {
        if line.entry.kind != .join {
          line.findings.append(.numberUnknown)
        } else {
          line.displayName = line.entry.name
          line.findings.append(numbers.contains(line.entry.number) ? .numberTaken : .accountMissing)
        }
        return
      }
      guard users.count == 1 else { return line.findings.append(.numberShared) }
      line.guid = user.guid
      line.account = user.text("samaccountname") ?? ""
      line.displayName = Names(user).shown
      line.from = departments(of: user)
      if !line.entry.name.isEmpty, Self.spelling(line.entry.name) != Self.spelling(line.displayName) {
        line.findings.append(.nameDiffers(line.displayName))
      }
      if known[user.guid]?.hold != nil { line.findings.append(.identityHeld) }
      if line.entry.kind == .move, !user.isEnabled { line.findings.append(.disabled) }
      if line.entry.kind == .join { line.findings.append(.accountThere) }
    }

    private mutating func change(_ line: inout Line) {
      guard line.entry.kind != .leave else { return leave(&line) }
      var units: [DirectoryItem] = []
      for name in line.entry.departments {
        let found = index.units(name)
        switch found.count {
        case 0: line.findings.append(.departmentUnknown(name))
        case 1: units.append(found[0])
        default: line.findings.append(.departmentShared(name))
        }
      }
      if line.entry.departments.isEmpty, line.entry.kind == .join || line.entry.groups == nil {
        line.findings.append(.departmentMissing)
      }
      let wanted = groups(&line, units)
      guard line.isRight, let wanted else { return }
      var user = line.guid.flatMap { planned.objects[$0] } ?? newcomer(line.entry)
      line.guid = user.guid
      // Accounts of newcomers are often made before the day, and enabled on it.
      if line.entry.kind == .join { user.setEnabled(true) }
      if let main = units.first {
        user.parent = main.guid
        let codes = units.map { $0.text("description") ?? "" }
        // As the directory numbers its departments, or not.
        let isNumbered = user.attributes["departmentnumber"] != nil || line.entry.kind == .join
        if isNumbered, !codes.contains("") { user.attributes["departmentnumber"] = codes.map { Array($0.utf8) } }
        line.to = units.map(Self.title)
      } else {
        line.to = line.from
      }
      let had = index.groups(of: user.guid)
      (line.joins, line.leaves) = (names(wanted.subtracting(had)), names(had.subtracting(wanted)))
      planned.put(user, members: [])
      move(user.guid, into: wanted.subtracting(had), outOf: had.subtracting(wanted))
    }

    private mutating func leave(_ line: inout Line) {
      guard let guid = line.guid, var user = planned.objects[guid] else { return }
      user.setEnabled(false)
      planned.put(user, members: [])
    }

    /// What the person shall be in: as the list says, or what colleagues of the new departments usually are in, with what the
    /// person has beside the usual of the old one.
    private mutating func groups(_ line: inout Line, _ units: [DirectoryItem]) -> Set<ObjectGUID>? {
      if let names = line.entry.groups {
        var wanted: Set<ObjectGUID> = []
        for name in names {
          if let group = index.group(name) { wanted.insert(group) } else { line.findings.append(.groupUnknown(name)) }
        }
        return wanted
      }
      var wanted = line.guid.map(index.groups(of:)) ?? []
      if let user = line.guid.flatMap({ index.replica.objects[$0] }) {
        let coded = user.texts("departmentnumber").flatMap(index.units).map(\.guid)
        for old in Set(coded + [user.parent].compactMap { $0 }) {
          wanted.subtract((index.usualGroups(in: old) ?? []).union(ownGroups(of: old)))
        }
      }
      var some: Set<ObjectGUID> = []
      for unit in units {
        guard let usual = index.usualGroups(in: unit.guid, but: line.guid) else {
          line.findings.append(.groupsUnclear(unit.text("name") ?? ""))
          return nil
        }
        wanted.formUnion(usual)
        some.formUnion(ownGroups(of: unit.guid).subtracting(usual))
      }
      some.subtract(wanted)
      if !some.isEmpty { line.findings.append(.someColleaguesIn(names(some).joined(separator: ", "))) }
      return wanted
    }

    private mutating func ownGroups(of unit: ObjectGUID) -> Set<ObjectGUID> {
      if let known = own[unit] { return known }
      let found = index.ownGroups(of: unit)
      own[unit] = found
      return found
    }

    private mutating func move(_ user: ObjectGUID, into joins: Set<ObjectGUID>, outOf leaves: Set<ObjectGUID>) {
      for group in joins.union(leaves) {
        guard let item = planned.objects[group] else { continue }
        var members = planned.members[group, default: []]
        if joins.contains(group) { members.insert(user) } else { members.remove(user) }
        planned.put(item, members: members)
      }
    }

    /// An object that does not exist yet, under a GUID that comes of the number alone.
    private func newcomer(_ entry: TransferList.Line) -> DirectoryItem {
      let digest = Array(SHA256.hash(data: Array("sanmon/newcomer/\(entry.number)".utf8)).prefix(16))
      guard let guid = ObjectGUID(bytes: digest) else {
        // Cannot happen: sixteen bytes were taken.
        preconditionFailure("a GUID of sixteen bytes")
      }
      var item = DirectoryItem(guid: guid)
      func text(_ value: String) -> [[UInt8]] { [Array(value.utf8)] }
      item.attributes = [
        "objectclass": text("user"), "samaccountname": text("newcomer:\(entry.number)"), "useraccountcontrol": text("512"),
        "displayname": text(entry.name), index.numberAttribute: text(entry.number),
      ]
      return item
    }

    private func names(_ groups: Set<ObjectGUID>) -> [String] { groups.map(index.name(ofGroup:)).sorted() }

    private func departments(of user: DirectoryItem) -> [String] {
      let codes = planned.departmentCodes(of: user)
      guard codes.isEmpty else { return codes.map { code in index.units(code).first.map(Self.title) ?? code } }
      return user.parent.flatMap { planned.objects[$0] }.map { [Self.title($0)] } ?? []
    }

    private static func title(_ unit: DirectoryItem) -> String {
      [unit.text("description"), unit.text("name")].compactMap { $0 }.joined(separator: " ")
    }

    /// Lists and directories differ in the space between family and given name, and in its width.
    private static func spelling(_ name: String) -> String {
      String(String.UnicodeScalarView(name.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }
  }
}
