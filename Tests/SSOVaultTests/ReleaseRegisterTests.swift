import AuthAPI
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Sealing
import Testing

@Suite("cards, applications and credentials enter the vault by administrators' acts")
struct ReleaseRegisterTests {
  let city: SSOCity
  let office: Office

  init() throws {
    city = try SSOCity()
    office = city.office
  }

  private func cards(after key: [UInt8] = []) throws -> [VaultCard] {
    guard case .cards(let cards) = office.ask(.listCards(after: key)) else { throw Office.Unexpected() }
    return cards
  }

  // MARK: Cards

  @Test("1 to 256 different keys in one act and one row; pages of 256 in the order of their keys")
  func manyCards() throws {
    let all = try (0..<300).map {
      VaultCard(
        key: try KeyFingerprint(parsing: Array(SHA256.hash(data: [UInt8($0 & 255), UInt8($0 >> 8)]))),
        person: try PersonID(parsing: "p\($0)"))
    }
    #expect(office.refusal(try city.registration([])) == "V104")
    #expect(office.refusal(try city.registration(Array(all.prefix(257)))) == "V104")
    #expect(office.refusal(try city.registration([all[0], all[0]])) == "V104")
    let before = try office.status().logSize
    try city.expectNoted(city.registration(Array(all.prefix(256))))
    #expect(try office.status().logSize == before + 1)
    try city.expectNoted(city.registration(Array(all.suffix(44))))
    let sorted = all.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
    let first = try cards()
    #expect(first.count == 256 && first == Array(sorted.prefix(256)))
    let rest = try cards(after: #require(first.last).key.bytes)
    #expect(rest == Array(sorted.suffix(44)))
  }

  @Test("a key belongs to one person for good; withdrawn it stays withdrawn")
  func ownership() throws {
    let card = try TestCard("ito")
    let key = try card.fingerprint
    let kato = VaultCard(key: key, person: try PersonID(parsing: "kato"))
    let withdrawn = VaultCard(key: key, person: card.person, isWithdrawn: true)
    try city.expectNoted(city.registration([card.entry]))
    try city.expectNoted(city.registration([card.entry]))
    #expect(office.refusal(try city.registration([kato])) == "V121")
    #expect(office.refusal(try city.registration([VaultCard(key: key, person: kato.person, isWithdrawn: true)])) == "V121")
    // One that is refused takes the others of its act with it.
    let other = try TestCard("mori").entry
    #expect(office.refusal(try city.registration([other, kato])) == "V121")
    #expect(try cards() == [card.entry])
    try city.expectNoted(city.registration([withdrawn]))
    #expect(office.refusal(try city.registration([card.entry])) == "V121")
    #expect(office.refusal(try city.registration([kato])) == "V121")
    #expect(try cards() == [withdrawn])
    // One that was never registered can be withdrawn too: it will not be.
    let lost = try TestCard("ueda")
    try city.expectNoted(city.registration([VaultCard(key: lost.fingerprint, person: lost.person, isWithdrawn: true)]))
    #expect(office.refusal(try city.registration([lost.entry])) == "V121")
  }

  @Test("cards are named by the act, which is an administrator's, fresh, and counts once")
  func acts() throws {
    let entry = try TestCard("ito").entry
    let request = try city.registration([entry])
    guard case .registerCards(let act, _) = request else { return }
    #expect(office.refusal(.registerCards(act, cards: [try TestCard("ito").entry])) == "V121")
    #expect(office.refusal(.registerCards(try city.act("vault.resume", [:]), cards: [entry])) == "V121")
    let desk = try Clerk("suzuki")
    guard case .operatorRegistered = office.ask(try office.register(desk, by: city.sato, role: "desk")) else { return }
    #expect(office.refusal(try city.registration([entry], by: desk)) == "V121")
    #expect(office.refusal(request, from: Office.stranger) == "V103")
    office.clock.advance(seconds: 601)
    #expect(office.refusal(request) == "V122")
    office.clock.advance(seconds: -601)
    #expect(office.refusal(request, from: Office.desk) == "answered")
    #expect(office.refusal(request) == "V123")
  }

  // MARK: Applications

  @Test(
    "an application has segments of this instance, a definition and a freshness",
    arguments: [
      ("ledger", "lgwan", "60", "answered"), ("ledger", "lgwan", "86400", "answered"), ("ledger", "", "60", "answered"),
      ("ledger", "lgwan", "59", "V121"), ("ledger", "lgwan", "86401", "V121"), ("ledger", "lgwan", "060", "V121"),
      ("ledger", "lgwan", "", "V121"), ("ledger", "lgwan lgwan", "60", "V121"), ("ledger", "lgwan ", "60", "V121"),
      ("ledger", " ", "60", "V121"), ("ledger", "mynumber", "60", "V115"), ("a b", "lgwan", "60", "V121"),
      ("", "lgwan", "60", "V121"),
    ])
  func applications(id: String, segments: String, freshness: String, expected: String) throws {
    #expect(office.refusal(try city.publication(id, segments: segments, freshness: freshness)) == expected)
    for definition in ["", "00", String(repeating: "g", count: 64)] {
      #expect(office.refusal(try city.publication("ledger", definition: definition)) == "V121")
    }
  }

  @Test("at most 64 applications at a time; one that is taken out makes room")
  func applicationLimit() throws {
    for number in 2..<64 { try city.publish("a\(number)") }
    #expect(office.refusal(try city.publication("one-more")) == "V121")
    try city.publish("a2", freshness: "60")
    try city.publish("a3", segments: "")
    try city.publish("one-more")
    guard case .applications(let all) = office.ask(.listApplications) else { throw Office.Unexpected() }
    #expect(all.count == 64 && all.map(\.id.text) == all.map(\.id.text).sorted() && !all.contains { $0.id.text == "a3" })
    #expect(all.first { $0.id.text == "a2" }?.freshnessSeconds == 60)
    #expect(all.allSatisfy { $0.definition == SSOCity.definition && $0.segments == [.lgwan] })
  }

  // MARK: Credentials

  @Test("a credential is set by an act that names it, for an application that is published")
  func setting() throws {
    let sealed = try city.sealed("one", for: "ito")
    #expect(office.refusal(try city.setting(sealed, for: "ito", "payroll")) == "V157")
    #expect(office.refusal(try city.setting(sealed, for: "ito", by: Clerk("sato"))) == "V121")
    guard case .setCredential(let act, _) = try city.setting(sealed, for: "ito") else { return }
    #expect(office.refusal(.setCredential(act, sealed: try city.sealed("two", for: "ito"))) == "V121")
    for wrong in [[], [UInt8](sealed.dropLast()), sealed + [0]] {
      #expect(office.refusal(try city.setting(wrong, for: "ito")) == "V164")
    }
    for position in [40, 80, sealed.count - 1] {
      var bent = sealed
      bent[position] ^= 1
      #expect(office.refusal(try city.setting(bent, for: "ito")) == "V164")
    }
    #expect(office.refusal(try city.setting(sealed, for: "a b")) == "V121")
    #expect(office.refusal(try city.setting(sealed, for: "ito", account: "a b")) == "V121")
    #expect(try city.entries().isEmpty)
    try city.expectNoted(city.setting(sealed, for: "ito"))
    #expect(
      try city.entries() == [
        CredentialEntry(
          person: PersonID(parsing: "ito"), application: ApplicationID(parsing: "ledger"), account: "", version: 1,
          state: .unconfirmed, setAt: office.clock.now.wallMilliseconds)
      ])
  }

