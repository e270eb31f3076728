import AuthTerms
import DirectorySync
import Testing

@Suite("what the last hour did counts with what a reading would do")
struct RecentEffectsTests {
  private static let groups = AccessGroups(segments: [.lgwan: ["seg-lgwan"], .mynumber: ["seg-mynumber"]])
  private static let hour = RecentEffects.windowMilliseconds

  /// A store that readings are put in force in, or held, as the server does it.
  private struct Town {
    var people: [ResolvedPerson]
    var recent = RecentEffects()
    var now: Int64 = 1_800_000_000_000

    init(_ count: Int) throws {
      people = try (0..<count).map { number in
        var person = try Sample.person("p-\(number)")
        person.departments = ["0401"]
        return person
      }
    }

    /// - Returns: why it was held; empty: it is in force.
    mutating func read(approved: Bool = false, _ change: (inout [ResolvedPerson]) -> Void) throws -> [HoldReason] {
      var after = people
      change(&after)
      let plan = ImportPlan(current: people, named: after)
      var kept = try RecentEffects(parsing: recent.encoded)
      #expect(kept == recent)
      kept.forget(at: now)
      let effects = PlanEffects(of: plan, groups: RecentEffectsTests.groups, recent: kept)
      guard effects.reasons.isEmpty || approved else { return effects.reasons }
      kept.take(effects, isApproved: approved, at: now)
      recent = kept
      let named = Set(after.map(\.id))
      people = after + plan.disabledBecauseAbsent.map(\.after).filter { !named.contains($0.id) }
      return []
    }
  }

  @Test("thirty who lose access one by one are the limit of a thousand; the next one is held, and an hour later it is not")
  func losses() throws {
    var town = try Town(1000)
    for index in 0..<30 {
      #expect(try town.read { $0[index].groups = [] } == [])
      town.now += 2000
    }
    #expect(try town.read { $0[30].groups = [] } == [.losses(count: 31, limit: 30)])
    let first = town.recent.nextEnd
    #expect(first == 1_800_000_000_000 + Self.hour)
    town.now = (first ?? 0) - 1
    #expect(try town.read { $0[30].groups = [] } == [.losses(count: 31, limit: 30)])
    town.now += 1
    #expect(try town.read { $0[30].groups = [] } == [])
  }

  @Test("what takes nothing from anybody passes, whatever was before it")
  func harmless() throws {
    var town = try Town(100)
    #expect(try town.read { for index in 0..<10 { $0[index].groups = [] } } == [])
    #expect(try town.read { $0[50].displayName = "新しい名前" } == [])
    #expect(try town.read { $0[50].departments = ["0402"] } == [])
    #expect(try town.read { $0[50].groups = [] } == [.losses(count: 11, limit: 10)])
  }

  @Test("who is let in again has lost nothing, and who is put out again has gained nothing")
  func undone() throws {
    var town = try Town(100)
    #expect(try town.read { for index in 0..<10 { $0[index].groups = [] } } == [])
    #expect(
      try town.read { for index in 0..<10 { $0[index].groups = ["seg-lgwan"] } } == [], "ten who gain are within the limit")
    #expect(try town.read { for index in 20..<30 { $0[index].groups = [] } } == [])

    town = try Town(100)
    #expect(try town.read { for index in 0..<10 { $0[index].groups.insert("seg-mynumber") } } == [])
    #expect(try town.read { $0[10].groups.insert("seg-mynumber") } == [.gains(.mynumber, count: 11, limit: 10)])
    #expect(try town.read { $0[0].groups.remove("seg-mynumber") } == [])
    #expect(try town.read { $0[10].groups.insert("seg-mynumber") } == [])
  }

  @Test("gains of each segment and moves add up too, a person once")
  func gainsAndMoves() throws {
    var town = try Town(1000)
    for start in [0, 25] {
      #expect(try town.read { for index in start..<start + 25 { $0[index].groups.insert("seg-mynumber") } } == [])
    }
    #expect(try town.read { $0[50].groups.insert("seg-mynumber") } == [.gains(.mynumber, count: 51, limit: 50)])
    town = try Town(1000)
    #expect(try town.read { for index in 0..<300 { $0[index].departments = ["0402"] } } == [])
    #expect(try town.read { for index in 0..<300 { $0[index].departments = ["0403"] } } == [], "the same people")
    #expect(try town.read { $0[300].departments = ["0403"] } == [.moves(count: 301, limit: 300)])
  }

  @Test("what two people approved does not count afterwards")
  func approved() throws {
    var town = try Town(100)
    #expect(try town.read(approved: true) { for index in 0..<40 { $0[index].groups = [] } } == [])
    #expect(try town.read { for index in 40..<50 { $0[index].groups = [] } } == [])
    #expect(try town.read { $0[50].groups = [] } == [.losses(count: 11, limit: 10)])
  }

  @Test("whom the source disables passes one by one, until they are as many as may be lost in an hour")
  func disabled() throws {
    var town = try Town(400)
    func passing() -> Int {
      var after = town.people
      after[300].isEnabled = false
      return PlanEffects(
        of: ImportPlan(current: town.people, named: after), groups: Self.groups, recent: town.recent
      ).passing.count
    }
    #expect(try town.read { for index in 0..<12 { $0[index].groups = [] } } == [])
    #expect(passing() == 1, "other losses do not stop it")
    town.recent.takeDisabled(town.people[100..<111].map(\.id), at: town.now)
    #expect(passing() == 1)
    town.recent.takeDisabled([town.people[111].id], at: town.now)
    #expect(passing() == 0)
    town.recent.forget(at: town.now + Self.hour)
    #expect(passing() == 1 && town.recent == RecentEffects())
  }

  @Test("who was disabled within the hour and is enabled again, otherwise as before, is let in whatever is held")
  func returning() throws {
    var town = try Town(100)
    town.people[0].isEnabled = false
    town.people[1].isEnabled = false
    town.recent.takeDisabled([town.people[0].id], at: town.now)
    func returning(_ change: (inout [ResolvedPerson]) -> Void) -> [String] {
      var after = town.people
      change(&after)
      return PlanEffects(
        of: ImportPlan(current: town.people, named: after), groups: Self.groups, recent: town.recent
      ).returning.filter(\.isEnabled).map(\.id.text)
    }
    #expect(returning { $0[0].isEnabled = true } == ["p-0"])
    #expect(
      returning {
        $0[0].isEnabled = true; $0[0].groups = ["seg-mynumber"]
      } == [], "with more than she had")
    #expect(returning { $0[1].isEnabled = true } == [], "disabled long ago")
    town.recent.takeDisabled([], returned: [town.people[0].id], at: town.now)
    #expect(returning { $0[0].isEnabled = true } == [] && town.recent == RecentEffects())
  }

  @Test("what was kept and is not whole is refused", arguments: [1, 4, 7])
  func malformed(cut: Int) throws {
    var town = try Town(100)
    #expect(try town.read { $0[0].groups = [] } == [])
    let bytes = town.recent.encoded
    #expect(!bytes.isEmpty && town.recent.nextEnd != nil)
    #expect(throws: MalformedInput.self) { try RecentEffects(parsing: Array(bytes.dropLast(cut))) }
    #expect(throws: MalformedInput.self) {
      try RecentEffects(parsing: bytes.map { $0 == UInt8(ascii: "l") ? UInt8(ascii: "x") : $0 })
    }
  }
}
