import AuthPolicy
import AuthTerms
import Foundation
import Testing

/// Each code a decision can carry, and the order in which they are told.
@Suite("refusals")
struct RefusalTests {
  let set: PolicySet

  init() throws { set = try Samples.compile(Samples.shipped()) }

  private func code(_ situation: Situation, _ proofs: Proof...) -> String {
    var request = situation.request
    request.proofs += proofs
    switch set.decide(request) {
    case .deny(let denial): return denial.code.rawValue + " " + denial.rule.description
    case let other: return other.summary
    }
  }

  @Test func workstationRevoked() throws {
    var morning = try Situation()
    morning.request.workstation.isRevoked = true
    #expect(try code(morning, Situation.card()) == "AP120 builtin:workstation")
  }

  @Test func segmentNotServed() throws {
    let morning = try Situation(segment: try Segment(parsing: "elsewhere"))
    #expect(try code(morning, Situation.card()) == "AP123 builtin:segment")
  }

  @Test("what no rule names is denied", arguments: [(Segment.mynumber, Scenario.remote), (.lgwan, .release), (.lgwan, .admin)])
  func noRule(segment: Segment, scenario: Scenario) throws {
    #expect(try code(Situation(scenario, segment: segment), Situation.card(), .password) == "AP113 \(segment).yaml:2")
  }

  @Test("throttled until the moment, not after", arguments: [(-1, false), (0, true), (1, true)])
  func throttled(second: Int64, isFree: Bool) throws {
    var morning = try Situation()
    morning.request.throttledUntil = Situation.moment(0)
    morning.request.now = Situation.moment(second)
    #expect(try (code(morning, Situation.card()) == "AP111 builtin:throttle") != isFree)
  }

  @Test func throttledForGood() throws {
    var morning = try Situation()
    morning.request.throttledUntil = Throttle.never
    morning.request.now = Situation.moment(1 << 40)
    #expect(try code(morning, Situation.card()) == "AP111 builtin:throttle")
  }

  @Test("a proof of nobody proves nothing", arguments: [Proof.password, .code, .palm(falseMatchExponent: 9)])
  func proofsWithoutPerson(proof: Proof) throws {
    var morning = try Situation()
    morning.request.person = nil
    #expect(code(morning, proof) == "AP100 builtin:one-person-one-card")
  }

  @Test func twoCards() throws {
    let other = Proof.card(try CardID(parsing: "card-2"), .publicKeyWithPIN, .active)
    #expect(try code(Situation(), Situation.card(), other) == "AP100 builtin:one-person-one-card")
  }

  @Test func cardLostOrSuspended() throws {
    #expect(try code(Situation(), Situation.card(.publicKeyWithPIN, .lost)) == "AP105 builtin:card")
    #expect(try code(Situation(), Situation.card(.publicKeyWithPIN, .suspended)) == "AP106 builtin:card")
  }

  @Test(
    "a card that is not active is refused with what became of it",
    arguments: [
      (CardState.forgotten, "AP186"), (.revoked, "AP187"), (.collected, "AP187"), (.destroyed, "AP187"),
    ])
  func cardOutOfUse(state: CardState, expected: String) throws {
    #expect(try code(Situation(), Situation.card(.publicKeyWithPIN, state)) == "\(expected) builtin:card")
    // Also one of the stock that nobody has.
    var morning = try Situation()
    (morning.request.person, morning.request.loan) = (nil, LoanFacts(lastDay: nil))
    #expect(try code(morning, Situation.card(.publicKeyWithPIN, state)) == "\(expected) builtin:card")
  }

  @Test("a loan holds until the end of its last day", arguments: [(-1, "AP185 builtin:card"), (0, nil), (1, nil)])
  func loan(daysLeft: Int, expected: String?) throws {
    var morning = try Situation()
    morning.request.loan = LoanFacts(lastDay: morning.request.local.day + daysLeft)
    let decided = try code(morning, Situation.card())
    #expect(expected == nil ? !decided.hasPrefix("AP") : decided == expected)
  }

