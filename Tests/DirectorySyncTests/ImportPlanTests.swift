import AuthTerms
import DirectorySync
import Testing

@Suite("what an import would change")
struct ImportPlanTests {
  private func people(_ count: Int) throws -> [ResolvedPerson] { try (1...count).map { try Sample.person("p-\($0 + 1000)") } }

  private func refusal(_ plan: ImportPlan, _ brake: Brake) -> ImportRefusal? {
    do throws(ImportRefusal) {
      try plan.check(brake)
      return nil
    } catch { return error }
  }

  @Test("the first import adds everybody and needs no confirmation")
  func first() throws {
    let plan = ImportPlan(current: [], snapshot: try Sample.snapshot(people(20)))
    #expect(plan.added.count == 20 && plan.changed.isEmpty && plan.disabledBecauseAbsent.isEmpty && plan.unchanged == 0)
    #expect(refusal(plan, Brake()) == nil)
  }

  @Test("the same snapshot twice changes nothing")
  func again() throws {
    let people = try people(20)
    let plan = ImportPlan(current: people, snapshot: try Sample.snapshot(people))
    #expect(plan.writes.isEmpty && plan.unchanged == 20 && plan.losingAccess.isEmpty)
  }

  @Test("an absent person is disabled and keeps everything else; a disabled one stays as he is")
  func absent() throws {
    var current = try people(100)
    current[1].isEnabled = false
    let plan = ImportPlan(current: current, snapshot: try Sample.snapshot(Array(current[2...])))
    let change = try #require(plan.disabledBecauseAbsent.first)
    #expect(plan.disabledBecauseAbsent.count == 1 && change.after.id == current[0].id && !change.after.isEnabled)
    #expect(change.after.differences(from: current[0]) == [.isEnabled])
    #expect(plan.unchanged == 99 && plan.losingAccess == [current[0].id] && plan.enabledBefore == 99)
    #expect(refusal(plan, Brake()) == nil)
  }

  @Test("who comes back under the same id is enabled again, with the same id")
  func returning() throws {
    var current = try people(3)
    current[0].isEnabled = false
    let plan = ImportPlan(current: current, snapshot: try Sample.snapshot(try people(3)))
    #expect(plan.changed.map(\.fields) == [[.isEnabled]] && plan.losingAccess.isEmpty)
  }

  @Test("each field is noticed", arguments: ResolvedPerson.Field.allCases)
  func fields(field: ResolvedPerson.Field) throws {
    let before = try Sample.person("p-1")
    var after = before
    switch field {
    case .account: after.account = try AccountName(parsing: "new")
    case .displayName: after.displayName = "職員"
    case .kana: after.kana = "シヨクイン"
    case .otherNames: after.otherNames = ["旧姓"]
    case .departments: after.departments = ["0401"]
    case .groups: after.groups = ["telework"]
    case .isEnabled: after.isEnabled = false
    case .firstDay: after.firstDay = 1
    case .lastDay: after.lastDay = 1
    case .hasManagedPassword: after.hasManagedPassword = true
    case .logonHours: after.logonHours = .never
    case .workstations: after.workstations = ["pc"]
    }
    #expect(after.differences(from: before) == [field])
    #expect(!field.ja.isEmpty)
  }

  @Test("a corrected character is a change even where Unicode calls the strings equal")
  func compatibility() throws {
    var before = try Sample.person("p-1")
    var after = before
    before.displayName = "\u{FA19}谷 一郎"
    after.displayName = "\u{795E}谷 一郎"
    #expect(before.displayName == after.displayName)  // canonical equivalence
    #expect(after.differences(from: before) == [.displayName])
  }

  @Test("an empty snapshot is refused, and once meant still needs the number")
  func empty() throws {
    let current = try people(40)
    let plan = ImportPlan(current: current, snapshot: DirectorySnapshot(people: [], groups: [], departments: []))
    #expect(refusal(plan, Brake()) == .empty)
    #expect(refusal(plan, Brake(confirmed: 40)) == .empty)
    #expect(refusal(plan, Brake(allowsEmpty: true)) == .tooManyLoseAccess(count: 40, enabled: 40, percent: 5))
    #expect(refusal(plan, Brake(confirmed: 40, allowsEmpty: true)) == nil)
  }

