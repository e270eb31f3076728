import AuthAPI
import AuthTerms
import Foundation
import SSOVault
import Testing

@Suite("deputies enter the vault by two administrators' acts, and leave it by one's or by their date")
struct DeputyRegisterTests {
  let city: SSOCity
  let office: Office
  let tanaka: Clerk
  let kato: TestSession

  init() throws {
    city = try SSOCity()
    office = city.office
    tanaka = try Clerk("tanaka")
    #expect(office.refusal(try office.register(tanaka, by: city.sato)) == "answered")
    kato = try city.session(city.card("kato"), at: city.workstation())
    try city.set("ito's", for: "ito")
  }

  private func code(_ act: SignedAct) -> String { office.refusal(.setDeputies(act)) }

  // MARK: Who signs

  @Test("two administrators sign, two different people, and no deputy")
  func signers() throws {
    #expect(try code(city.deputyAct(["kato"], for: "ito", approvedBy: [])) == "V121", "one")
    #expect(try code(city.deputyAct(["kato"], for: "ito", approvedBy: [city.sato])) == "V121", "the same twice")
    #expect(try code(city.deputyAct(["kato"], for: "ito", approvedBy: [Clerk("tanaka")])) == "V121", "another key")
    let desk = try Clerk("suzuki")
    let admitted = try office.register(desk, by: city.sato, approvedBy: [tanaka], role: "desk")
    #expect(office.refusal(admitted) == "answered")
    #expect(try code(city.deputyAct(["kato"], for: "ito", approvedBy: [desk])) == "V121", "no administrator")
    for signer in [city.sato, tanaka] {
      #expect(try code(city.deputyAct(["kato", signer.person.text], for: "ito", approvedBy: [tanaka])) == "V121")
    }
    let own = try city.deputyAct(["kato"], for: city.sato.person.text, approvedBy: [tanaka])
    #expect(code(own) == "answered", "the owner may agree")
    #expect(code(own) == "V123")
    #expect(try city.deputies().map(\.place) == ["person-sato/ledger//kato"])
    let late = try city.deputyAct(["kato"], for: "ito", approvedBy: [tanaka])
    office.clock.advance(seconds: 601)
    #expect(code(late) == "V122")
    let act = try city.deputyAct(["kato"], for: "ito", approvedBy: [tanaka])
    #expect(office.refusal(.setDeputies(act), from: Office.stranger) == "V103")
    #expect(office.refusal(.setDeputies(act), from: Office.desk) == "answered")
  }

  @Test(
    "an act names an owner, an application, an account, 1 to 32 others and two moments",
    arguments: [
      ["owner": ""], ["owner": "a b"], ["application": "a b"], ["account": "a b"], ["deputies": ""], ["deputies": " "],
      ["deputies": "kato "], ["deputies": "kato  mori"], ["deputies": "kato kato"], ["deputies": "ito kato"],
      ["from": "-1"], ["from": "01"], ["from": ""], ["until": "+9"], ["until": ""], ["until": "9223372036854775807"],
      ["from": "9223372036854775807"], ["other": "x"],
    ] as [[String: String]])
  func parameters(change: [String: String]) throws {
    #expect(try code(city.deputyAct(["kato"], for: "ito", approvedBy: [tanaka], change: change)) == "V121")
    #expect(try city.deputies().isEmpty)
  }

  @Test(
    "at most 400 days, not empty, and not over already",
    arguments: [
      (0, 1, "answered"), (0, 0, "V121"), (5, 4, "V121"), (-5, 0, "V121"), (-5, 1, "answered"),
      (0, 400 * 86_400, "answered"), (0, 400 * 86_400 + 1, "V121"), (86_400, 401 * 86_400, "answered"),
    ] as [(Int64, Int64, String)])
  func dates(from: Int64, until: Int64, expected: String) throws {
    #expect(try code(city.deputyAct(["kato"], for: "ito", from: from, until: until, approvedBy: [tanaka])) == expected)
  }

