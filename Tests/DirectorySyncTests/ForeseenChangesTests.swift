import AuthTerms
import DirectorySync
import Testing

@Suite("a transfer that was approved beforehand counts against no limit, anything else does")
struct ForeseenChangesTests {
  private static let groups = AccessGroups(segments: [.lgwan: ["seg-lgwan"], .mynumber: ["seg-mynumber"]], named: ["telework"])

  private func city(_ count: Int) throws -> [ResolvedPerson] {
    try (0..<count).map { number in
      var person = try Sample.person("p-\(number)")
      person.departments = ["0401"]
      return person
    }
  }

  private func reasons(
    _ before: [ResolvedPerson], _ foreseen: ForeseenChanges, _ change: (inout [ResolvedPerson]) -> Void
  ) -> [HoldReason] {
    var after = before
    change(&after)
    return PlanEffects(of: ImportPlan(current: before, named: after), groups: Self.groups, foreseen: foreseen).reasons
  }

  private func foreseen(_ people: some Sequence<ResolvedPerson>, _ change: (inout ResolvedPerson) -> Void) -> ForeseenChanges {
    ForeseenChanges(
      Dictionary(
        uniqueKeysWithValues: people.map { person in
          var end = person
          change(&end)
          return (
            person.id, ForeseenChange(access: PersonAccess(end, groups: Self.groups), joins: ["ka-0402"], leaves: ["ka-0401"])
          )
        }))
  }

  @Test("the people it names move, in one step or in several; one more than the limit beside them is held")
  func moves() throws {
    let before = try city(100)
    let plan = foreseen(before.prefix(60)) {
      $0.departments = ["0402"]
      $0.groups = ["seg-mynumber", "telework"]
    }
    func move(_ people: inout [ResolvedPerson], _ range: Range<Int>) {
      for index in range {
        people[index].departments = ["0402"]
        people[index].groups = ["seg-mynumber", "telework"]
      }
    }
    #expect(reasons(before, plan) { move(&$0, 0..<60) } == [])
    #expect(reasons(before, plan) { for index in 0..<60 { $0[index].departments = ["0402"] } } == [])
    #expect(reasons(before, plan) { for index in 0..<60 { $0[index].groups.insert("seg-mynumber") } } == [])
    // A club is no rule's business.
    #expect(
      reasons(before, plan) {
        move(&$0, 0..<60); $0[0].groups.insert("club")
      } == [])
    #expect(reasons(before, plan) { move(&$0, 0..<70) } == [])
    #expect(
      reasons(before, plan) { move(&$0, 0..<91) } == [.gains(.mynumber, count: 31, limit: 10), .moves(count: 31, limit: 30)])
  }

  @Test("the same people on another way count: elsewhere, with other groups, or without any")
  func others() throws {
    let before = try city(100)
    let plan = foreseen(before.prefix(60)) { $0.departments = ["0402"] }
    #expect(
      reasons(before, plan) { for index in 0..<31 { $0[index].departments = ["0403"] } } == [.moves(count: 31, limit: 30)])
    #expect(
      reasons(before, plan) { for index in 0..<31 { $0[index].groups.insert("telework") } } == [.moves(count: 31, limit: 30)])
    #expect(
      reasons(before, plan) { for index in 0..<11 { $0[index].groups.insert("seg-mynumber") } }
        == [.gains(.mynumber, count: 11, limit: 10)])
    #expect(
      reasons(before, plan) { for index in 0..<11 { $0[index].isEnabled = false } } == [.losses(count: 11, limit: 10)])
    #expect(reasons(before, plan) { for index in 0..<11 { $0[index].groups = [] } } == [.losses(count: 11, limit: 10)])
    #expect(reasons(before, plan) { $0.removeFirst(11) } == [.short(named: 89, before: 100), .losses(count: 11, limit: 10)])
  }

  @Test("leavers leave by any way: disabled, without groups, or deleted; newcomers come in where they shall")
  func leaversAndNewcomers() throws {
    let before = try city(400)
    let all = try city(440)
    var outcomes = foreseen(before.prefix(30)) { $0.isEnabled = false }.outcomes
    outcomes.merge(foreseen(all.suffix(40)) { _ in }.outcomes) { first, _ in first }
    let plan = ForeseenChanges(outcomes)
    #expect(reasons(before, plan) { for index in 0..<30 { $0[index].isEnabled = false } } == [])
    #expect(reasons(before, plan) { for index in 0..<30 { $0[index].groups = [] } } == [])
    #expect(reasons(before, plan) { $0.removeFirst(30) } == [])
    #expect(reasons(before, plan) { for index in 18..<43 { $0[index].isEnabled = false } } == [.losses(count: 13, limit: 12)])
    #expect(reasons(before, plan) { $0 = all } == [])
    #expect(reasons(before, ForeseenChanges()) { $0 = all } == [.gains(.lgwan, count: 40, limit: 20)])
  }

  @Test("what is kept comes back, and nothing else is taken for it")
  func encoding() throws {
    let plan = foreseen(try city(3)) { $0.departments = ["0402", "0103"] }
    let bytes = plan.encoded
    #expect(try ForeseenChanges(parsing: bytes) == plan && plan.outcomes.count == 3)
    for cut in [1, 5, bytes.count - 3] {
      #expect(throws: MalformedInput.self) { try ForeseenChanges(parsing: Array(bytes.dropLast(cut))) }
    }
  }

  @Test("each person stands there once, enabled or not")
  func strict() throws {
    let bytes = foreseen(try city(1)) { _ in }.encoded
    #expect(throws: MalformedInput.self) { try ForeseenChanges(parsing: bytes + bytes) }
    // Behind id and name (4 + 3, 4 + 0 bytes) stand the length of the flag and its eight bytes.
    var other = bytes
    #expect(other[22] == 1)
    other[22] = 2
    #expect(throws: MalformedInput.self) { try ForeseenChanges(parsing: other) }
  }

  @Test("leavers that were approved do not use up how many single accounts may be disabled within an hour")
  func disabled() throws {
    let before = try city(100)
    let plan = foreseen(before.prefix(40)) { $0.isEnabled = false }
    var after = before
    for index in 0..<40 { after[index].isEnabled = false }
    var recent = RecentEffects()
    recent.take(
      PlanEffects(of: ImportPlan(current: before, named: after), groups: Self.groups, foreseen: plan), isApproved: false, at: 0)
    #expect(recent == RecentEffects())
    var next = after
    next[50].isEnabled = false
    let effects = PlanEffects(
      of: ImportPlan(current: after, named: next), groups: Self.groups, recent: recent, foreseen: plan)
    #expect(effects.passing.map(\.id.text) == ["p-50"])
  }
}
