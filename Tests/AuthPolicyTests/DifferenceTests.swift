import AuthPolicy
import AuthTerms
import Testing

/// What a changed set says of itself.
@Suite("differences between two sets")
struct DifferenceTests {
  private func changes(_ former: String, _ next: String, segment: String = "lgwan") throws -> [PolicyChange] {
    try Samples.set(segment: segment, next).changes(from: Samples.set(segment: segment, former))
  }

  /// `+` widening, `-` narrowing, `=` neutral, and the English sentence without the segment's title.
  private func words(_ former: String, _ next: String) throws -> [String] {
    try changes(former, next).map { change in
      let sign =
        switch change.effect {
        case .widening: "+"
        case .narrowing: "-"
        case .neutral: "="
        }
      return "\(sign) " + change.en.replacing("LGWAN segment: ", with: "")
    }
  }

  private func edited(_ old: String, _ new: String) throws -> [String] {
    try words(Samples.lgwan, Samples.lgwan.breaking(old, new))
  }

  @Test("a way by the palm for one department is said as people say it, in both languages and with its line")
  func department() throws {
    let next = Samples.lgwan.breaking("(card + password) or palm", "card + password")
    let found = try changes(next, next + "").first
    #expect(found == nil, "the same set")
    let palm = next.breaking(
      "unlock:\n  - card + password\n", "unlock:\n  - card + password\n  - {factors: palm, groups: [ka-0103]}\n")
    let change = try #require(try changes(next, palm).first)
    #expect(change.effect == .widening && change.segment == .lgwan && change.rule == RuleID(file: "lgwan.yaml", line: 10))
    #expect(change.ja == "LGWAN接続系: グループ「ka-0103」の人は、手のひらだけでロック解除できるようになります。")
    #expect(change.en == "LGWAN segment: people of the group ka-0103 may now unlock with the palm alone")
    let back = try #require(try changes(palm, next).first)
    #expect(back.effect == .narrowing && back.rule.line == 10 && back.ja.contains("できなくなります"))
  }

  @Test(
    "each kind of rule is compared with its own kind",
    arguments: [
      ("people: [seg-lgwan]", "people: [seg-lgwan, temps]", "+ people of the group temps may now enter"),
      ("proof: pk,", "proof: sym-aes,", "+ weaker cards are taken: sym-aes instead of pk"),
      ("proof: pk,", "proof: pk-pin,", "- weaker cards are taken no longer: pk-pin instead of pk"),
      ("on-removal: nothing", "on-removal: lock", "- when the card is pulled: lock instead of nothing"),
      (
        "on-removal: nothing", "on-removal: nothing, first-tap: allowed",
        "+ people may now register their cards at workstations"
      ),
      (
        "on-removal: nothing", "on-removal: nothing, jpki: user-authentication",
        "+ people's own My Number Cards are taken now"
      ),
      (
        "on-removal: nothing", "on-removal: nothing, felica-generation: aes",
        "- the oldest FeliCa chip known by its number: aes instead of any"
      ),
      ("lease-minutes: 15", "lease-minutes: 16", "+ minutes without the server: 16 instead of 15"),
      ("idle-minutes: 60", "idle-minutes: 59", "- minutes idle before a full logon: 59 instead of 60"),
      ("overall-hours: 14", "overall-hours: 15", "+ hours of a session in all: 15 instead of 14"),
      ("at-once: 2", "at-once: 1", "- workstations at once: 1 instead of 2"),
      ("people:", "directory: {oldest-hours: 97}\npeople:", "+ hours in which the directory may be silent: 97 instead of 96"),
      (
        "people:", "palm: {beside-card: 1e-6, alone: 1e-6}\npeople:",
        "= the palm's false match rate beside another factor: 1e-6 instead of 1e-5"
      ),
      (
        "people:", "palm: {beside-card: 1e-5, alone: 1e-7}\npeople:",
        "- the palm's false match rate alone: 1e-7 instead of 1e-6"
      ),
      (
        "people:", "hours: [\"mon-fri 07:00-22:00\"]\npeople:",
        "- there are fewer hours to enter than before, which were: at any hour"
      ),
      (
        "people:", "deny:\n  - {reason: counter, groups: [ka-0103]}\npeople:",
        "- the deny rule \"counter\" refuses more than before"
      ),
      (
        "  - card + pin\n", "  - card + pin\n  - card + pin + password\n",
        "= only the writing differs (comments, order, spaces, segments that are not served here); nobody's access changes"
      ),
      (
        "  - card + pin\n", "",
        "- everybody who may enter may no longer log on with the card and its PIN"
      ),
    ])
  func kinds(old: String, new: String, expected: String) throws {
    #expect(try edited(old, new) == [expected])
  }

