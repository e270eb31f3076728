import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import SSOVault
import Testing

@Suite("another's credential, or a shared one, by one's own card and by name")
struct DeputyTests {
  let city: SSOCity
  let office: Office
  /// The second administrator.
  let tanaka: Clerk
  let ito: TestSession
  let kato: TestSession
  let katosCard: TestCard

  init() throws {
    city = try SSOCity()
    office = city.office
    tanaka = try Clerk("tanaka")
    #expect(office.refusal(try office.register(tanaka, by: city.sato)) == "answered")
    katosCard = try city.card("kato")
    ito = try city.session(city.card("ito"), at: city.workstation("PC-ito"))
    kato = try city.session(katosCard, at: city.workstation("PC-kato"))
    try city.set("ito's", for: "ito")
  }

  private func rows() throws -> [AuditRecord] {
    try city.tamper("SELECT encoded FROM log_rows ORDER BY sequence").split(separator: "\n").map {
      try RecordEncoding.decode(Hex.decode($0))
    }
  }

  // MARK: Use

  @Test("a deputy is handed the owner's credential of that application and account, and nothing else; the row names both")
  func deputy() throws {
    try city.set("kato's", for: "kato")
    try city.set("ito's second", for: "ito", account: "second")
    try city.set("ito's files", for: "ito", SSOCity.sanitiser)
    #expect(try city.password(kato, of: "ito") == "V165")
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    guard case .released(let release) = office.ask(try city.release(kato, of: "ito")) else { throw Office.Unexpected() }
    let (statement, credential) = try city.open(release, kato)
    #expect(statement.person.text == "kato" && statement.owner.text == "ito" && statement.account == "")
    #expect(credential.password.withBytes { Array($0) } == Array("ito's".utf8))
    let row = try #require(try rows().last)
    #expect(row.action == "vault.released" && row.person?.text == "kato" && row.workstation?.text == "PC-kato")
    #expect(row.note.hasPrefix("ledger - version 1 for ito ticket "))
    #expect(try city.password(kato) == "kato's", "her own stays her own")
    #expect(try city.password(kato, account: "second", of: "ito") == "V165")
    #expect(try city.password(kato, SSOCity.sanitiser, of: "ito") == "V165")
    #expect(try city.password(ito, of: "kato") == "V165", "not the other way round")
    #expect(try city.password(ito, of: "ito") == "ito's", "one's own name is oneself")
    #expect(try rows().last?.note.contains(" for ") == false)
    let mori = try city.session(city.card("mori"), at: city.workstation("PC-mori"))
    try city.deputise(["mori"], for: "kato", approvedBy: [tanaka])
    #expect(try city.password(mori, of: "kato") == "kato's")
    #expect(try city.password(mori, of: "ito") == "V165", "a deputy's deputy is none")
  }

  @Test(
    "it begins with its first millisecond and ends before its last, at the vault's clock",
    arguments: [(59, "V165"), (60, "ito's"), (119, "ito's"), (120, "V165")])
  func dates(seconds: Int64, expected: String) throws {
    try city.deputise(["kato"], for: "ito", from: 60, until: 120, approvedBy: [tanaka])
    office.clock.advance(seconds: seconds)
    #expect(try city.password(kato, of: "ito") == expected)
    #expect(try city.password(kato, of: "ito", from: office.reopen()) == expected)
  }