  @Test(
    "5 % pass, one more is refused", arguments: [(100, 5, true), (100, 6, false), (19, 1, false), (20, 1, true), (1, 1, false)])
  func limit(count: Int, leaving: Int, passes: Bool) throws {
    let current = try people(count)
    let newcomer = try Sample.person("p-9999")
    let plan = ImportPlan(current: current, snapshot: try Sample.snapshot(current[leaving...] + [newcomer]))
    #expect((refusal(plan, Brake()) == nil) == passes)
    #expect(refusal(plan, Brake(confirmed: leaving)) == nil)
    #expect(refusal(plan, Brake(confirmed: leaving + 1)) == .confirmationDiffers(confirmed: leaving + 1, count: leaving))
    #expect(refusal(plan, Brake(percent: 100)) == nil)
    #expect(refusal(plan, Brake(percent: -3)) != nil)
  }

  @Test("people disabled by the source and people who lost every group count as well: a group file cut short looks like that")
  func otherLosses() throws {
    let current = try people(10)
    var disabled = current
    disabled[0].isEnabled = false
    #expect(ImportPlan(current: current, snapshot: try Sample.snapshot(disabled)).losingAccess == [current[0].id])
    let groupless = try current.map { try Sample.person($0.id.text, groups: []) }
    let plan = ImportPlan(current: current, snapshot: try Sample.snapshot(groupless))
    #expect(plan.losingAccess.count == 10)
    #expect(refusal(plan, Brake()) == .tooManyLoseAccess(count: 10, enabled: 10, percent: 5))
    // A transfer is no loss.
    let moved = try current.map { try Sample.person($0.id.text, groups: ["seg-mynumber"]) }
    #expect(ImportPlan(current: current, snapshot: try Sample.snapshot(moved)).losingAccess.isEmpty)
  }

  @Test("the operator sees who loses access and why, up to a limit")
  func losses() throws {
    let current = try people(4)
    var after = Array(current[1...])
    after[0].isEnabled = false
    after[1].groups = []
    let plan = ImportPlan(current: current, snapshot: try Sample.snapshot(after))
    #expect(plan.losses.map(\.why) == [.absent, .disabled, .leftWithoutGroups])
    #expect(plan.losses.map(\.person) == plan.losingAccess)
    #expect(plan.lossLines().ja.count == 3 && plan.lossLines().en[0] == "\(current[0].id): absent, will be disabled")
    #expect(plan.lossLines(limit: 1).ja.last == "ほか 2 人" && plan.lossLines(limit: 1).en.last == "and 2 more")
  }

  @Test("an account under a new id is a new person, with a warning; so is a group cycle")
  func warnings() throws {
    let old = try Sample.person("p-1")
    var new = try Sample.person("p-2")
    new.account = old.account
    var snapshot = try Sample.snapshot([new])
    let group = try GroupName(parsing: "seg-lgwan")
    snapshot.groups = [DirectoryGroup(name: group, title: "t", parents: [group])]
    let plan = ImportPlan(current: [old], snapshot: snapshot)
    #expect(plan.warnings == [.groupCycle([group]), .accountMoved(old.account, from: old.id, to: new.id)])
    #expect(plan.added.map(\.id) == [new.id] && plan.disabledBecauseAbsent.map(\.after.id) == [old.id])
    for warning in plan.warnings { #expect(!warning.ja.isEmpty && !warning.en.isEmpty) }
  }

  @Test("the lists are in the order of the ids, and every refusal says in both languages that nothing was changed")
  func order() throws {
    let current = try people(30)
    let plan = ImportPlan(current: current.reversed(), snapshot: try Sample.snapshot(Array(people(60).reversed())))
    #expect(plan.added.map(\.id) == plan.added.map(\.id).sorted() && plan.added.count == 30)
    #expect(plan.summaryJa.hasPrefix("追加 30 人") && plan.summaryEn.hasPrefix("30 added"))
    for refusal in [
      ImportRefusal.empty, .tooManyLoseAccess(count: 1, enabled: 2, percent: 5), .confirmationDiffers(confirmed: 1, count: 2),
    ] {
      #expect(refusal.ja.contains("何も変更していません") && refusal.en.hasSuffix("Nothing was changed"))
    }
  }
}
