import AuthTerms

/// The embedded directory as three CSV files (RFC 4180, UTF-8 with or without byte order mark), as a spreadsheet writes them.
///
/// Headers, in any order; those in brackets may be left out:
/// - people: `id, account, display_name, kana, departments, groups [, other_names, enabled, first_day, last_day, managed_password]`
/// - groups: `name, title [, member_of]`
/// - departments: `code, name, parent, site`
///
/// Lists are separated by `;`, the main post first; days are `2027-03-31`; flags `true` or `false`.
public struct CSVSource: DirectorySource {
  private let people: SourceFile
  private let groups: SourceFile
  private let departments: SourceFile

  public init(people: SourceFile, groups: SourceFile, departments: SourceFile) {
    self.people = people
    self.groups = groups
    self.departments = departments
  }

  public func snapshot() async throws(DirectoryFault) -> DirectorySnapshot { try read() }

  /// What `snapshot` answers, for callers that cannot wait.
  public func read() throws(DirectoryFault) -> DirectorySnapshot {
    var assembly = SnapshotAssembly()
    try readDepartments(into: &assembly)
    try readGroups(into: &assembly)
    try readPeople(into: &assembly)
    return try assembly.finish()
  }

  private func readDepartments(into assembly: inout SnapshotAssembly) throws(DirectoryFault) {
    let table = try CSVTable(departments, required: ["code", "name", "parent", "site"], optional: [])
    for row in table.rows {
      let code = table.value("code", in: row)
      let parentField = table.value("parent", in: row)
      let parent = parentField.text.isEmpty ? nil : try parentField.identifier(DepartmentTag.self)
      if let parent { assembly.refer(to: parent, at: parentField) }
      let department = Department(
        code: try code.identifier(DepartmentTag.self), name: try table.value("name", in: row).name(), parent: parent,
        site: try table.value("site", in: row).name())
      try assembly.add(department, at: code)
    }
  }

  private func readGroups(into assembly: inout SnapshotAssembly) throws(DirectoryFault) {
    let table = try CSVTable(groups, required: ["name", "title"], optional: ["member_of"])
    for row in table.rows {
      let name = table.value("name", in: row)
      var group = DirectoryGroup(name: try name.group(), title: try table.value("title", in: row).name())
      for entry in try table.value("member_of", in: row).list() {
        let parent = try entry.group()
        group.parents.append(parent)
        assembly.refer(to: parent, at: entry)
      }
      try assembly.add(group, at: name)
    }
  }

  private func readPeople(into assembly: inout SnapshotAssembly) throws(DirectoryFault) {
    let table = try CSVTable(
      people, required: ["id", "account", "display_name", "kana", "departments", "groups"],
      optional: ["other_names", "enabled", "first_day", "last_day", "managed_password"])
    for row in table.rows {
      let id = table.value("id", in: row)
      let account = table.value("account", in: row)
      let lastDay = table.value("last_day", in: row)
      var person = DirectoryPerson(
        id: try id.identifier(PersonTag.self), account: try account.account(),
        displayName: try table.value("display_name", in: row).name(), kana: try table.value("kana", in: row).name())
      for entry in try table.value("other_names", in: row).list() { person.otherNames.append(try entry.name()) }
      for entry in try table.value("departments", in: row).list() {
        let code = try entry.identifier(DepartmentTag.self)
        person.departments.append(code)
        assembly.refer(to: code, at: entry)
      }
      for entry in try table.value("groups", in: row).list() {
        let group = try entry.group()
        person.memberships.append(group)
        assembly.refer(to: group, at: entry)
      }
      person.isEnabled = try table.value("enabled", in: row).flag(otherwise: true)
      person.firstDay = try table.value("first_day", in: row).day()
      person.lastDay = try lastDay.day()
      person.hasManagedPassword = try table.value("managed_password", in: row).flag(otherwise: false)
      try assembly.add(person, id: id, account: account, period: lastDay)
    }
  }
}

extension CSVTable {
  fileprivate func value(_ header: String, in row: CSVRow) -> FieldValue {
    let field = row.field(header)
    return FieldValue(text: field.text, label: header, file: file, line: field.line, column: field.column)
  }
}