  @Test("a card that was lent is refused until its holder has set a PIN at the desk; a loan that is over says so first")
  func loanWithoutPIN() throws {
    var morning = try Situation()
    let day = morning.request.local.day
    morning.request.loan = LoanFacts(lastDay: day, awaitsPIN: true)
    #expect(try code(morning, Situation.card()) == "AP205 builtin:card")
    morning.request.loan = LoanFacts(lastDay: day - 1, awaitsPIN: true)
    #expect(try code(morning, Situation.card()) == "AP185 builtin:card")
    morning.request.loan = LoanFacts(lastDay: nil, awaitsPIN: true)
    #expect(try code(morning, Situation.card()) == "AP184 builtin:card")
    morning.request.loan = LoanFacts(lastDay: day)
    #expect(try !code(morning, Situation.card()).hasPrefix("AP"))
  }

  @Test("somebody from outside for whom nobody answers is refused, whatever is shown; who is disabled hears that first")
  func unanswered() throws {
    var morning = try Situation()
    morning.request.person?.isAnswered = false
    #expect(try code(morning, Situation.card()) == "AP204 builtin:account")
    #expect(try code(morning, Situation.card(), .password) == "AP204 builtin:account")
    morning.request.person?.isEnabled = false
    #expect(try code(morning, Situation.card()) == "AP103 builtin:account")
  }

  @Test("a card of the stock speaks for nobody until it is lent, whatever else is shown")
  func stock() throws {
    var morning = try Situation()
    morning.request.loan = LoanFacts(lastDay: nil)
    #expect(try code(morning, Situation.card()) == "AP184 builtin:card")
    morning.request.person = nil
    #expect(try code(morning, Situation.card()) == "AP184 builtin:card")
    #expect(try code(morning, Situation.card(), .password) == "AP184 builtin:card")
    #expect(code(morning, .password) == "AP100 builtin:one-person-one-card")
    morning.request.loan = LoanFacts(lastDay: morning.request.local.day)
    #expect(try code(morning, Situation.card()) == "AP100 builtin:card", "lent to somebody who is not there any more")
  }

  @Test func accountDisabled() throws {
    var morning = try Situation()
    morning.request.person?.isEnabled = false
    #expect(try code(morning, Situation.card()) == "AP103 builtin:account")
  }

  @Test("disabled in the directory, which was asked now, though it was not when it was read")
  func disabledNow() throws {
    var morning = try Situation()
    morning.request.directory = DirectoryFacts(silentSeconds: 0, saysDisabled: true)
    #expect(code(morning, try Situation.card()) == "AP103 builtin:account")
    morning.request.directory?.saysDisabled = false
    #expect(code(morning, try Situation.card()) != "AP103 builtin:account")
  }

