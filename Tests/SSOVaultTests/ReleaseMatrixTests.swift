import AuthAPI
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Sealing
import Testing

@Suite("of all people, keys, workstations and applications only what belongs together answers")
struct ReleaseMatrixTests {
  private static let people = ["ito", "kato", "mori", "ueda"]
  private static let applications = [SSOCity.ledger, SSOCity.sanitiser]

  let city: SSOCity
  let cards: [TestCard]
  let workstations: [TestWorkstation]
  let sessions: [TestSession]

  init() throws {
    city = try SSOCity()
    let city = city
    cards = try Self.people.map { try city.card($0) }
    workstations = try Self.people.map { try city.workstation("PC-\($0)") }
    var sessions: [TestSession] = []
    for (card, workstation) in zip(cards, workstations) { sessions.append(try city.session(card, at: workstation)) }
    self.sessions = sessions
    for person in Self.people {
      for application in Self.applications { try city.set(Self.password(person, application), for: person, application) }
    }
  }

  private static func password(_ person: String, _ application: String) -> String { "\(person) at \(application)" }

  private func everyPair(_ check: (_ one: Int, _ other: Int, _ application: String) throws -> Void) rethrows {
    for one in Self.people.indices {
      for other in Self.people.indices { for application in Self.applications { try check(one, other, application) } }
    }
  }

  @Test("each session is handed its own person's credential of that application, and no other")
  func diagonal() throws {
    for (person, session) in zip(Self.people, sessions) {
      for application in Self.applications {
        #expect(try city.password(session, application) == Self.password(person, application))
      }
    }
  }

  @Test("one person's key, evidence, workstation and card with another's: nothing is handed over")
  func crossed() throws {
    try everyPair { one, other, application in
      guard one != other else { return }
      let (mine, theirs) = (sessions[one], sessions[other])
      func code(_ act: SessionAct, key: TestSession, evidence: SessionEvidence?) throws -> String {
        city.office.refusal(try city.request(act, key, evidence: .some(evidence)))
      }
      // My act under their evidence and the other way round, signed by either key.
      #expect(try code(city.sessionAct(.release, mine, application), key: mine, evidence: theirs.evidence) == "V152")
      #expect(try code(city.sessionAct(.release, theirs, application), key: mine, evidence: theirs.evidence) == "V154")
      // Their workstation in my act.
      var moved = try city.sessionAct(.release, mine, application)
      moved.workstation = theirs.workstation.id
      #expect(try code(moved, key: mine, evidence: mine.evidence) == "V154")
      // My card's signature over their keys, with their card's public key.
      var claimed = try city.evidence(theirs, cards[one])
      claimed.publicKey = cards[other].publicKey
      #expect(try code(city.sessionAct(.release, theirs, application), key: theirs, evidence: claimed) == "V152")
      // Their certificate at my workstation.
      let elsewhere = try city.evidence(mine, cards[one]) { $0.workstationCertificate = theirs.workstation.certificate.bytes }
      #expect(try code(city.sessionAct(.release, mine, application), key: mine, evidence: elsewhere) == "V152")
    }
    try diagonal()
  }

