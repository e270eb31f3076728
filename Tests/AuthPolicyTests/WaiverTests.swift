import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Testing

/// Time-limited exceptions: on their days, signed by their approvers, and marked.
@Suite("waivers")
struct WaiverTests {
  private static let numbers =
    Samples.lgwan.replacingOccurrences(of: "proof: pk", with: "proof: identifier")
    + "waivers:\n  - {waiver: identifier-as-possession, from: 2026-08-15, until: 2026-09-14, approvers: [A], reason: 更新待ち}\n"
  private static let phase = Samples.lgwan.replacingOccurrences(of: "- card + pin", with: "- card") + Breaks.waiver

  private func signed(_ set: PolicySet) -> Set<WaiverHash> { Set(set.waivers.map(\.hash)) }

  @Test(
    "a waiver for numbers of cards holds on its days and marks each row",
    arguments: [(-1, "AP157"), (0, nil), (30, nil), (31, "AP158")] as [(Int, String?)])
  func identifierAsPossession(day: Int, refused: String?) throws {
    // 2026-08-15 … 2026-09-14
    let set = try Samples.set(Self.numbers)
    var morning = try Situation()
    morning.request.local = LocalTime(weekday: 1, minuteOfDay: 540, day: Samples.today + day)
    morning.request.approvedWaivers = signed(set)
    let expected =
      refused.map { $0 + " lgwan.yaml:3" } ?? "grant card+password AAL1 lgwan.yaml:7 waivers identifier-as-possession"
    #expect(try set.decide(morning.showing(Situation.card(.identifier), .password)).summary == expected)
    // A better card needs no waiver and gets no mark.
    #expect(try set.decide(morning.showing(Situation.card())).summary == "grant card+pin AAL2 lgwan.yaml:6")
  }

