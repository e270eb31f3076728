import AuthTerms
import DirectorySync
import Testing

@Suite("how far an approved transfer has come")
struct TransferProgressTests {
  private static let groups = AccessGroups(segments: [.lgwan: ["seg-lgwan"], .mynumber: ["seg-mynumber"]])
  private static let rules = DirectoryRules(base: ["職員"])
  /// 2026-04-30
  private static let lastDay = 20_573

  /// Persons 1 to 4 in 総務課 with LGWAN; 税務課 (202) has a group of My Number.
  private struct Town {
    var domain: SmallDomain
    let before: ForeseenChanges
    let foreseen: ForeseenChanges

    init(_ rows: String) throws {
      domain = try SmallDomain()
      try domain.unit(202, "税務課", below: SmallDomain.staff)
      for number in UInt8(1)...4 { try domain.user(number, "a\(number)", id: "\(number)", family: "総務", given: "\(number)") }
      try domain.group(50, "ka-somu", members: 1, 2, 3, 4)
      try domain.group(51, "ka-zei")
      try domain.group(54, "seg-lgwan", members: 50)
      try domain.group(55, "seg-mynumber", members: 51)
      domain.look(TransferProgressTests.rules)
      before = ForeseenChanges(
        Dictionary(
          uniqueKeysWithValues: domain.people.map {
            ($0.id, ForeseenChange(access: PersonAccess($0, groups: TransferProgressTests.groups)))
          }))
      let list = try TransferList(
        SourceFile(name: "list.csv", bytes: Array(("number,name,department,kind,groups\n" + rows).utf8)))
      foreseen =
        TransferPlan(
          list, replica: domain.replica, rules: TransferProgressTests.rules, known: domain.identities,
          current: domain.people, groups: TransferProgressTests.groups, now: 0
        ).foreseen
    }

    /// What is missing of each, or changed, in English; an empty text: arrived.
    func told() -> [String: String] {
      let view = DirectoryView(
        of: domain.replica, rules: TransferProgressTests.rules, known: domain.identities, current: domain.people,
        adopts: false, now: 0)
      let progress = TransferProgress(
        foreseen, before: before, view: view, replica: domain.replica, known: domain.identities,
        groups: TransferProgressTests.groups, lastDay: TransferProgressTests.lastDay)
      return Dictionary(
        uniqueKeysWithValues: progress.people.map { person in
          #expect(person.differences.allSatisfy { !$0.ja.isEmpty })
          return ((person.end == nil ? "beside " : "") + person.id.text, person.differences.map(\.en).joined(separator: "; "))
        })
    }
  }

  @Test("a move: each thing that the directory does not say yet, then nothing")
  func move() throws {
    var town = try Town("1,,税務課,,ka-zei\n")
    #expect(
      town.told() == [
        "1":
          "department 総務課, to be 税務課; not in group ka-zei; still in group ka-somu; still let into lgwan; not let into mynumber yet"
      ])
    try town.domain.user(1, "a1", id: "1", family: "総務", given: "1", in: 202)
    try town.domain.group(51, "ka-zei", members: 1)
    #expect(town.told() == ["1": "still in group ka-somu; still let into lgwan"])
    try town.domain.group(50, "ka-somu", members: 2, 3, 4)
    #expect(town.told() == ["1": ""])
    try town.domain.set(1, ["useraccountcontrol": ["514"]])
    #expect(town.told()["1"]?.hasPrefix("the account is disabled") == true)
    try town.domain.delete(1)
    #expect(town.told() == ["1": "not in the directory"])
  }

  @Test("a leaver has left when disabled, gone, or when the account ends by itself while the approval holds")
  func leave() throws {
    let still = "the account is still enabled, and does not end"
    var town = try Town("1,,,leave,\n2,,,leave,\n3,,,leave,\n4,,,leave,\n")
    #expect(town.told() == ["1": still, "2": still, "3": still, "4": still])
    /// The first moment behind that day in Japan.
    func expiry(_ day: Int) -> String {
      let seconds = (Int64(day) + 1) * 86_400 - 9 * 3600 + 11_644_473_600
      return String(seconds * 10_000_000)
    }
    try town.domain.set(1, ["useraccountcontrol": ["514"]])
    try town.domain.delete(2)
    try town.domain.set(3, ["accountexpires": [expiry(Self.lastDay)]])
    try town.domain.set(4, ["accountexpires": [expiry(Self.lastDay + 1)]])
    #expect(town.told() == ["1": "", "2": "", "3": "", "4": still])
  }

  @Test("a newcomer whose account is made before the day and enabled on it")
  func join() throws {
    var town = try Town("9,新人 一,総務課,join,\n")
    #expect(town.told() == ["9": "not in the directory"])
    try town.domain.user(9, "shinjin", id: "9", family: "新人", given: "一", ["useraccountcontrol": ["514"]])
    try town.domain.group(50, "ka-somu", members: 1, 2, 3, 4, 9)
    town.domain.look(Self.rules)
    #expect(town.told() == ["9": "the account is disabled; not let into lgwan yet"])
    // A list that is looked at now means the enabled account all the same.
    let list = try TransferList(SourceFile(name: "l", bytes: Array("number,name,department,kind\n9,,総務課,join\n".utf8)))
    let plan = TransferPlan(
      list, replica: town.domain.replica, rules: Self.rules, known: town.domain.identities, current: town.domain.people,
      groups: Self.groups, now: 0)
    #expect(plan.lines[0].isRight && plan.lines[0].after?.isEnabled == true)
    #expect(plan.effects.gaining[.lgwan]?.map(\.text) == ["9"])
    try town.domain.set(9, ["useraccountcontrol": ["512"]])
    #expect(town.told() == ["9": ""])
  }

  @Test("who is not on the list and changed is told with what changed; nobody else is")
  func beside() throws {
    var town = try Town("1,,税務課,,ka-zei\n")
    try town.domain.user(2, "a2", id: "2", family: "総務", given: "2", in: 202)
    try town.domain.group(51, "ka-zei", members: 2)
    try town.domain.set(3, ["useraccountcontrol": ["514"]])
    try town.domain.delete(4)
    try town.domain.user(8, "new", id: "8")
    let told = town.told().filter { $0.key != "1" }
    #expect(
      told == [
        "beside 2": "department 税務課, was 総務課; let into mynumber", "beside 3": "the account is disabled or gone",
        "beside 4": "the account is disabled or gone", "beside 8": "was not there when it was approved",
      ])
  }
}