  @Test("what one session was handed nobody else opens, and no act is carried out twice")
  func replayed() throws {
    try everyPair { one, other, application in
      let request = try city.release(sessions[one], application)
      guard case .released(let release) = city.office.ask(request) else { throw Office.Unexpected() }
      #expect(city.office.refusal(request) == "V156")
      if one != other { #expect(throws: (any Error).self) { try city.open(release, sessions[other]) } }
    }
  }

  @Test("a colleague's card at my own workstation is her session, not mine")
  func lentWorkstation() throws {
    let session = try city.session(cards[1], at: workstations[0])
    #expect(try city.password(session) == Self.password("kato", SSOCity.ledger))
  }

  // MARK: The database in somebody else's hands

  @Test("rows exchanged between people, applications and versions open for nobody", .timeLimit(.minutes(2)))
  func swapped() throws {
    _ = try city.password(sessions[0])
    let swap = """
      UPDATE credentials SET person = 'x' WHERE person = 'ito';;UPDATE credentials SET person = 'ito' WHERE person = 'kato';;
      UPDATE credentials SET person = 'kato' WHERE person = 'x'
      """
    try city.tamper(swap)
    for _ in 0..<3 { #expect(try city.password(sessions[0]) == "V190") }
    #expect(try city.office.status().alarms == 1, "told once a minute")
    try city.tamper(swap)
    #expect(try city.password(sessions[0]) == Self.password("ito", SSOCity.ledger), "everything in its place again")
    // Only what is sealed, under the row of somebody else.
    try city.tamper(
      """
      UPDATE credentials SET (ring, salt, sealed, mac) = (SELECT ring, salt, sealed, mac FROM credentials
        WHERE person = 'kato' AND application = 'ledger') WHERE person = 'ito' AND application = 'ledger'
      """)
    #expect(try city.password(sessions[0]) == "V190")
    #expect(try city.password(sessions[0], SSOCity.sanitiser) == Self.password("ito", SSOCity.sanitiser))
  }

  @Test(
    "a card, a session, an application or a state that somebody wrote into the database does not count",
    arguments: [
      "UPDATE cards SET person = 'ito' WHERE person = 'kato'",
      "UPDATE cards SET is_withdrawn = 0",
      "UPDATE proven_sessions SET person = 'ito' WHERE person = 'kato'",
      "UPDATE proven_sessions SET logon_at = logon_at + 1",
      "UPDATE applications SET freshness = 86400",
      "UPDATE credentials SET state = 'current' WHERE person = 'kato'",
    ])
  func written(sql: String) throws {
    let session = try city.session(cards[1], at: workstations[1])
    #expect(try city.password(session) == Self.password("kato", SSOCity.ledger))
    #expect(city.office.ask(try city.report(.refused, session)) == .noted)
    try city.expectNoted(
      city.registration([VaultCard(key: cards[2].fingerprint, person: cards[2].person, isWithdrawn: true)]))
    try city.tamper(sql)
    let answer = try city.password(session)
    #expect(["V190", "V161"].contains(answer), "\(sql): \(answer)")
    #expect(try ["V190", "V151"].contains(city.password(sessions[2])), "withdrawn")
  }

  @Test(
    "older rows put back stop all releases at the next start, until an administrator resumes",
    arguments: ["credentials", "cards", "applications"])
  func putBack(table: String) throws {
    let older = try city.tamper("SELECT * FROM \(table)")
    try city.tamper("CREATE TABLE kept AS SELECT * FROM \(table)")
    // What has changed since: a new password that was confirmed, a lost card, an application taken out of use.
    let session = sessions[0]
    #expect(city.office.ask(try city.capture("new", session, of: "ito")) == .noted)
    #expect(city.office.ask(try city.report(.accepted, session)) == .noted)
    try city.expectNoted(
      city.registration([VaultCard(key: cards[1].fingerprint, person: cards[1].person, isWithdrawn: true)]))
    try city.publish(SSOCity.sanitiser, freshness: "60")
    try city.tamper("DELETE FROM \(table);;INSERT INTO \(table) SELECT * FROM kept;;DROP TABLE kept")
    #expect(try city.tamper("SELECT * FROM \(table)") == older)
    let after = try city.office.reopen()
    #expect(try city.password(session, from: after) == "V163")
    guard case .status(let status) = after.handle(.status, from: Office.server, peers: Office.peers) else {
      throw Office.Unexpected()
    }
    #expect(status.alarms == 1)
    // Started again it says nothing new, and stays stopped.
    let again = try city.office.reopen()
    #expect(try city.password(session, from: again) == "V163")
    let resume = try city.act(Act.Kind.resumeReleases, [:])
    #expect(again.handle(.resumeReleases(resume), from: Office.server, peers: Office.peers) == .noted)
    #expect(try city.password(session, from: city.office.reopen()) == (table == "credentials" ? "ito at ledger" : "new"))
  }

  @Test("the sum put back with the rows does not fit the log; an untouched vault starts as it was")
  func sumPutBack() throws {
    let (one, _) = (try city.password(sessions[0]), try city.password(sessions[1]))
    #expect(try city.password(sessions[0], from: city.office.reopen()) == one)
    try city.tamper("CREATE TABLE kept AS SELECT * FROM register_seal;;CREATE TABLE rows AS SELECT * FROM cards")
    try city.expectNoted(
      city.registration([VaultCard(key: cards[1].fingerprint, person: cards[1].person, isWithdrawn: true)]))
    try city.tamper(
      """
      DELETE FROM cards;;INSERT INTO cards SELECT * FROM rows;;DELETE FROM register_seal;;
      INSERT INTO register_seal SELECT * FROM kept
      """)
    #expect(try city.password(sessions[0], from: city.office.reopen()) == "V163")
    try city.tamper("DELETE FROM register_seal;;UPDATE releases SET is_stopped = 0")
    #expect(throws: VaultStartFault.self, "no sum at all") { try city.office.reopen() }
  }

  @Test(
    "an operator who was written into the database, or comes back, keeps the vault from starting",
    arguments: [
      "INSERT INTO operators SELECT 'mallory', person, role, x'00', public_key, 1, 1 FROM operators WHERE id = 'sato'",
      "UPDATE operators SET is_active = 1", "UPDATE operators SET public_key = x'00'", "DELETE FROM operators",
      "DELETE FROM operators;;INSERT INTO operators SELECT * FROM kept;;DELETE FROM register_seal;;INSERT INTO register_seal SELECT * FROM sum",
    ])
  func operators(sql: String) throws {
    let tanaka = try Clerk("tanaka")
    guard case .operatorRegistered = city.office.ask(try city.office.register(tanaka, by: city.sato)) else {
      throw Office.Unexpected()
    }
    try city.tamper("CREATE TABLE kept AS SELECT * FROM operators;;CREATE TABLE sum AS SELECT * FROM register_seal")
    let leaving = try Act.revokeOperator(
      tanaka.id, by: city.sato.id, instance: city.office.instance, nonce: Office.random(16),
      at: city.office.clock.now.wallMilliseconds)
    #expect(city.office.ask(.revoke(try city.sato.sign(leaving))) == .revoked)
    #expect(try city.password(sessions[0], from: city.office.reopen()) == Self.password("ito", SSOCity.ledger))
    try city.tamper(sql)
    #expect(throws: VaultStartFault.self) { try city.office.reopen() }
  }

  @Test("a first administrator's code that was written into the database lets nobody in")
  func codes() throws {
    let other = try Office()
    guard case .initialised(let own) = other.ask(.initialise(other.settings), from: Office.desk) else { return }
    let row = try SSOCity.tamper("SELECT hash FROM codes", at: other.state).trimmingCharacters(in: .whitespacesAndNewlines)
    try city.tamper(
      """
      INSERT INTO codes SELECT x'\(row)', kind, workstation, segment, access, created_by, expires_wall, expires_boot,
        expires_monotonic, NULL FROM codes WHERE kind = 'firstAdministrator'
      """)
    #expect(city.office.refusal(try city.office.firstRegistration(Clerk("mallory"), code: own)) == "V114")
  }
}
