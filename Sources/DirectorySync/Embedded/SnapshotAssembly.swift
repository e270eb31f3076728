import AuthTerms

/// Puts a snapshot together and holds what `DirectorySnapshot` promises: ids, accounts, group names and department codes are
/// unique, every reference has its target, departments form a tree, periods end after they begin.
struct SnapshotAssembly {
  private var people: [(person: DirectoryPerson, place: FieldValue)] = []
  private var groups: [DirectoryGroup] = []
  private var departments: [Department] = []

  private var ids: [PersonID: String] = [:]
  private var accounts: [AccountName: String] = [:]
  private var groupPlaces: [GroupName: String] = [:]
  private var departmentPlaces: [DepartmentCode: FieldValue] = [:]

  private var groupReferences: [(GroupName, FieldValue)] = []
  private var departmentReferences: [(DepartmentCode, FieldValue)] = []

  /// - Parameters:
  ///   - id, account: where they stood. period: where the last day stood.
  mutating func add(_ person: DirectoryPerson, id: FieldValue, account: FieldValue, period: FieldValue) throws(DirectoryFault) {
    try claim(person.id, in: &ids, at: id)
    try claim(person.account, in: &accounts, at: account)
    if let first = person.firstDay, let last = person.lastDay, last < first { throw period.fault(.dates) }
    people.append((person, id))
  }

  mutating func add(_ group: DirectoryGroup, at place: FieldValue) throws(DirectoryFault) {
    try claim(group.name, in: &groupPlaces, at: place)
    groups.append(group)
  }

  mutating func add(_ department: Department, at place: FieldValue) throws(DirectoryFault) {
    if let first = departmentPlaces[department.code] { throw duplicate(place, of: "\(first.file):\(first.line)") }
    departmentPlaces[department.code] = place
    departments.append(department)
  }

  /// Remembers that `place` names a group, which may come later in the file.
  mutating func refer(to group: GroupName, at place: FieldValue) { groupReferences.append((group, place)) }
  mutating func refer(to department: DepartmentCode, at place: FieldValue) { departmentReferences.append((department, place)) }

  func finish() throws(DirectoryFault) -> DirectorySnapshot {
    for (group, place) in groupReferences where groupPlaces[group] == nil { throw place.fault(.reference) }
    for (code, place) in departmentReferences where departmentPlaces[code] == nil { throw place.fault(.reference) }
    try requireTree()
    let closure = Closure(of: groups)
    for (person, place) in people {
      let limit = Closure.maximumGroupsOfPerson
      guard closure.reach(from: person.memberships, limit: limit).count <= limit else {
        throw DirectoryFault(.tooManyGroups, file: place.file, line: place.line, detail: "\(limit)")
      }
    }
    return DirectorySnapshot(people: people.map(\.person), groups: groups, departments: departments)
  }

  private func requireTree() throws(DirectoryFault) {
    let parents = Dictionary(departments.map { ($0.code, $0.parent) }, uniquingKeysWith: { first, _ in first })
    var rooted: Set<DepartmentCode> = []
    for department in departments {
      var path: Set<DepartmentCode> = []
      var next: DepartmentCode? = department.code
      while let code = next, !rooted.contains(code) {
        guard path.insert(code).inserted else {
          throw departmentPlaces[department.code]?.fault(.cycle) ?? DirectoryFault(.cycle, file: "")
        }
        next = parents[code] ?? nil
      }
      rooted.formUnion(path)
    }
  }

  private func claim<Key: Hashable>(_ key: Key, in places: inout [Key: String], at place: FieldValue) throws(DirectoryFault) {
    guard let first = places.updateValue("\(place.file):\(place.line)", forKey: key) else { return }
    throw duplicate(place, of: first)
  }

  private func duplicate(_ place: FieldValue, of first: String) -> DirectoryFault {
    DirectoryFault(.duplicate, file: place.file, line: place.line, column: place.column, detail: first)
  }
}
