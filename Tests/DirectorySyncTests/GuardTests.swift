import AuthTerms
import DirectorySync
import Testing

@Suite("how much one reading may change by itself")
struct GuardTests {
  private static let groups = AccessGroups(
    segments: [.lgwan: ["seg-lgwan"], .mynumber: ["seg-mynumber"]], named: ["telework"])

  /// So many people, each in LGWAN and in one department.
  private func city(_ count: Int) throws -> [ResolvedPerson] {
    try (0..<count).map { number in
      var person = try Sample.person("p-\(number)")
      person.departments = ["0401"]
      return person
    }
  }

  private func effects(
    _ before: [ResolvedPerson], _ after: [ResolvedPerson]
  ) -> (plan: ImportPlan, effects: PlanEffects) {
    let plan = ImportPlan(current: before, named: after)
    return (plan, PlanEffects(of: plan, groups: Self.groups))
  }

  private func reasons(_ count: Int, changing: Int, _ change: (inout ResolvedPerson) -> Void) throws -> [HoldReason] {
    let before = try city(count)
    var after = before
    for index in 0..<changing { change(&after[index]) }
    return effects(before, after).effects.reasons
  }

  @Test("losses: ten always may, then three in a hundred; one more is held")
  func losses() throws {
    #expect(try reasons(100, changing: 10) { $0.isEnabled = false } == [])
    #expect(try reasons(100, changing: 11) { $0.isEnabled = false } == [.losses(count: 11, limit: 10)])
    #expect(try reasons(1000, changing: 30) { $0.isEnabled = false } == [])
    #expect(try reasons(1000, changing: 31) { $0.isEnabled = false } == [.losses(count: 31, limit: 30)])
    // Left without a segment is a loss, whatever other groups there are.
    #expect(try reasons(1000, changing: 31) { $0.groups = ["club"] } == [.losses(count: 31, limit: 30)])
  }

  @Test("gains count for each segment, new people among them")
  func gains() throws {
    #expect(try reasons(1000, changing: 50) { $0.groups.insert("seg-mynumber") } == [])
    #expect(
      try reasons(1000, changing: 51) { $0.groups.insert("seg-mynumber") } == [.gains(.mynumber, count: 51, limit: 50)])
    let before = try city(100)
    let all = try city(111)
    #expect(effects(before, all).effects.reasons == [.gains(.lgwan, count: 11, limit: 10)])
    #expect(effects(before, Array(all.prefix(110))).effects.reasons == [])
    // Whoever is not enabled gains nothing.
    var sleeping = all
    for index in 100..<111 { sleeping[index].isEnabled = false }
    #expect(effects(before, sleeping).effects.reasons == [])
  }

  @Test("moves are departments, and groups that a rule names; other groups are nobody's business")
  func moves() throws {
    #expect(try reasons(1000, changing: 300) { $0.departments = ["0402"] } == [])
    #expect(try reasons(1000, changing: 301) { $0.departments = ["0402"] } == [.moves(count: 301, limit: 300)])
    #expect(try reasons(1000, changing: 301) { $0.groups.insert("telework") } == [.moves(count: 301, limit: 300)])
    #expect(try reasons(1000, changing: 1000) { $0.groups.insert("club") } == [])
    #expect(try reasons(1000, changing: 1000) { $0.displayName = "新しい名前" } == [])
  }

  @Test("a reading of nobody, and one of far fewer than before, are named as what they are")
  func short() throws {
    let before = try city(1000)
    #expect(effects(before, []).effects.reasons == [.empty, .losses(count: 1000, limit: 30)])
    #expect(
      effects(before, Array(before.prefix(899))).effects.reasons
        == [.short(named: 899, before: 1000), .losses(count: 101, limit: 30)])
    #expect(effects(before, Array(before.prefix(900))).effects.reasons == [.losses(count: 100, limit: 30)])
    #expect(effects([], before).effects.reasons == [], "a first reading has no limits")
  }

  @Test("who loses, leaves, gains and moves is told by id in both languages, the rest is counted")
  func lines() throws {
    let before = try city(6)
    var after = before
    after[0].isEnabled = false
    after[1].groups = ["seg-mynumber"]
    after[2].groups = ["club"]
    after[3].departments = ["0402"]
    let (plan, effects) = effects(before, Array(after.prefix(5)))
    #expect(effects.leaving[after[1].id] == [.lgwan] && effects.gaining == [.mynumber: [after[1].id]])
    let lines = effects.lines(of: plan)
    #expect(
      lines.en == [
        "p-0: disabled by the source", "p-2: left without any segment", "p-5: absent, will be disabled",
        "p-1: not let into lgwan any more", "p-1: let into mynumber", "p-3: another department or other groups",
      ])
    #expect(lines.ja.count == 6 && lines.ja[3] == "p-1: lgwan を使えなくなります")
    #expect(effects.lines(of: plan, limit: 2).en.last == "and 4 more" && effects.lines(of: plan, limit: 2).ja.last == "ほか 4 件")
  }

  @Test("what can be approved and what cannot; each reason says its numbers in both languages")
  func sentences() {
    let reasons: [HoldReason] = [
      .baseGone("職員"), .empty, .short(named: 1, before: 22), .losses(count: 3, limit: 44), .gains(.lgwan, count: 5, limit: 66),
      .moves(count: 7, limit: 88),
    ]
    #expect(reasons.map(\.canBeApproved) == [false, false, true, true, true, true])
    for (reason, number) in zip(reasons, ["職員", "", "22", "44", "66", "88"]) where !number.isEmpty {
      #expect(reason.ja.contains(number) && reason.en.contains(number))
    }
  }

  @Test("whom the source disabled passes whatever is held, as long as they are few")
  func disabledBySource() throws {
    let before = try city(20)
    var after = before
    for index in 0..<10 { after[index].isEnabled = false }
    let passing = effects(before, after).effects.passing
    #expect(Set(passing.map(\.id)) == Set(before.prefix(10).map(\.id)))
    #expect(passing.count(where: \.isEnabled) == 10, "as they are: the caller takes the access")
    #expect(effects(before, Array(after.prefix(15))).effects.passing.count == 10, "beside five who are absent")
    after[10].isEnabled = false
    #expect(effects(before, after).effects.passing.isEmpty)
  }

  @Test("an account that passes to another person is given up first, in a swap too")
  func accounts() throws {
    let before = try city(3)
    var after = before
    (after[0].account, after[1].account) = (before[1].account, before[0].account)
    var store: [AccountName: PersonID] = [:]
    func write(_ plan: ImportPlan) {
      for person in plan.writes {
        #expect(store[person.account] ?? person.id == person.id, "two people with one account")
        for (account, id) in store where id == person.id { store[account] = nil }
        store[person.account] = person.id
      }
    }
    write(ImportPlan(current: [], named: before))
    write(ImportPlan(current: before, named: after))
    #expect(store[before[0].account] == before[1].id && store[before[1].account] == before[0].id && store.count == 3)
    // To somebody new, from somebody who is gone and disabled already.
    var gone = after[2]
    gone.isEnabled = false
    var new = try Sample.person("p-9")
    new.account = gone.account
    let plan = ImportPlan(current: [after[0], after[1], gone], named: [after[0], after[1], new])
    write(plan)
    #expect(store[gone.account] == new.id && plan.losingAccess.isEmpty)
  }
}
