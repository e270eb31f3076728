import AuthTerms
import DirectorySync
import Testing

@Suite("what a transfer list would do")
struct TransferPlanTests {
  private static let groups = AccessGroups(segments: [.lgwan: ["seg-lgwan"], .mynumber: ["seg-mynumber"]], named: ["telework"])
  private static let rules = DirectoryRules(base: ["職員"])
  private static let header = "職員番号,氏名,新所属,区分,グループ\n"

  /// 総務課 (201): people 1–4 in ka-somu, LGWAN. 市民税課 (202, 0301): people 11–14 in ka-zei, both segments for 14. Person 1
  /// teleworks, as somebody elsewhere does.
  private func city() throws -> SmallDomain {
    var domain = try SmallDomain()
    try domain.unit(203, "税務部", below: SmallDomain.staff)
    try domain.unit(202, "市民税課", below: 203)
    try domain.set(202, ["description": ["0301"]])
    try domain.unit(204, "秘書課", below: SmallDomain.staff)
    for number in UInt8(1)...4 { try domain.user(number, "a\(number)", id: "\(number)", family: "総務", given: "\(number)") }
    for number in UInt8(11)...14 {
      try domain.user(number, "z\(number)", id: "\(number)", family: "税", given: "\(number)", in: 202)
    }
    try domain.user(20, "hisho", id: "20", family: "秘書", given: "一", in: 204)
    try domain.group(50, "ka-somu", members: 1, 2, 3, 4)
    try domain.group(51, "ka-zei", members: 11, 12, 13, 14)
    try domain.group(52, "ka-zei-mynumber", members: 14)
    try domain.group(53, "telework", members: 1, 20)
    try domain.group(54, "seg-lgwan", members: 50, 51)
    try domain.group(55, "seg-mynumber", members: 52)
    domain.look(Self.rules)
    return domain
  }

  private func plan(_ domain: SmallDomain, _ rows: String) throws -> TransferPlan {
    let list = try TransferList(SourceFile(name: "list.csv", bytes: Array((Self.header + rows).utf8)))
    return TransferPlan(
      list, replica: domain.replica, rules: Self.rules, known: domain.identities, current: domain.people,
      groups: Self.groups, now: 0)
  }

  private func findings(_ domain: SmallDomain, _ row: String) throws -> [TransferFinding] {
    try #require(try plan(domain, row + "\n").lines.last).findings
  }

  @Test("a move: the department, the groups that colleagues are in, what is the person's own stays")
  func move() throws {
    let domain = try city()
    let plan = try plan(domain, "1,総務　1,市民税課,,\n")
    let line = try #require(plan.lines.first)
    #expect(line.person?.text == "1" && line.account == "a1" && line.isRight)
    #expect(line.from == ["総務課"] && line.to == ["0301 市民税課"])
    #expect(line.joins == ["ka-zei"] && line.leaves == ["ka-somu"])
    #expect(line.findings == [.someColleaguesIn("ka-zei-mynumber")])
    #expect(line.before?.departments == ["総務課"] && line.before?.groups == ["seg-lgwan", "telework"])
    #expect(line.after?.departments == ["税務部/市民税課"] && line.after?.groups == ["seg-lgwan", "telework"])
    #expect(plan.effects.moving.map(\.text) == ["1"] && plan.effects.gaining.isEmpty && plan.effects.losing.isEmpty)
  }

  @Test("groups that the list names are all that the person shall be in")
  func groups() throws {
    let plan = try plan(try city(), "1,,0301,,KA-ZEI;ka-zei-mynumber\n2,,,,ka-zei-mynumber\n")
    #expect(plan.lines.map(\.joins) == [["ka-zei", "ka-zei-mynumber"], ["ka-zei-mynumber"]])
    #expect(plan.lines.map(\.leaves) == [["ka-somu", "telework"], ["ka-somu"]])
    #expect(plan.lines[1].to == ["総務課"], "without a department it stays")
    #expect(plan.effects.gaining[.mynumber]?.count == 2 && plan.effects.leaving.keys.map(\.text) == ["2"])
  }