  @Test("what is asked of a session is asked of the deputy's: her card, its freshness, the segment, her rate")
  func deputysOwn() throws {
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    for _ in 0..<30 { #expect(try city.password(kato, of: "ito") == "ito's") }
    #expect(try city.password(kato, of: "ito") == "V162")
    office.clock.advance(seconds: 60)
    try city.publish("ledger", freshness: "60")
    #expect(try city.password(kato, of: "ito") == "ito's")
    office.clock.advance(seconds: 1)
    #expect(try city.password(kato, of: "ito") == "V159")
    try city.publish("ledger", freshness: "36000")
    let forged = try city.request(city.sessionAct(.release, kato, of: "ito"), ito, evidence: kato.evidence)
    #expect(office.refusal(forged) == "V154", "the owner's key does not sign for the deputy")
    try city.expectNoted(
      city.registration([VaultCard(key: katosCard.fingerprint, person: katosCard.person, isWithdrawn: true)]))
    #expect(try city.password(kato, of: "ito") == "V151")
  }

  @Test("a server that names another owner in an act, or leaves the owner out, has an act that nobody signed")
  func renamed() throws {
    try city.set("kato's", for: "kato")
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    guard case .sessionAct(let own) = try city.release(kato),
      case .sessionAct(let others) = try city.release(kato, of: "ito")
    else { throw Office.Unexpected() }
    for (request, owner) in [(own, "ito"), (others, nil), (others, "kato")] as [(SessionActRequest, String?)] {
      var bent = request
      bent.act.owner = try owner.map { try PersonID(parsing: $0) }
      #expect(office.refusal(.sessionAct(bent)) == "V154")
    }
    #expect(office.refusal(.sessionAct(own)) == "answered" && office.refusal(.sessionAct(others)) == "answered")
  }

  // MARK: Reports and captures

  @Test("what a deputy reports is about what she was handed: the owner's, not her own")
  func reports() throws {
    try city.set("kato's", for: "kato")
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    #expect(try city.password(kato) == "kato's")
    #expect(office.refusal(try city.report(.refused, kato, of: "ito")) == "V160", "nothing of Ito's was handed to her")
    #expect(try city.password(kato, of: "ito") == "ito's")
    #expect(office.ask(try city.report(.refused, kato, of: "ito")) == .noted)
    #expect(try city.password(ito) == "V161", "not tried again, by nobody")
    #expect(try city.password(kato) == "kato's")
    #expect(try city.entries().map(\.state) == [.refused, .unconfirmed])
    let mori = try city.session(city.card("mori"), at: city.workstation("PC-mori"))
    #expect(office.refusal(try city.report(.accepted, mori, of: "ito")) == "V165")
    // The last sign-in may be told of after the end.
    try city.set("new", for: "ito")
    #expect(try city.password(kato, of: "ito") == "new")
    try city.expectNoted(city.withdrawal(["kato"], for: "ito"))
    #expect(office.ask(try city.report(.accepted, kato, of: "ito")) == .noted)
    #expect(try city.entries().first?.state == .current)
    #expect(try city.password(kato, of: "ito") == "V165")
  }

  @Test("a person's credential is replaced by herself alone; one that is shared, by those who share it")
  func captures() throws {
    #expect(office.refusal(try city.capture("x", kato, of: "ito", owner: "ito")) == "V165")
    try city.deputise(["kato"], for: "ito", approvedBy: [tanaka])
    #expect(office.refusal(try city.capture("x", kato, of: "ito", owner: "ito")) == "V166")
    #expect(try city.password(ito) == "ito's")
    try city.deputise(["ito", "kato"], for: "shared-kaikei", approvedBy: [tanaka])
    #expect(try city.password(kato, of: "shared-kaikei") == "V160")
    #expect(office.refusal(try city.capture("x", kato, of: "kato", owner: "shared-kaikei")) == "V164", "sealed as her own")
    #expect(office.ask(try city.capture("ours", kato, of: "shared-kaikei", owner: "shared-kaikei")) == .noted)
    #expect(try city.password(ito, of: "shared-kaikei") == "ours")
    #expect(try city.entries().map(\.person.text) == ["ito", "shared-kaikei"])
    // Once a card was registered for it, lost or not, it is a person.
    let card = try TestCard("shared-kaikei")
    try city.expectNoted(city.registration([VaultCard(key: card.fingerprint, person: card.person, isWithdrawn: true)]))
    #expect(office.refusal(try city.capture("x", kato, of: "shared-kaikei", owner: "shared-kaikei")) == "V166")
    #expect(try city.password(kato, of: "shared-kaikei") == "ours")
  }

  @Test("everybody who shares an account counts when a city's releases are judged")
  func rates() throws {
    // One credential, 76 people: four releases a minute for each of 77, so 308.
    let people = (0..<76).map { "p\($0)" }
    let cards = try people.map { try TestCard($0) }
    try city.expectNoted(city.registration(cards.map { try $0.entry }))
    for start in stride(from: 0, to: 76, by: 32) {
      try city.deputise(Array(people[start..<min(start + 32, 76)]), for: "ito", approvedBy: [tanaka])
    }
    let sessions = try cards.map { try city.session($0, at: kato.workstation) }
    for _ in 0..<4 { for session in sessions { #expect(try city.password(session, of: "ito") == "ito's") } }
    for _ in 0..<4 { #expect(try city.password(ito) == "ito's") }
    #expect(try city.password(ito) == "V163")
  }
}
