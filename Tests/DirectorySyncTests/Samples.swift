import AuthTerms
import DirectorySync
import Foundation

enum Sample {
  static let departments = "code,name,parent,site\n04,市民部,,本庁舎\n0401,市民課,04,本庁舎\n0402,保険年金課,04,東支所\n"
  static let groups = "name,title,member_of\nseg-lgwan,LGWAN,\nbu-04,市民部,seg-lgwan\nka-0401,市民課,bu-04\n"
  static let header = "id,account,display_name,kana,other_names,departments,groups,enabled,first_day,last_day,managed_password"
  static let clerk = "p-000042,sato.hanako,佐藤 花子,サトウ ハナコ,,0401,ka-0401,true,,,false"

  static func csv(
    people: String = "\(header)\n\(clerk)\n", groups: String = groups, departments: String = departments
  ) -> CSVSource {
    CSVSource(
      people: SourceFile(name: "people.csv", bytes: people.utf8), groups: SourceFile(name: "groups.csv", bytes: groups.utf8),
      departments: SourceFile(name: "departments.csv", bytes: departments.utf8))
  }

  /// The fault `source` gives, as `CODE file:line:column`, or `none`.
  static func fault(_ source: CSVSource) -> String {
    do throws(DirectoryFault) {
      _ = try source.read()
      return "none"
    } catch { return "\(error.code.rawValue) \(error.place)" }
  }

  static func fault(_ source: LDIFSource) -> String {
    do throws(DirectoryFault) {
      _ = try source.read()
      return "none"
    } catch { return "\(error.code.rawValue) \(error.place)" }
  }

  static let cityFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("deploy/sample-city")

  static func cityFile(_ name: String) throws(DirectoryFault) -> SourceFile {
    try SourceFile(path: cityFolder.appendingPathComponent(name).path)
  }

  static func cityCSV(people: String = "people.csv") throws(DirectoryFault) -> DirectorySnapshot {
    try CSVSource(
      people: cityFile(people), groups: cityFile("groups.csv"), departments: cityFile("departments.csv")
    ).read()
  }

  static func person(_ id: String, groups: Set<String> = ["seg-lgwan"], isEnabled: Bool = true) throws -> ResolvedPerson {
    var person = ResolvedPerson(
      id: try PersonID(parsing: id), account: try AccountName(parsing: "u.\(id)"), displayName: "職員 \(id)", kana: "ショクイン")
    person.groups = groups
    person.isEnabled = isEnabled
    return person
  }

  /// A snapshot in which each of `people` is as it was, with its groups as direct memberships.
  static func snapshot(_ people: [ResolvedPerson]) throws -> DirectorySnapshot {
    let names = try Set(people.flatMap(\.groups)).map { try GroupName(parsing: $0) }
    return DirectorySnapshot(
      people: try people.map { person in
        var source = DirectoryPerson(
          id: person.id, account: person.account, displayName: person.displayName, kana: person.kana)
        source.memberships = try person.groups.sorted().map { try GroupName(parsing: $0) }
        source.isEnabled = person.isEnabled
        return source
      }, groups: names.map { DirectoryGroup(name: $0, title: "g") }, departments: [])
  }
}

/// A small generator with a fixed seed, so that a failing run can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