  @Test("what is sealed has to be a credential: a name and a password")
  func intake() throws {
    let fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: city.published.intake)))
    let data = IntakeMessage.associatedData(
      instance: office.instance, person: try PersonID(parsing: "ito"), application: try ApplicationID(parsing: "ledger"),
      account: "")
    for plaintext in [[], [1, 2, 3], Array("sanmon/credential/1".utf8)] as [[UInt8]] {
      let message = try SealingSuite.xwing.seal(
        Secret<ApplicationPassword>(copying: plaintext), to: city.published.intake,
        info: IntakeMessage.info(suite: "xwing-aes256gcm", key: fingerprint), associatedData: data)
      let sealed = IntakeMessage(key: fingerprint, encapsulated: message.encapsulated, ciphertext: message.ciphertext).encoded
      #expect(office.refusal(try city.setting(sealed, for: "ito")) == "V164")
    }
  }

  @Test("a page tells of 224 credentials, one entry each, and where the next begins")
  func pages() throws {
    // Every person sealed once; each entry of the list is a credential of its own.
    for number in 0..<130 {
      for application in [SSOCity.ledger, SSOCity.sanitiser] { try city.set("x", for: "p\(1000 + number)", application) }
    }
    try city.set("y", for: "p1000")
    let first = try city.entries()
    #expect(first.count == 224 && first[0].version == 2)
    guard case .credentials(let rest) = office.ask(.listCredentials(after: first[223].place)) else { throw Office.Unexpected() }
    #expect(rest.count == 36 && Set((first + rest).map(\.place)).count == 260)
    for wrong in ["ito", "ito/ledger", "a/b/c/d"] { #expect(office.refusal(.listCredentials(after: wrong)) == "V104") }
  }

  // MARK: From one version to the next

  @Test("a captured credential is kept beside the former one until a sign-in confirms it")
  func capture() throws {
    let (card, workstation) = (try city.card("ito"), try city.workstation())
    let session = try city.session(card, at: workstation)
    try city.set("one", for: "ito")
    #expect(try city.password(session) == "one")
    #expect(office.ask(try city.report(.accepted, session)) == .noted)
    #expect(try city.entries().map(\.state) == [.current])
    #expect(office.ask(try city.capture("two", session, of: "ito")) == .noted)
    #expect(try city.entries().map(\.state) == [.unconfirmed] && city.entries().map(\.version) == [2])
    #expect(try city.password(session) == "two")
    // The application did not take it: the one that works is handed over again.
    #expect(office.ask(try city.report(.refused, session)) == .noted)
    #expect(try city.password(session) == "one")
    #expect(office.ask(try city.capture("three", session, of: "ito")) == .noted)
    #expect(office.ask(try city.report(.accepted, session)) == .noted)
    #expect(try city.password(session) == "three")
    #expect(try city.tamper("SELECT version, state FROM credentials") == "3|current\n", "what it replaced is gone")
    #expect(office.ask(try city.report(.mustChange, session)) == .noted)
    #expect(try city.entries().map(\.state) == [.mustChange])
    #expect(try city.password(session) == "three", "the page that asks for a new one asks for the old one too")
  }

  @Test("a refused version is listed with its date, and with the former one that takes its place; a newer one ends that")
  func refusedIsListed() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    func entry() throws -> CredentialEntry { try #require(try city.entries().first) }
    try city.set("one", for: "ito")
    #expect(try city.password(session) == "one")
    #expect(office.ask(try city.report(.accepted, session)) == .noted)
    let confirmed = try entry()
    #expect(confirmed.state == .current && confirmed.refused == nil)
    try city.set("wrong", for: "ito")
    #expect(try city.password(session) == "wrong")
    office.clock.advance(seconds: 5)
    let time = office.clock.now.wallMilliseconds
    #expect(office.ask(try city.report(.refused, session)) == .noted)
    var found = try entry()
    #expect(found.state == .current && found.version == 1 && found.setAt == confirmed.setAt)
    #expect(found.refused == CredentialEntry.Refused(version: 2, at: time))
    // Told once more: it was refused when it was refused.
    office.clock.advance(seconds: 5)
    #expect(office.ask(try city.report(.refused, session)) == .noted)
    #expect(try entry().refused?.at == time)
    #expect(try city.password(session) == "one")
    #expect(office.ask(try city.report(.refused, session)) == .noted)
    found = try entry()
    #expect(found.state == .refused && found.version == 2 && found.setAt == time && found.refused == nil, "none is left")
    try city.set("three", for: "ito")
    #expect(try entry().state == .unconfirmed && entry().refused == nil)
  }

  @Test("a change that broke is found out by the next session: one wrong try at most, and one of the two always works")
  func brokenChange() throws {
    let (card, workstation) = (try city.card("ito"), try city.workstation())
    for isInForce in [true, false] {
      let session = try city.session(card, at: workstation)
      let former = isInForce ? "one" : "two"
      if isInForce { try city.set("one", for: "ito") }
      #expect(try city.password(session) == former)
      #expect(office.ask(try city.report(.mustChange, session)) == .noted)
      let new = isInForce ? "two" : "three"
      #expect(office.ask(try city.capture(new, session, of: "ito")) == .noted)
      #expect(try city.password(session) == new, "asked back")
      // Nothing more is heard of this session: the form was sent, or it was not.
      let next = try city.session(card, at: workstation)
      #expect(try city.password(next, from: office.reopen()) == new)
      #expect(office.ask(try city.report(isInForce ? .accepted : .refused, next)) == .noted)
      #expect(try city.password(next) == "two")
    }
  }

  @Test("what was right once outlives changes that fail every day")
  func manyBrokenChanges() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("one", for: "ito")
    #expect(try city.password(session) == "one")
    #expect(office.ask(try city.report(.mustChange, session)) == .noted)
    for day in 2...12 {
      #expect(office.ask(try city.capture("new \(day)", session, of: "ito")) == .noted)
      #expect(office.ask(try city.report(.refused, session)) == .noted)
    }
    #expect(try city.tamper("SELECT count(*) FROM credentials") == "8\n")
    #expect(try city.password(session) == "one")
    // Not confirmed either: those make room before it, too.
    for day in 13...24 { #expect(office.ask(try city.capture("new \(day)", session, of: "ito")) == .noted) }
    #expect(try city.tamper("SELECT count(*), min(version) FROM credentials") == "8|1\n")
  }

  @Test("a report is about what this session was handed, and about nothing else")
  func reports() throws {
    let (card, workstation) = (try city.card("ito"), try city.workstation())
    let session = try city.session(card, at: workstation)
    try city.set("one", for: "ito")
    #expect(office.refusal(try city.report(.refused, session)) == "V160")
    #expect(try city.password(session) == "one")
    let other = try city.session(card, at: workstation)
    #expect(office.refusal(try city.report(.refused, other)) == "V160")
    // A newer one came meanwhile: the word is about the older.
    try city.set("two", for: "ito")
    #expect(office.ask(try city.report(.refused, session)) == .noted)
    #expect(try city.password(other) == "two")
    let word = try city.sessionAct(.report, session, content: Array("perhaps".utf8))
    #expect(office.refusal(try city.request(word, session)) == "V104")
    // A report may come when the card's signature is too old for a release.
    try city.publish("ledger", freshness: "60")
    office.clock.advance(seconds: 61)
    #expect(try city.password(session) == "V159")
    #expect(office.ask(try city.report(.accepted, session)) == .noted)
  }

  @Test("what is said once more changes nothing, and is no change from outside at the next start")
  func repeated() throws {
    let card = try city.card("ito")
    let session = try city.session(card, at: city.workstation())
    try city.set("one", for: "ito")
    #expect(try city.password(session) == "one")
    let again: [() throws -> VaultRequest] = [
      { try city.registration([card.entry]) }, { try city.publication("ledger") },
      { try city.publication("never-there", segments: "") }, { try city.report(.accepted, session) },
      { try city.report(.accepted, session) }, { .resumeReleases(try city.act(Act.Kind.resumeReleases, [:])) },
    ]
    for request in again {
      #expect(office.ask(try request()) == .noted)
      #expect(try city.password(session, from: office.reopen()) == "one")
    }
    #expect(try office.status().alarms == 0)
  }

  @Test("captures without end keep eight versions, and never lose the one that works")
  func captureLimit() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("one", for: "ito")
    #expect(try city.password(session) == "one")
    #expect(office.ask(try city.report(.accepted, session)) == .noted)
    for number in 0..<12 { #expect(office.ask(try city.capture("n\(number)", session, of: "ito")) == .noted) }
    #expect(
      try city.tamper("SELECT group_concat(version || ' ' || state) FROM credentials")
        == "1 current,7 unconfirmed,8 unconfirmed,9 unconfirmed,10 unconfirmed,11 unconfirmed,12 unconfirmed,13 unconfirmed\n")
    #expect(try city.password(session) == "n11")
    #expect(try city.password(session, from: office.reopen()) == "n11")
  }

  @Test("two accounts of one person are two credentials")
  func accounts() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("first", for: "ito")
    try city.set("second", for: "ito", account: "deputy")
    #expect(try city.password(session) == "first" && city.password(session, account: "deputy") == "second")
  }
}
