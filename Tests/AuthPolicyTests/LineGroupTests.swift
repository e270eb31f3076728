import AuthPolicy
import AuthTerms
import Testing

/// A line of a scenario that is for some of the segment's people only.
@Suite("lines for groups")
struct LineGroupTests {
  private static let open = "remote:\n  - card + password\n"
  private static let telework = "remote:\n  - {factors: card + password, groups: [telework]}\n"

  private func set(_ remote: String = telework, _ more: String = "") throws -> PolicySet {
    try Samples.set(Samples.lgwan.breaking(Self.open, remote) + more)
  }

  private func situation(_ groups: Set<String>, _ scenario: Scenario = .remote) throws -> Situation {
    try Situation(scenario, groups: groups)
  }

  @Test("the segment's group and the line's are both needed, and nothing else will do")
  func both() throws {
    let set = try set()
    func summary(_ groups: Set<String>) throws -> String {
      try set.decide(situation(groups).showing(Situation.card(), .password)).summary
    }
    #expect(try summary(["seg-lgwan", "telework"]) == "grant card+password AAL2 lgwan.yaml:11")
    #expect(try summary(["seg-lgwan"]) == "AP127 lgwan.yaml:11")
    #expect(try summary(["telework"]) == "AP107 lgwan.yaml:2")
    #expect(try summary(["seg-lgwan", "Telework", "telework ", "tele*"]) == "AP127 lgwan.yaml:11")
  }

  @Test("a refused clerk is refused by the card alone, before a password is asked for; the rule is a line")
  func byTheCard() throws {
    let set = try set()
    let request = try situation(["seg-lgwan"]).showing(Situation.card())
    #expect(set.decide(request).summary == "AP127 lgwan.yaml:11")
    let steps = set.explain(request).steps
    #expect(steps.last?.subject == .lineGroups && steps.last?.result == .failed)
    #expect(steps.last?.en == "The person is in no group that a line of this scenario is for")
    #expect(steps.last?.ja == "この場面の規則の対象グループに入っていません")
    #expect(try set.decide(situation(["seg-lgwan"], .logon).showing(Situation.card())).isGrant, "at her desk nothing changes")
  }

  @Test("before a card is shown, everybody is told the same")
  func stranger() throws {
    let set = try set()
    var morning = try situation([])
    morning.request.person = nil
    #expect(set.decide(morning.request).summary == "needs card+password lgwan.yaml:11")
    #expect(set.combinations(segment: .lgwan, scenario: .remote, person: nil).count == 1)
  }

  @Test("a line for others is not there: not offered, not asked for, not granted")
  func mixed() throws {
    let set = try set("remote:\n  - card + password\n  - {factors: card + pin, groups: [night-watch, telework]}\n")
    let clerk = try situation(["seg-lgwan"])
    let watch = try situation(["seg-lgwan", "night-watch"])
    #expect(try set.decide(clerk.showing(Situation.card())).summary == "needs password lgwan.yaml:11")
    #expect(try set.decide(watch.showing(Situation.card())).summary == "grant card+pin AAL2 lgwan.yaml:12")
    #expect(try set.decide(watch.showing(Situation.card(.publicKey))).summary == "needs password lgwan.yaml:11")
    let offered = [clerk, watch].map { set.combinations(segment: .lgwan, scenario: .remote, person: $0.request.person).count }
    #expect(offered == [1, 2])
  }

  @Test("a palm for some, and the way without a palm for the same people")
  func palm() throws {
    let text = Samples.lgwan.breaking(
      "- (card + password) or palm",
      "- {factors: palm, groups: [counter, night-watch]}\n  - {factors: card + password, groups: [counter, night-watch, desk]}")
    #expect(Samples.faults(text) == [])
  }

  @Test("a line that a deny rule always refuses is a warning; by hours or place it is none")
  func unreachable() throws {
    func warnings(_ deny: String) throws -> [String] {
      try set(Self.telework, "deny:\n  - {reason: R, \(deny)}\n").warnings.map(\.place)
    }
    #expect(try warnings("groups: [telework]") == ["PF415 lgwan.yaml:11:1"])
    #expect(try warnings("groups: [telework], hours: [daily 19:00-24:00]") == [])
    #expect(try warnings("groups: [telework], workstations: [LGWAN-PC-0042]") == [])
    #expect(try warnings("groups: [other]") == [])
    #expect(try warnings("groups: [seg-lgwan]").map { $0.prefix(5) } == ["PF415", "PF415", "PF415", "PF415"])
  }

  @Test("with the directory at hand: groups of nobody, and lines of nobody")
  func directory() throws {
    let set = try set()
    func warnings(_ memberships: [Set<String>]) -> [String] { set.warnings(knowing: memberships).map(\.place) }
    #expect(warnings([["seg-lgwan", "telework"], ["seg-lgwan"]]) == [])
    #expect(warnings([["seg-lgwan"]]) == ["PF415 lgwan.yaml:11:1", "PF416 lgwan.yaml:11:1"])
    #expect(warnings([["seg-lgwan"], ["telework"]]) == ["PF415 lgwan.yaml:11:1"])
    #expect(try self.set(Self.open).warnings(knowing: [["seg-lgwan"]]) == [])
  }
}
