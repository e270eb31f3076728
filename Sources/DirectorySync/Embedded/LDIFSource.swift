import AuthTerms

/// The embedded directory as one LDIF file (RFC 2849), as a directory server exports it.
///
/// Entries are told apart by objectClass:
/// - people (`inetOrgPerson` or `user`): `employeeNumber` the id, `uid` or `sAMAccountName` the account, `displayName`,
///   `sanmonKana` or `msDS-PhoneticDisplayName`, `sanmonOtherName`*, `departmentNumber`* the main post first, `userAccountControl`
///   (bit 2 = disabled), `sanmonFirstDay`, `sanmonLastDay`, `sanmonManagedPassword`
/// - groups (`groupOfNames` or `group`): `cn`, `description`, `member`*
/// - departments (`organizationalUnit` with `sanmonDepartment`): `ou` the code, `description` the name, `l` the site; the parent
///   is the department above in the tree
/// - containers (`organization`, `organizationalUnit`, `domain`, `container`) are passed over.
///
/// Unknown attributes are errors, and so are passwords in any form.
public struct LDIFSource: DirectorySource {
  private let file: SourceFile

  public init(_ file: SourceFile) { self.file = file }
  public init(text: String, name: String = "ldif") { file = SourceFile(name: name, bytes: text.utf8) }

  public func snapshot() async throws(DirectoryFault) -> DirectorySnapshot { try read() }

  /// What `snapshot` answers, for callers that cannot wait.
  public func read() throws(DirectoryFault) -> DirectorySnapshot {
    let entries = try index(try LDIFReader(file).records())
    let parents = try memberships(in: entries)
    var assembly = SnapshotAssembly()
    for entry in entries.inOrder {
      switch entry.kind {
      case .container: continue
      case .department: try addDepartment(entry, entries, to: &assembly)
      case .group: try addGroup(entry, parents[entry.dn] ?? [], to: &assembly)
      case .person: try addPerson(entry, parents[entry.dn] ?? [], to: &assembly)
      }
    }
    return try assembly.finish()
  }

  private struct Entries {
    var inOrder: [LDIFEntry] = []
    var byName: [DistinguishedName: LDIFEntry] = [:]
  }

  private func index(_ records: [LDIFRecord]) throws(DirectoryFault) -> Entries {
    var entries = Entries()
    for record in records {
      let entry = try LDIFEntry(record, file: file.name)
      if let first = entries.byName.updateValue(entry, forKey: entry.dn) {
        throw DirectoryFault(.duplicate, file: file.name, line: entry.line, detail: "\(file.name):\(first.line)")
      }
      entries.inOrder.append(entry)
    }
    return entries
  }

  /// For each entry the groups that list it as `member`, in file order.
  private func memberships(in entries: Entries) throws(DirectoryFault) -> [DistinguishedName: [(GroupName, FieldValue)]] {
    var parents: [DistinguishedName: [(GroupName, FieldValue)]] = [:]
    for group in entries.inOrder where group.kind == .group {
      let name = try group.one("cn").group()
      var seen: Set<DistinguishedName> = []
      for value in group.all("member") {
        guard let dn = DistinguishedName(parsing: value.text) else { throw value.fault(.distinguishedName) }
        guard let target = entries.byName[dn], target.kind == .person || target.kind == .group else {
          throw value.fault(.reference)
        }
        guard seen.insert(dn).inserted else {
          throw DirectoryFault(.duplicate, file: file.name, line: value.line, detail: "\(file.name):\(group.line)")
        }
        parents[dn, default: []].append((name, value))
      }
    }
    return parents
  }

  private func addDepartment(_ entry: LDIFEntry, _ entries: Entries, to assembly: inout SnapshotAssembly) throws(DirectoryFault)
  {
    let code = try entry.one("ou")
    var above = entry.dn.parent
    var parent: DepartmentCode?
    while let dn = above, parent == nil {
      if let upper = entries.byName[dn], upper.kind == .department {
        parent = try upper.one("ou").identifier(DepartmentTag.self)
      }
      above = dn.parent
    }
    let department = Department(
      code: try code.identifier(DepartmentTag.self), name: try entry.one("description").name(), parent: parent,
      site: try entry.one("l").name())
    try assembly.add(department, at: code)
  }

  private func addGroup(
    _ entry: LDIFEntry, _ parents: [(GroupName, FieldValue)], to assembly: inout SnapshotAssembly
  ) throws(DirectoryFault) {
    let name = try entry.one("cn")
    let title = try entry.optional("description") ?? name
    try assembly.add(
      DirectoryGroup(name: try name.group(), title: try title.name(), parents: parents.map(\.0)), at: name)
  }

  private func addPerson(
    _ entry: LDIFEntry, _ parents: [(GroupName, FieldValue)], to assembly: inout SnapshotAssembly
  ) throws(DirectoryFault) {
    let id = try entry.one("employeenumber")
    let account = try entry.one("uid", or: "samaccountname")
    let lastDay = try entry.optional("sanmonlastday")
    var person = DirectoryPerson(
      id: try id.identifier(PersonTag.self), account: try account.account(), displayName: try entry.one("displayname").name(),
      kana: try entry.one("sanmonkana", or: "msds-phoneticdisplayname").name())
    for value in entry.all("sanmonothername") { person.otherNames.append(try value.name()) }
    for value in entry.all("departmentnumber") {
      let code = try value.identifier(DepartmentTag.self)
      person.departments.append(code)
      assembly.refer(to: code, at: value)
    }
    guard person.departments.count <= 64, Set(person.departments).count == person.departments.count else {
      throw DirectoryFault(.list, file: file.name, line: entry.line, detail: "departmentNumber")
    }
    person.memberships = parents.map(\.0)
    if let control = try entry.optional("useraccountcontrol") {
      guard let bits = UInt32(control.text) else { throw control.fault(.flag) }
      person.isEnabled = bits & 2 == 0
    }
    person.firstDay = try entry.optional("sanmonfirstday")?.day()
    person.lastDay = try lastDay?.day()
    person.hasManagedPassword = try entry.optional("sanmonmanagedpassword")?.flag(otherwise: false) ?? false
    try assembly.add(person, id: id, account: account, period: lastDay ?? id)
  }
}
