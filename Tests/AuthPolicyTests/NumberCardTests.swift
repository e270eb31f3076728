import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Testing

/// Cards that tell a number alone: under a waiver in LGWAN, never in My Number, and a floor for chips.
@Suite("cards with a number alone")
struct NumberCardTests {
  private static let waiver =
    "waivers:\n  - {waiver: identifier-as-possession, from: 2026-08-15, until: 2026-09-14, approvers: [A, B], reason: 更新待ち}\n"
  private static let numbers = Samples.lgwan.replacingOccurrences(of: "proof: pk", with: "proof: identifier") + waiver

  private func signed(_ set: PolicySet) -> Set<WaiverHash> { Set(set.waivers.map(\.hash)) }

  @Test("My Number takes no number, whoever signs: the rules do not load, and a changed set is found by its proof")
  func myNumber() throws {
    let text = Self.numbers.breaking("segment: lgwan", "segment: mynumber")
    let faults = Samples.faults(segment: "mynumber", text)
    #expect(faults.map(\.place) == ["PF405 mynumber.yaml:3:15"])
    #expect(faults.first?.en.contains("pk") == true)

    // Past the compiler: the evaluator and the proof of the floor say no by themselves.
    let shipped = try Samples.compile(Samples.shipped())
    var rules = try #require(shipped.rules[.mynumber])
    rules.proofFloor = .identifier
    rules.waivers = [
      try Waiver(
        segment: .mynumber, name: .identifierAsPossession, from: Samples.today, until: Samples.today + 30,
        approvers: [OperatorID(parsing: "A"), OperatorID(parsing: "B")], reason: "R",
        rule: RuleID(file: "mynumber.yaml", line: 30), digest: { Array(SHA256.hash(data: $0)) })
    ]
    let set = shipped.replacing(rules)
    var morning = try Situation(segment: .mynumber)
    morning.request.approvedWaivers = signed(set)
    #expect(try set.decide(morning.showing(Situation.card(.identifier), .password)).summary == "AP157 mynumber.yaml:7")
    #expect(set.numberCards(.mynumber, on: Samples.today, approved: signed(set)) == .notTaken)
    #expect(set.lastDayOfNumberCards(.mynumber) == nil)
  }

  @Test(
    "what a number is, on each day, signed and not",
    arguments: [
      (-1, true, "notTaken"), (0, true, "taken"), (30, true, "taken"), (31, true, "over"), (0, false, "notTaken"),
      (31, false, "over"),
    ])
  func standing(day: Int, isSigned: Bool, expected: String) throws {
    let set = try Samples.set(Self.numbers)
    let standing = set.numberCards(.lgwan, on: Samples.today + day, approved: isSigned ? signed(set) : [])
    switch standing {
    case .taken(let waiver):
      let hash = try #require(set.waivers.first).hash.hex
      #expect(expected == "taken" && waiver.description == "identifier-as-possession@" + hash.prefix(16))
    case .notTaken: #expect(expected == "notTaken")
    case .over: #expect(expected == "over")
    }
  }

  @Test("without a waiver for it, in a segment that is not there, or with a better floor there is no last day and no number")
  func never() throws {
    let set = try Samples.set(Self.numbers)
    #expect(set.lastDayOfNumberCards(.lgwan)?.text == "2026-09-14")
    #expect(set.lastDayOfNumberCards(.lgwan)?.day == Samples.today + 30)
    let other = try Segment(parsing: "other")
    #expect(set.lastDayOfNumberCards(other) == nil && set.numberCards(other, on: 0, approved: []) == .notTaken)
    let strong = try Samples.set(Samples.lgwan + Self.waiver)
    #expect(strong.numberCards(.lgwan, on: Samples.today, approved: signed(strong)) == .notTaken)
    #expect(strong.lastDayOfNumberCards(.lgwan) == nil && strong.warnings.map(\.code).contains("PF412"))
  }

  @Test("the oldest chip is a word of the rules; another word is a fault", arguments: FelicaGeneration.allCases)
  func generation(oldest: FelicaGeneration) throws {
    let text = Samples.lgwan.breaking("on-removal: nothing", "on-removal: nothing, felica-generation: \(oldest.name)")
    #expect(try Samples.set(text).felicaGeneration(.lgwan) == oldest)
    #expect(try Samples.set(Samples.lgwan).felicaGeneration(.lgwan) == nil)
    for wrong in ["AES", "new", "2017"] {
      let text = Samples.lgwan.breaking("on-removal: nothing", "on-removal: nothing, felica-generation: \(wrong)")
      #expect(Samples.faults(text).map(\.code) == ["PF208"])
    }
  }

  @Test("the example of a city with cards as they are: right, one waiver unsigned, and nothing of it in My Number")
  func example() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let sources = try ["organisation", "mynumber", "lgwan"].map { name in
      let url = root.appendingPathComponent("policies/examples/existing-cards/\(name).yaml")
      return PolicySource(name: name + ".yaml", bytes: Array(try Data(contentsOf: url)))
    }
    let day = try #require(Samples.compile(sources).lastDayOfNumberCards(.lgwan)).day
    let set = try Samples.compile(sources, today: day)
    #expect(set.warnings.map(\.code) == ["PF417"] && set.felicaGeneration(.lgwan) == .aes)
    #expect(set.cardFloor(.mynumber) == .publicKey && set.lastDayOfNumberCards(.mynumber) == nil)
    var morning = try Situation()
    morning.request.local = LocalTime(weekday: 1, minuteOfDay: 540, day: day)
    let shown = morning.showing(try Situation.card(.identifier), .password)
    #expect(set.decide(shown).summary.hasPrefix("AP157 lgwan.yaml:"))
    var taken = shown
    taken.approvedWaivers = signed(set)
    #expect(set.decide(taken).summary.contains("waivers identifier-as-possession"))
    taken.local = LocalTime(weekday: 1, minuteOfDay: 540, day: day + 1)
    #expect(set.decide(taken).summary.hasPrefix("AP158 lgwan.yaml:"))
    #expect(set.decide(morning.showing(try Situation.card(.publicKey), .password)).isGrant, "a better card goes on")
  }
}