  @Test("what was planned is what the directory says once it is done, and nothing of it counts")
  func same() throws {
    var domain = try city()
    let plan = try plan(domain, "1,,0301,,\n2,,,退職,\n30,新人 太郎,総務課,採用,\n")
    #expect(plan.lines.allSatisfy { $0.isRight } && plan.foreseen.outcomes.count == 3)
    try domain.user(1, "a1", id: "1", family: "総務", given: "1", in: 202)
    try domain.set(2, ["useraccountcontrol": ["514"]])
    try domain.user(30, "shinjin", id: "30", family: "新人", given: "太郎")
    try domain.group(50, "ka-somu", members: 2, 3, 4, 30)
    try domain.group(51, "ka-zei", members: 1, 11, 12, 13, 14)
    let view = DirectoryView(
      of: domain.replica, rules: Self.rules, known: domain.identities, current: domain.people, adopts: false, now: 0)
    for (person, change) in plan.foreseen.outcomes {
      #expect(view.people.first { $0.id == person }.map { PersonAccess($0, groups: Self.groups) } == change.access)
    }
    var none = GuardLimits()
    (none.lossPercent, none.lossAtLeast, none.gainPercent, none.gainAtLeast) = (0, 0, 0, 0)
    (none.movePercent, none.moveAtLeast) = (0, 0)
    let done = ImportPlan(current: domain.people, named: view.people)
    func reasons(_ foreseen: ForeseenChanges) -> [HoldReason] {
      PlanEffects(of: done, groups: Self.groups, limits: none, foreseen: foreseen).reasons
    }
    #expect(reasons(plan.foreseen) == [])
    #expect(
      reasons(ForeseenChanges()) == [
        .losses(count: 1, limit: 0), .gains(.lgwan, count: 1, limit: 0), .moves(count: 1, limit: 0),
      ])
  }

  @Test("leavers and newcomers: what they lose and get, and that an account is missing")
  func leaversAndNewcomers() throws {
    let plan = try plan(try city(), "2,,,退職,\n30,新人 太郎,総務課,採用,\n")
    #expect(plan.lines[0].after?.isEnabled == false && plan.lines[0].to.isEmpty && plan.effects.losing.map(\.text) == ["2"])
    #expect(plan.lines[1].person?.text == "30" && plan.lines[1].findings == [.accountMissing])
    #expect(plan.lines[1].joins == ["ka-somu"] && plan.lines[1].before == nil && plan.lines[1].displayName == "新人 太郎")
    #expect(plan.effects.gaining[.lgwan]?.map(\.text) == ["30"])
  }

  @Test(
    "each mistake of a list is named, and the line is left out of what can be approved",
    arguments: [
      ("99,,総務課,,", TransferFinding.numberUnknown), ("1,税 11,0301,,", .nameDiffers("総務 1")), ("1,,,,", .departmentMissing),
      ("1,,水産課,,", .departmentUnknown("水産課")), ("1,,0301,,ka-zai", .groupUnknown("ka-zai")),
      ("1,,秘書課,,", .groupsUnclear("秘書課")), ("9,,総務課,採用,", .numberTaken), ("5,,0301,,", .disabled),
      ("6,,0301,,", .identityHeld), ("7,,0301,,", .numberShared),
    ])
  func mistakes(row: String, finding: TransferFinding) throws {
    var domain = try city()
    try domain.user(9, "gone", id: "9")
    try domain.user(5, "sleeping", id: "5", ["useraccountcontrol": ["514"]])
    try domain.user(6, "handed", id: "6", family: "前", given: "任")
    try domain.user(7, "twice", id: "7")
    try domain.user(8, "twice2", id: "71")
    domain.look(Self.rules)
    try domain.delete(9)
    try domain.user(6, "handed", id: "6", family: "後", given: "継")
    try domain.set(8, ["employeenumber": ["7"]])
    domain.look(Self.rules)
    let plan = try plan(domain, row + "\n3,,0301,,\n")
    #expect(plan.lines[0].findings.contains(finding) && !plan.lines[0].isRight && plan.lines[0].after == nil)
    #expect(finding.isFault && !finding.ja.isEmpty && !finding.en.isEmpty)
    #expect(plan.foreseen.outcomes.keys.map(\.text) == ["3"], "the other line stands")
  }

  @Test("a number in two lines, and a name of two departments, are told at the second")
  func twice() throws {
    var domain = try city()
    #expect(
      try plan(domain, "1,,0301,,\n1,,総務課,,\n").lines.map(\.findings.first) == [
        .someColleaguesIn("ka-zei-mynumber"), .numberTwice(line: 2),
      ])
    try domain.unit(205, "市民税課", below: SmallDomain.staff)
    #expect(try findings(domain, "1,,市民税課,,") == [.departmentShared("市民税課")])
    #expect(try findings(domain, "1,,税務部/市民税課,,") == [.someColleaguesIn("ka-zei-mynumber")])
  }

  @Test("worth knowing: nothing changes, no segment is left, the account is there")
  func notes() throws {
    let domain = try city()
    #expect(try findings(domain, "2,,総務課,,") == [.asBefore])
    #expect(try findings(domain, "2,,総務課,,telework") == [.withoutAccess])
    #expect(try findings(domain, "2,,0301,採用,").contains(.accountThere))
    for finding in [TransferFinding.asBefore, .withoutAccess, .accountThere, .accountMissing, .someColleaguesIn("x")] {
      #expect(!finding.isFault && !finding.ja.isEmpty && !finding.en.isEmpty)
    }
  }

  @Test("the same list over the same directory has one fingerprint, another outcome another")
  func fingerprint() throws {
    let domain = try city()
    let one = try plan(domain, "1,,0301,,\n")
    #expect(try plan(domain, "1,総務 1,税務部/市民税課,異動,\n").fingerprint == one.fingerprint)
    #expect(try plan(domain, "1,,0301,,ka-zei\n").fingerprint != one.fingerprint)
    #expect(try plan(domain, "2,,0301,,\n").fingerprint != one.fingerprint)
  }
}
