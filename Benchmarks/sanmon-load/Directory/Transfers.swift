import AuthTerms
import DirectorySync
import Foundation
import RealDirectory

/// 人事異動 as LDIF: of those who stand in a department, 40 of a hundred go to another one with its group, 3 leave (half of them
/// disabled, half deleted), and 3 of a hundred come.
struct Transfers {
  let ldif: String
  private(set) var moved = 0
  private(set) var disabled = 0
  private(set) var deleted = 0
  private(set) var joined = 0
  private(set) var example = (person: "", department: "")

  /// - Parameter year: another one moves other people and has other newcomers.
  init(_ replica: DirectoryReplica, year: Int) {
    var groups: [String: DirectoryItem] = [:]
    var units: [(code: String, item: DirectoryItem)] = []
    for item in replica.objects.values {
      if item.kind == .group, let name = item.text("samaccountname"), name.hasPrefix("ka-") { groups[name] = item }
      if item.kind == .unit, let code = item.text("description"), code.count == 4 { units.append((code, item)) }
    }
    units.sort { $0.code < $1.code }
    // The two administrators stay: an operator who has left approves nothing.
    let operators: Set = ["p-000001", "p-000002"]
    let staff = replica.objects.values.filter { item in
      item.kind == .person && item.text("employeenumber").map { !operators.contains($0) } == true
        && item.number("useraccountcontrol").map { $0 & 2 == 0 } == true
        && item.texts("departmentnumber").count == 1
        && item.parent.map { parent in units.contains { $0.item.guid == parent } } == true
    }.sorted { ($0.text("samaccountname") ?? "") < ($1.text("samaccountname") ?? "") }

    var lines: [String] = []
    var (leaves, comes): ([ObjectGUID: [String]], [ObjectGUID: [String]]) = ([:], [:])
    func place(_ unit: DirectoryItem) -> String {
      let above = unit.parent.flatMap { replica.objects[$0] }.map(place) ?? DomainController.base
      return "OU=\(unit.text("name") ?? ""),\(above)"
    }
    let hundred = staff.count / 100
    for number in 0..<hundred * 3 {
      let unit = units[number % units.count]
      let name = "CN=new \(year)-\(number),\(place(unit.item))"
      lines.append(
        """
        dn:: \(Self.base64(name))
        changetype: add
        objectClass: user
        sAMAccountName: new.\(year).\(number)
        employeeNumber: n-\(year)-\(number)
        displayName: new \(number)
        departmentNumber: \(unit.code)
        userAccountControl: 544

        """)
      if let group = groups["ka-" + unit.code] { comes[group.guid, default: []].append(name) }
      joined += 1
    }
    var moves: [String] = []
    for (number, person) in staff.enumerated() {
      let guid = "<GUID=\(person.guid)>"
      switch (number + year * 17) % 100 {
      case 0..<40:
        guard let old = person.text("departmentnumber"), let index = units.firstIndex(where: { $0.code == old }) else {
          continue
        }
        let unit = units[(index + 7) % units.count]
        if let group = groups["ka-" + old], replica.members[group.guid]?.contains(person.guid) == true {
          leaves[group.guid, default: []].append(guid)
        }
        if let group = groups["ka-" + unit.code], replica.members[group.guid]?.contains(person.guid) != true {
          comes[group.guid, default: []].append(guid)
        }
        moves.append(
          """
          dn: \(guid)
          changetype: modify
          replace: departmentNumber
          departmentNumber: \(unit.code)

          dn: \(guid)
          changetype: modrdn
          newrdn: CN=moved \(year)-\(number)
          deleteoldrdn: 1
          newsuperior:: \(Self.base64(place(unit.item)))

          """)
        moved += 1
        if let id = person.text("employeenumber") { example = (id, unit.code) }
      case 40, 41, 42:
        if number.isMultiple(of: 2) {
          let control = (person.number("useraccountcontrol") ?? 512) | 2
          moves.append("dn: \(guid)\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: \(control)\n")
          disabled += 1
        } else {
          moves.append("dn: \(guid)\nchangetype: delete\n")
          deleted += 1
        }
      default: break
      }
    }
    for (group, members) in leaves { lines.append(Self.change("delete", members, of: group)) }
    for (group, members) in comes { lines.append(Self.change("add", members, of: group)) }
    ldif = (lines + moves).joined(separator: "\n") + "\n"
  }

  private static func change(_ verb: String, _ members: [String], of group: ObjectGUID) -> String {
    "dn: <GUID=\(group)>\nchangetype: modify\n\(verb): member\n"
      + members.map { "member:: \(base64($0))\n" }.joined()
  }

  private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