  @Test("hours and deny rules are compared minute by minute, group by group and workstation by workstation")
  func times() throws {
    func with(_ text: String) -> String { Samples.lgwan.breaking("people:", text + "\npeople:") }
    func effects(_ old: String, _ new: String) throws -> [PolicyChange.Effect] {
      try changes(with(old), with(new)).map(\.effect)
    }
    let week = "hours: [\"mon-fri 07:00-22:00\"]"
    #expect(try effects(week, "hours: [\"mon-fri 07:00-12:00\", \"mon-fri 12:00-22:00\"]") == [.neutral])
    #expect(try effects(week, "hours: [\"mon-fri 07:00-22:01\"]") == [.widening])
    #expect(try effects(week, "hours: [\"tue-sat 07:00-22:00\"]") == [.widening, .narrowing])
    func deny(_ text: String) -> String { "deny:\n  - {reason: R, " + text + "}" }
    let counter = deny("groups: [a, b], workstations: [PC-1, PC-2], hours: [daily 19:00-24:00]")
    #expect(try effects(counter, deny("groups: [a, b], workstations: [PC-1, PC-2]")) == [.narrowing])
    #expect(try effects(counter, deny("groups: [a], workstations: [PC-1, PC-2], hours: [daily 19:00-24:00]")) == [.widening])
    #expect(try effects(counter, deny("groups: [a, b], workstations: [PC-1], hours: [daily 19:00-24:00]")) == [.widening])
    #expect(
      try effects(counter, deny("groups: [a, b], hours: [daily 18:00-23:59]")) == [.widening, .narrowing])
    let split =
      deny("groups: [a], workstations: [PC-1, PC-2], hours: [daily 19:00-24:00]")
      + "\n  - {reason: S, groups: [b], workstations: [PC-1, PC-2], hours: [daily 19:00-22:00]}"
      + "\n  - {reason: T, groups: [b], hours: [daily 22:00-24:00]}"
    #expect(try effects(counter, split) == [.narrowing], "T refuses at other workstations too")
  }

  @Test("throttles, time zone, places and texts of the city")
  func organisation() throws {
    func set(_ change: (String) -> String) throws -> PolicySet {
      try Samples.compile([
        Samples.source("organisation.yaml", change(Samples.organisation(["lgwan"]))),
        Samples.source("lgwan.yaml", Samples.lgwan),
      ])
    }
    let live = try set { $0 }
    func effects(_ change: (String) -> String) throws -> [PolicyChange.Effect] {
      try set(change).changes(from: live).map(\.effect)
    }
    func throttle(_ text: String) throws -> [PolicyChange.Effect] { try effects { $0 + "throttle:\n  person: {\(text)}\n" } }
    #expect(try throttle("free-failures: 3") == [.widening])
    #expect(try throttle("free-failures: 1") == [.narrowing])
    #expect(try throttle("free-failures: 3, most-failures: 20") == [.widening, .narrowing])
    #expect(try throttle("most-failures: 51") == [.widening])
    #expect(try throttle("longest-delay-seconds: 3600") == [.neutral])
    #expect(
      try effects { $0 + "throttle:\n  workstation: {forgive-one-every-seconds: 59}\n" } == [.widening])
    #expect(try effects { $0.breaking("+09:00", "+08:45") } == [.widening])
    #expect(try effects { $0.breaking("三門市", "四門市") } == [.neutral])
    #expect(try effects { $0 + "purge-after-days: 500\n" } == [.neutral])
    #expect(try effects { $0 + "unit-groups:\n  - {ou: 職員/総務部, group: seg-lgwan}\n" } == [.widening])
    #expect(try effects { $0 + "unit-groups:\n  - {ou: 職員/総務部, group: nobody-asks}\n" } == [.neutral])
  }

  @Test("a segment more widens and one less narrows, and those that an instance does not serve are left out")
  func segments() throws {
    let both = ["lgwan", "internet"]
    let one = try Samples.compile([
      Samples.source("organisation.yaml", Samples.organisation(["lgwan"])), Samples.source("lgwan.yaml", Samples.lgwan),
    ])
    let two = try Samples.compile([
      Samples.source("organisation.yaml", Samples.organisation(both)), Samples.source("lgwan.yaml", Samples.lgwan),
      Samples.source("internet.yaml", Samples.lgwan.breaking("segment: lgwan", "segment: internet")),
    ])
    #expect(two.changes(from: one).map(\.effect) == [.widening, .neutral])
    #expect(one.changes(from: two).map(\.effect) == [.narrowing, .neutral])
    #expect(two.changes(from: one, segments: [.lgwan]).map(\.effect) == [.neutral])
    #expect(one.changes(from: one).isEmpty)
  }

  @Test("applications: what is not known to take away widens")
  func applications() throws {
    let text = """
      application: ledger
      name: {ja: 伝票起票, en: Ledger}
      segments: [lgwan]
      browser:
        origin: https://ledger.sanmon.example
        login-path: /login
        form: "#login"
        user: "[name=user]"
        password: "[name=password]"
        submit: "[name=enter]"
        success: {path: /}
        failure: {selector: "#login-failed"}
        logoff-path: /logoff
      password: {minimum: 12, maximum: 64, classes: 3, symbols: "-_.!#%+="}
      freshness-minutes: 480

      """
    func set(_ text: String) throws -> ApplicationSet { try ApplicationSet.compile([Samples.source("ledger.yaml", text)]) }
    let live = try set(text)
    func effects(_ old: String, _ new: String) throws -> [PolicyChange.Effect] {
      try set(text.breaking(old, new)).changes(from: live).map(\.effect)
    }
    #expect(try effects("minutes: 480", "minutes: 481") == [.widening])
    #expect(try effects("minutes: 480", "minutes: 479") == [.narrowing])
    #expect(try effects("[lgwan]", "[internet, lgwan]") == [.widening])
    #expect(try effects("ledger.sanmon.example", "ledger.evil.example") == [.widening])
    #expect(try effects("/logoff", "/logout") == [.widening])
    #expect(try set(text + "# a comment\n").changes(from: live).isEmpty)
    #expect(ApplicationSet().changes(from: live).map(\.effect) == [.narrowing])
    #expect(live.changes(from: ApplicationSet()).map(\.effect) == [.widening])
    #expect(live.changes(from: ApplicationSet(), segments: [.mynumber]).isEmpty)
  }
}