  @Test(
    "a directory that is silent for longer than the segment allows lets nobody in; the limit itself does",
    arguments: [(nil, 96 * 3600), ("directory: {oldest-hours: 1}\n", 3600), ("directory: {oldest-hours: 720}\n", 720 * 3600)]
      as [(String?, Int64)])
  func directoryTooOld(line: String?, limit: Int64) throws {
    let text = try Samples.shipped().first { $0.name == "lgwan.yaml" }.map { String(decoding: $0.bytes, as: UTF8.self) }
    let set = try Samples.set(try #require(text).breaking("segment: lgwan\n", "segment: lgwan\n" + (line ?? "")))
    for (seconds, isIn) in [(0, true), (limit, true), (limit + 1, false), (.max, false)] as [(Int64, Bool)] {
      var request = try Situation().showing(Situation.card())
      request.directory = DirectoryFacts(silentSeconds: seconds)
      let explanation = set.explain(request)
      #expect(explanation.decision.isGrant == isIn)
      let step = explanation.steps.first { $0.subject == .directory }
      #expect(step?.result == (isIn ? .passed : .failed))
      #expect(step?.rule.description.hasPrefix(line == nil ? "builtin:directory" : "lgwan.yaml:") == true)
      guard case .deny(let denial) = explanation.decision else { continue }
      #expect(denial.code == .directoryTooOld)
    }
  }

  @Test(
    "how old the directory may be is a number of hours and nothing else",
    arguments: ["{}", "{oldest-hours: 0}", "{oldest-hours: 721}", "{oldest-hours: one}", "{oldest: 3}", "24"])
  func directoryFaults(value: String) throws {
    let text = try Samples.shipped().first { $0.name == "lgwan.yaml" }.map { String(decoding: $0.bytes, as: UTF8.self) }
    let faulty = try #require(text).breaking("segment: lgwan\n", "segment: lgwan\ndirectory: \(value)\n")
    #expect(!Samples.faults(faulty).isEmpty)
  }

  @Test(
    "the first and the last day are inside",
    arguments: [
      (1, nil, false), (0, nil, true), (nil, 0, true), (nil, -1, false), (-9, 9, true),
    ] as [(Int?, Int?, Bool)])
  func dates(first: Int?, last: Int?, isInside: Bool) throws {
    var morning = try Situation()
    morning.request.person?.firstDay = first.map { Samples.today + $0 }
    morning.request.person?.lastDay = last.map { Samples.today + $0 }
    #expect(try (code(morning, Situation.card()) != "AP104 builtin:account") == isInside)
  }

  @Test(
    "hours of the directory are of the week in UTC, from Sunday, each with one bit",
    arguments: [
      // 2026-08-15 09:00 in Japan is Saturday 00:00 UTC: hour 144.
      (144, 0, true), (143, 0, false), (145, 0, false), (144, 3599, true), (145, 3600, true), (143, -1, true),
      // A week on it is the same hour; and far back, before 1970, too.
      (144, 604_800, true), (144, -604_800 * 3000, true),
    ] as [(Int, Int64, Bool)])
  func accountHours(hour: Int, shift: Int64, isInside: Bool) throws {
    var morning = try Situation()
    var bytes = [UInt8](repeating: 0, count: 21)
    bytes[hour / 8] = 1 << (hour % 8)
    morning.request.person?.logonHours = LogonHours(bytes: bytes)
    morning.request.now = Situation.moment(shift)
    #expect(try (code(morning, Situation.card()) != "AP128 builtin:account") == isInside)
    morning.request.person?.logonHours = .never
    #expect(try code(morning, Situation.card()) == "AP128 builtin:account")
    #expect(LogonHours(bytes: [0]) == nil && LogonHours(bytes: bytes + [0]) == nil)
  }

  @Test(
    "workstations of the directory are names in any case; an empty list is every workstation",
    arguments: [([], true), (["lgwan-pc-0042"], true), (["lgwan-pc-0043"], false), (["lgwan-pc-004", "*"], false)]
      as [(Set<String>, Bool)])
  func accountPlaces(names: Set<String>, isHere: Bool) throws {
    var morning = try Situation()
    morning.request.person?.workstations = names
    #expect(try (code(morning, Situation.card()) != "AP129 builtin:account") == isHere)
  }

  @Test(
    "a group is a name, never a pattern", arguments: [[], ["seg-lgwan"], ["SEG-MYNUMBER"], ["seg-mynumber "], ["seg-*"], ["*"]])
  func segmentNotAllowed(groups: Set<String>) throws {
    #expect(try code(Situation(segment: .mynumber, groups: groups), Situation.card(), .password) == "AP107 mynumber.yaml:3")
  }

  @Test func proofBelowFloor() throws {
    for weak in [ProofClass.symmetric3DES, .symmetricAES] {
      #expect(try code(Situation(segment: .mynumber), Situation.card(weak), .password) == "AP108 mynumber.yaml:7")
    }
    #expect(try code(Situation(segment: .mynumber), Situation.card(.identifier), .password) == "AP157 mynumber.yaml:7")
  }

  @Test func tooManySessions() throws {
    var morning = try Situation()
    morning.request.sessionsElsewhere = 1
    #expect(try code(morning, Situation.card()).hasPrefix("grant"))
    morning.request.sessionsElsewhere = 2
    #expect(try code(morning, Situation.card()) == "AP114 lgwan.yaml:9")
  }

  @Test func passwordNotSet() throws {
    var morning = try Situation(.remote)
    morning.request.authenticators = AuthenticatorFacts(hasPassword: false, hasPalm: false)
    #expect(try code(morning, Situation.card()) == "AP110 lgwan.yaml:26")
    // A password nobody registered is not believed, whoever verified it.
    #expect(try code(morning, Situation.card(), .password) == "AP110 lgwan.yaml:26")
  }

  @Test func factorUnavailable() throws {
    let text = Samples.lgwan.breaking(
      "- card + pin\n  - card + password\nunlock", "- card + pin\n  - card + (palm + password)\nunlock")
    let set = try Samples.set(text)
    var morning = try Situation()
    morning.request.authenticators = AuthenticatorFacts(hasPassword: true, hasPalm: false)
    #expect(try set.decide(morning.showing(Situation.card(.publicKey))).summary == "AP118 lgwan.yaml:7")
  }

  @Test func factorMissing() throws {
    // A card without its PIN, and no password to go on with: another card or another slot is a new ceremony.
    let set = try Samples.set(
      Samples.lgwan.breaking(
        "  - card + password\nunlock", "  - card + code\n    + pin\nunlock".replacingOccurrences(of: "\n    ", with: " ")))
    #expect(try set.decide(Situation().showing(Situation.card(.publicKey))).summary == "AP101 lgwan.yaml:6")
  }

  @Test("what is told first", arguments: 0..<9)
  func order(level: Int) throws {
    // Everything is wrong at once; level by level the first cause is taken away.
    let text = Samples.lgwan + "hours: [mon-fri 08:00-19:00]\ndeny:\n  - {reason: R, groups: [seg-lgwan]}\n"
    let set = try Samples.set(text)
    var request = try Situation().showing(Situation.card(.symmetricAES, .lost))
    request.workstation.isRevoked = level < 1
    request.throttledUntil = level < 2 ? Throttle.never : nil
    if level >= 3 { request.proofs = [try Situation.card(.symmetricAES)] }
    request.person?.isEnabled = level >= 4
    request.person?.lastDay = level < 5 ? 0 : nil
    if level < 6 { request.person?.groups = [] }
    request.sessionsElsewhere = 9
    if level >= 7 { request.person?.groups = ["seg-lgwan"] }
    let expected = ["AP120", "AP111", "AP105", "AP103", "AP104", "AP107", "AP112", "AP112", "AP112"][level]
    let first = set.decide(request).summary.prefix(5)
    #expect(first == expected)
    if level == 8 {
      let open = try Samples.set(Samples.lgwan + "hours: [mon-fri 08:00-19:00]\n")
      #expect(open.decide(request).summary == "AP119 lgwan.yaml:12")
      request.local = LocalTime(weekday: 5, minuteOfDay: 540, day: Samples.today - 1)
      #expect(open.decide(request).summary == "AP108 lgwan.yaml:3")
      request.proofs = [try Situation.card()]
      #expect(open.decide(request).summary == "AP114 lgwan.yaml:4")
    }
  }
}

@Suite("hours and deny rules")
struct ClauseTests {
  @Test(
    "the first minute is inside, the last is not",
    arguments: [
      (1, 479, false), (1, 480, true), (5, 1139, true), (5, 1140, false), (6, 600, true), (6, 720, false), (7, 600, false),
    ])
  func hours(weekday: Int, minute: Int, isOpen: Bool) throws {
    let set = try Samples.set(Samples.lgwan + "hours: [mon-fri 08:00-19:00, sat 09:00-12:00]\n")
    var morning = try Situation()
    morning.request.local = LocalTime(weekday: weekday, minuteOfDay: minute, day: Samples.today)
    #expect(try set.decide(morning.showing(Situation.card())).isGrant == isOpen)
  }