  @Test("an introduction phase ends by itself", arguments: [(0, true), (17, true), (18, false)])
  func introductionPhase(day: Int, holds: Bool) throws {
    // … 2026-09-01
    let set = try Samples.set(Self.phase)
    var morning = try Situation()
    morning.request.local = LocalTime(weekday: 1, minuteOfDay: 540, day: Samples.today + day)
    morning.request.approvedWaivers = signed(set)
    let expected = holds ? "grant card AAL1 lgwan.yaml:6 waivers introduction-phase" : "needs password lgwan.yaml:7"
    #expect(try set.decide(morning.showing(Situation.card())).summary == expected)
    // Whoever shows two kinds is granted without it.
    #expect(
      try set.decide(morning.showing(Situation.card(), .password)).summary == "grant card+password AAL2 lgwan.yaml:7")
  }

  @Test("what nobody has signed is not there: neither accepted nor offered")
  func unsigned() throws {
    let numbers = try Samples.set(Self.numbers)
    let morning = try Situation()
    #expect(try numbers.decide(morning.showing(Situation.card(.identifier), .password)).summary == "AP157 lgwan.yaml:3")
    let phase = try Samples.set(Self.phase)
    #expect(try phase.decide(morning.showing(Situation.card())).summary == "needs password lgwan.yaml:7")
    func offered(_ approved: Set<WaiverHash>) -> [[String]] {
      phase.combinations(segment: .lgwan, scenario: .logon, groups: nil, on: Samples.today, approved: approved).map(\.names)
    }
    #expect(offered([]) == [["card", "password"]])
    #expect(offered(signed(phase)) == [["card"], ["card", "password"]])
    // The signatures under another waiver are signatures under another waiver.
    var other = morning
    other.request.approvedWaivers = signed(numbers)
    #expect(try phase.decide(other.showing(Situation.card())).summary == "needs password lgwan.yaml:7")
  }

  @Test("the row names the very waiver")
  func mark() throws {
    let set = try Samples.set(Self.phase)
    var morning = try Situation()
    morning.request.approvedWaivers = signed(set)
    guard case .grant(let grant) = try set.decide(morning.showing(Situation.card())) else {
      Issue.record("no grant")
      return
    }
    let hash = try #require(set.waivers.first).hash
    #expect(grant.waivers.map(\.description) == ["introduction-phase@" + hash.hex.prefix(16)])
  }

  @Test(
    "the hash changes with whatever is signed, and with nothing else",
    arguments: [
      ("until: 2026-09-01", "until: 2026-09-02", true), ("from: 2026-07-01", "from: 2026-07-02", true),
      ("approvers: [A]", "approvers: [B]", true), ("approvers: [A]", "approvers: [A, B]", true),
      ("reason: R", "reason: r", true), ("introduction-phase", "identifier-as-possession", true),
      ("waivers:", "# moved\nwaivers:", false), ("at-once: 2", "at-once: 1", false), ("reason: R", "reason: \"R\"", false),
    ])
  func hash(old: String, new: String, changes: Bool) throws {
    let before = try Samples.set(Self.phase)
    let text = Self.phase.breaking(old, new)
    // The phase's own line would be below the floor without it; what is hashed is the waiver alone.
    let after = try Samples.set(text.replacingOccurrences(of: "  - card\n", with: "  - card + pin\n"))
    #expect((before.waivers.map(\.hash) != after.waivers.map(\.hash)) == changes)
  }

  @Test("the hash of another segment's waiver is another; canonical bytes as a separate program writes them")
  func canonicalBytes() throws {
    let elsewhere = try Samples.set(segment: "branch", Self.phase.breaking("segment: lgwan", "segment: branch"))
    #expect(try Samples.set(Self.phase).waivers.map(\.hash) != elsewhere.waivers.map(\.hash))
    let bytes = Waiver.canonicalBytes(
      segment: "lgwan", waiver: "introduction-phase", from: "2026-07-01", until: "2026-09-01",
      approvers: ["yamada", "suzuki"], reason: "導入")
    #expect(
      Hex.encode(bytes) == "0000000f73616e6d6f6e2f7761697665722f31000000056c6777616e00000012696e74726f64756374696f6e2d"
        + "70686173650000000a323032362d30372d30310000000a323032362d30392d3031000000080000000000000002"
        + "0000000679616d6164610000000673757a756b6900000006e5b08ee585a5")
    let text = Self.phase.breaking("approvers: [A], reason: R", "approvers: [yamada, suzuki], reason: 導入")
    #expect(
      try Samples.set(text).waivers.map(\.hash.hex) == ["074462874f883a54673126f421411a9228a4e934b519bad55afea8814b79ba66"])
  }

  @Test(
    "the parameters of the act say what the file says, dates included", arguments: [0, 1, 58, 59, 60, 365, 366, 20_512, 84_005])
  func parameters(day: Int) throws {
    let waiver = try Waiver(
      segment: .lgwan, name: .introductionPhase, from: day, until: day, approvers: [OperatorID(parsing: "a")], reason: "R",
      rule: RuleID(file: "lgwan.yaml", line: 1), digest: { Array(SHA256.hash(data: $0)) })
    let expected = [
      0: "1970-01-01", 1: "1970-01-02", 58: "1970-02-28", 59: "1970-03-01", 60: "1970-03-02", 365: "1971-01-01",
      366: "1971-01-02", 20_512: "2026-02-28", 84_005: "2199-12-31",
    ]
    #expect(waiver.parameters["from"] == expected[day] && waiver.parameters["until"] == expected[day])
    #expect(waiver.parameters.keys.sorted() == ["approvers", "from", "hash", "reason", "segment", "until", "waiver"])
  }

  @Test("every day of two centuries is written as it is read")
  func dates() throws {
    let text = Samples.lgwan + Breaks.waiver
    for (from, until) in [("2000-02-29", "2000-03-01"), ("2028-02-29", "2028-02-29"), ("2099-12-31", "2100-01-01")] {
      let set = try Samples.set(text.breaking("2026-07-01", from).breaking("2026-09-01", until), today: 0)
      #expect(set.waivers.map(\.parameters["from"]) == [from] && set.waivers.map(\.parameters["until"]) == [until])
    }
  }

  @Test("a waiver that is not signed, signed, ended or unneeded is a warning, so that the server starts whatever the day")
  func warnings() throws {
    let unneeded = try Samples.set(Samples.lgwan + Breaks.waiver)
    #expect(unneeded.warnings.map(\.code) == ["PF412", "PF417"])
    let ended = try Samples.set(Self.phase, today: Samples.today + 60)
    #expect(ended.warnings.map(\.code) == ["PF410"])
    #expect(ended.warnings.first?.severity == .warning)
    let set = try Samples.set(Self.phase)
    let hash = try #require(set.waivers.first).hash.hex
    let unsigned = try #require(set.warnings.first)
    #expect(unsigned.place == "PF417 lgwan.yaml:13:5" && unsigned.en.contains(hash) && unsigned.ja.contains(hash))
    #expect(unsigned.en.contains("it needs 1 signature)") && unsigned.ja.contains("1 人"))
    func codes(_ day: Int, _ segments: [Segment]? = nil) -> [String] {
      set.warnings(on: Samples.today + day, approved: signed(set), segments: segments).map(\.code)
    }
    #expect(codes(0) == ["PF411"] && codes(17) == ["PF411"] && codes(18) == ["PF410"])
    #expect(codes(0, [.mynumber]) == [] && codes(0, [.lgwan]) == ["PF411"])
  }

  @Test("My Number: two different people")
  func twoApprovers() throws {
    let text = Samples.lgwan.breaking("segment: lgwan", "segment: mynumber") + Breaks.waiver
    #expect(Samples.faults(segment: "mynumber", text).map(\.code) == ["PF407"])
    #expect(
      Samples.faults(segment: "mynumber", text.breaking("approvers: [A]", "approvers: [A, A]")).map(\.code).contains("PF212"))
    #expect(Samples.faults(segment: "mynumber", text.breaking("approvers: [A]", "approvers: [A, B]")).isEmpty)
  }
}