  @Test("an application that nobody published has no deputies; 32 in one act, 8,192 in the register")
  func limits() throws {
    #expect(try code(city.deputyAct(["kato"], for: "ito", "payroll", approvedBy: [tanaka])) == "V157")
    let many = (0..<33).map { "p\($0)" }
    #expect(try code(city.deputyAct(many, for: "ito", approvedBy: [tanaka])) == "V121")
    #expect(try code(city.deputyAct(many.dropLast(), for: "ito", approvedBy: [tanaka])) == "answered")
    try city.tamper(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8159)
      INSERT INTO deputies SELECT 'x', 'x', '', i, 0, 9223372036854775807, 0, x'00' FROM n
      """)
    #expect(try code(city.deputyAct(["a", "b"], for: "ito", approvedBy: [tanaka])) == "V121")
    #expect(try code(city.deputyAct(["a"], for: "ito", approvedBy: [tanaka])) == "answered")
    #expect(try code(city.deputyAct(["b"], for: "ito", approvedBy: [tanaka])) == "V121")
    #expect(try code(city.deputyAct(["a"], for: "ito", until: 60, approvedBy: [tanaka])) == "answered", "no other row")
  }

  // MARK: Ends

  @Test("one administrator ends it; it can be begun again by two")
  func withdrawn() throws {
    try city.deputise(["kato", "mori"], for: "ito", approvedBy: [tanaka])
    #expect(try city.password(kato, of: "ito") == "ito's")
    #expect(office.refusal(try city.withdrawal(["ueda"], for: "ito")) == "V121")
    #expect(office.refusal(try city.withdrawal(["kato", "ueda"], for: "ito")) == "V121", "all or none")
    #expect(office.refusal(try city.withdrawal(["kato"], for: "ito", account: "second")) == "V121")
    #expect(office.refusal(try city.withdrawal(["kato"], for: "ito", by: Clerk("sato"))) == "V121")
    #expect(try city.password(kato, of: "ito") == "ito's")
    office.clock.advance(seconds: 10)
    #expect(office.refusal(try city.withdrawal(["kato"], for: "ito", by: tanaka)) == "answered")
    #expect(try city.password(kato, of: "ito") == "V165")
    #expect(office.refusal(try city.withdrawal(["kato"], for: "ito")) == "V121", "it is over")
    let known = try city.deputies()
    #expect(known.map(\.isWithdrawn) == [true, false])
    #expect(known[0].until == office.clock.now.wallMilliseconds)
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    #expect(try city.password(kato, of: "ito") == "ito's")
    let other = try city.act(Act.Kind.resumeReleases, [:])
    #expect(office.refusal(.setDeputies(other)) == "V121")
  }

  @Test("what ended more than a day ago makes room when others come; the log keeps it")
  func forgotten() throws {
    try city.deputise(["kato"], for: "ito", until: 60, approvedBy: [tanaka])
    office.clock.advance(seconds: 60 + 86_400)
    try city.deputise(["mori"], for: "ito", until: 9, approvedBy: [tanaka])
    #expect(try city.deputies().map(\.deputy.text) == ["kato", "mori"])
    office.clock.advance(seconds: 1)
    try city.deputise(["ueda"], for: "ito", approvedBy: [tanaka])
    #expect(try city.deputies().map(\.deputy.text) == ["mori", "ueda"])
    office.restart(try office.reopen())
    #expect(try office.status().alarms == 0, "the registers are as they were written")
  }

  @Test("a page tells of 192, in order, and where the next begins")
  func pages() throws {
    for owner in 0..<7 {
      try city.deputise((0..<32).map { "d\(100 + $0)" }, for: "p\(owner)", approvedBy: [tanaka])
    }
    let first = try city.deputies()
    #expect(first.count == 192 && first.map(\.place) == first.map(\.place).sorted())
    let rest = try city.deputies(after: #require(first.last).place)
    #expect(rest.count == 32 && rest.allSatisfy { $0.owner.text == "p6" && $0.until - $0.from == SSOCity.day })
    #expect(try city.deputies(after: #require(rest.last).place).isEmpty)
    for place in ["x", "x/y/z", "x/y/z/a/b"] { #expect(office.refusal(.listDeputies(after: place)) == "V104") }
  }

  // MARK: The database in somebody else's hands

  @Test(
    "a deputy who was written into the database, or stretched in it, is none",
    arguments: [
      "UPDATE deputies SET deputy = 'kato'", "UPDATE deputies SET ends_at = ends_at + 86400000 WHERE deputy = 'kato'",
      "UPDATE deputies SET is_withdrawn = 0", "UPDATE deputies SET owner = 'ito' WHERE deputy = 'kato'",
    ])
  func written(sql: String) throws {
    try city.set("mori's", for: "mori")
    if sql.contains("SET deputy") {
      try city.deputise(["ueda"], for: "ito", approvedBy: [tanaka])
    } else if sql.contains("SET owner") {
      try city.deputise(["kato"], for: "mori", approvedBy: [tanaka])
    } else {
      try city.deputise(["kato"], for: "ito", until: 60, approvedBy: [tanaka])
      if sql.contains("withdrawn") {
        try city.expectNoted(city.withdrawal(["kato"], for: "ito"))
      } else {
        office.clock.advance(seconds: 60)
      }
    }
    #expect(try city.password(kato, of: "ito") == "V165")
    try city.tamper(sql)
    #expect(try city.password(kato, of: "ito") == "V190")
    #expect(try office.status().alarms == 1)
    #expect(try city.password(kato, of: "ito", from: office.reopen()) != "ito's")
  }

  @Test(
    "one that was put back after its end, the sum with it or not, stops all releases at the next start, until somebody looked",
    arguments: [false, true])
  func putBack(withSum: Bool) throws {
    try city.set("kato's", for: "kato")
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    try city.tamper("CREATE TABLE kept AS SELECT * FROM deputies;;CREATE TABLE sum AS SELECT * FROM register_seal")
    try city.expectNoted(city.withdrawal(["kato"], for: "ito"))
    try city.tamper("DELETE FROM deputies;;INSERT INTO deputies SELECT * FROM kept")
    if withSum { try city.tamper("DELETE FROM register_seal;;INSERT INTO register_seal SELECT * FROM sum") }
    let after = try office.reopen()
    for owner in [nil, "ito"] { #expect(try city.password(kato, of: owner, from: after) == "V163") }
    office.restart(after)
    #expect(try office.status().alarms == 1)
    // What is not authentic goes when an administrator resumes; what is put back whole is left, and listed.
    try city.tamper("UPDATE deputies SET ends_at = ends_at + 1")
    try city.expectNoted(.resumeReleases(city.act(Act.Kind.resumeReleases, [:])))
    #expect(try city.deputies().isEmpty)
    #expect(try city.password(kato) == "kato's" && city.password(kato, of: "ito") == "V165")
  }
}