  @Test("hours are asked before anybody has shown anything")
  func hoursWithoutPerson() throws {
    let set = try Samples.set(Samples.lgwan + "hours: [mon-fri 08:00-19:00]\n")
    var morning = try Situation()
    morning.request.person = nil
    #expect(set.decide(morning.request).summary == "AP119 lgwan.yaml:12")
  }

  @Test(
    "a deny rule needs all of its conditions",
    arguments: [
      ("groups: [g1]", true), ("groups: [g2]", false), ("groups: [g2, g1]", true), ("workstations: [LGWAN-PC-0042]", true),
      ("workstations: [lgwan-pc-0042]", false), ("workstations: [LGWAN-PC-004]", false), ("hours: [sat 08:00-10:00]", true),
      ("hours: [sun 08:00-10:00]", false), ("groups: [g1], workstations: [LGWAN-PC-0042], hours: [daily 00:00-24:00]", true),
      ("groups: [g1], workstations: [OTHER]", false), ("groups: [g1], hours: [sat 00:00-09:00]", false),
    ])
  func deny(conditions: String, denies: Bool) throws {
    let set = try Samples.set(Samples.lgwan + "deny:\n  - {reason: R, \(conditions)}\n")
    let morning = try Situation(groups: ["seg-lgwan", "g1"])
    let expected = denies ? "AP112 lgwan.yaml:13" : "grant card+pin AAL2 lgwan.yaml:6"
    #expect(try set.decide(morning.showing(Situation.card())).summary == expected)
  }
}
