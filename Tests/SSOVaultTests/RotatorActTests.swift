import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Isolation
import SSOVault
import Testing

@Suite("a rotator keeps what waits and says what became of it, and nothing else")
struct RotatorActTests {
  let rotator: RotatorOffice
  var city: SSOCity { rotator.city }
  var office: Office { rotator.office }

  init() throws { rotator = try RotatorOffice() }

  @Test("what waits is handed over only when all else was refused; confirmed, it is the only one")
  func order() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("old", for: "ito", RotatorOffice.windows)
    #expect(try city.password(session, "windows") == "old")
    #expect(office.ask(try city.report(.accepted, session, "windows")) == .noted)
    #expect(rotator.ask(try rotator.pending("new", for: "ito")) == .kept(version: 2))
    #expect(try rotator.states() == "1 current,2 pending" && city.password(session, "windows") == "old")
    // The directory had taken it when the rotator was killed: Windows refuses the old one, once.
    #expect(office.ask(try city.report(.refused, session, "windows")) == .noted)
    #expect(try city.password(session, "windows") == "new" && city.entries().map(\.state) == [.pending])
    #expect(office.ask(try city.report(.accepted, session, "windows")) == .noted)
    #expect(try rotator.states() == "2 current")
    #expect(rotator.ask(try rotator.pending("newer", for: "ito")) == .kept(version: 3))
    #expect(rotator.ask(try rotator.confirmation("3", for: "ito")) == .noted)
    #expect(try rotator.states() == "3 current" && city.password(session, "windows") == "newer")
    #expect(try city.password(session, "windows", from: office.reopen()) == "newer")
    #expect(try office.status().alarms == 0)
  }

  @Test("one that the directory said no to is taken back, its number never given again; the one that works stays")
  func takenBack() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    #expect(rotator.ask(try rotator.pending("one", for: "ito")) == .kept(version: 1))
    #expect(rotator.ask(try rotator.confirmation("1", for: "ito")) == .noted)
    #expect(rotator.ask(try rotator.pending("two", for: "ito")) == .kept(version: 2))
    #expect(rotator.ask(try rotator.confirmation("2", for: "ito", "refused")) == .noted)
    #expect(try rotator.states() == "1 current,2 refused" && city.password(session, "windows") == "one")
    #expect(rotator.refusal(try rotator.confirmation("1", for: "ito", "refused")) == "V182", "what works does not wait")
    #expect(rotator.refusal(try rotator.confirmation("2", for: "ito", "refused")) == "V182")
    #expect(rotator.ask(try rotator.pending("three", for: "ito")) == .kept(version: 3))
    // A session tried it before the directory had it; then the directory took it.
    #expect(office.ask(try city.report(.refused, session, "windows")) == .noted)
    #expect(try city.password(session, "windows") == "three")
    #expect(office.ask(try city.report(.refused, session, "windows")) == .noted)
    #expect(try city.password(session, "windows") == "V161")
    #expect(rotator.ask(try rotator.confirmation("3", for: "ito")) == .noted)
    #expect(try city.password(session, "windows") == "three" && rotator.states() == "3 current")
  }

  @Test("whatever waits may be the one that works: none of them makes room for another")
  func limit() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    for number in 1...8 {
      #expect(rotator.ask(try rotator.pending("n\(number)", for: "ito")) == .kept(version: UInt64(number)))
    }
    #expect(rotator.refusal(try rotator.pending("n9", for: "ito")) == "V181")
    #expect(try city.entries().count == 1)
    #expect(office.refusal(try city.setting(city.sealed("typed", for: "ito", "windows"), for: "ito", "windows")) == "V181")
    #expect(try rotator.handedOut(session) == (1...8).reversed().map { "n\($0)" })
    #expect(rotator.ask(try rotator.pending("n9", for: "ito")) == .kept(version: 9), "what was refused makes room")
  }

  @Test("only for the logon to Windows, as it is published, and for people with a card")
  func scope() throws {
    _ = try city.card("ito")
    #expect(rotator.refusal(try rotator.pending("x", for: "ito", SSOCity.ledger)) == "V180")
    #expect(rotator.refusal(try rotator.confirmation("1", for: "ito", "accepted", SSOCity.ledger)) == "V180")
    #expect(rotator.refusal(try rotator.pending("x", for: "ito", "payroll")) == "V157")
    #expect(rotator.refusal(try rotator.pending("x", for: "kato")) == "V183")
    let lost = try TestCard("kato")
    try city.expectNoted(city.registration([lost.entry]))
    #expect(rotator.refusal(try rotator.pending("x", for: "kato")) == "answered")
    try city.expectNoted(
      city.registration([VaultCard(key: lost.fingerprint, person: lost.person, isWithdrawn: true)]))
    #expect(rotator.refusal(try rotator.pending("x", for: "kato")) == "V183")
    // The same application without the word is one of a page again.
    try city.publish("windows")
    #expect(rotator.refusal(try rotator.pending("x", for: "ito")) == "V180")
    try city.expectNoted(rotator.publication())
    try city.publish("windows", segments: "")
    #expect(rotator.refusal(try rotator.pending("x", for: "ito")) == "V157")
    for kind in ["", "Windows", "browser"] { #expect(office.refusal(try rotator.publication(kind: kind)) == "V121") }
  }

  @Test("acts of others, other acts of a rotator, and acts that are bent")
  func authority() throws {
    _ = try city.card("ito")
    #expect(rotator.refusal(try rotator.pending("x", for: "ito", by: city.sato)) == "V121", "an administrator is none")
    let desk = try Clerk("suzuki")
    guard case .operatorRegistered = office.ask(try office.register(desk, by: city.sato, role: "desk")) else { return }
    #expect(rotator.refusal(try rotator.pending("x", for: "ito", by: desk)) == "V121")
    #expect(rotator.refusal(try rotator.confirmation("1", for: "ito", by: desk)) == "V121")
    let own = try city.setting(city.sealed("x", for: "ito"), for: "ito", by: rotator.clerk)
    #expect(office.refusal(own) == "V121")
    #expect(office.refusal(try city.publication("ledger", by: rotator.clerk)) == "V121")
    #expect(office.refusal(try city.registration([TestCard("mori").entry], by: rotator.clerk)) == "V121")
    #expect(office.refusal(.createEnrolmentCode(try office.enrolment(by: rotator.clerk))) == "V121")
    #expect(office.refusal(.resumeReleases(try city.act(Act.Kind.resumeReleases, [:], by: rotator.clerk))) == "V121")
    #expect(office.refusal(try office.register(Clerk("new"), by: rotator.clerk, role: "desk")) == "V121")
    guard case .keepPending(let act, let sealed) = try rotator.pending("x", for: "ito") else { return }
    #expect(rotator.refusal(.keepPending(act, sealed: try city.sealed("y", for: "ito", "windows"))) == "V121")
    #expect(rotator.refusal(.confirmPending(act)) == "V121")
    #expect(rotator.ask(.keepPending(act, sealed: sealed)) == .kept(version: 1))
    #expect(rotator.refusal(.keepPending(act, sealed: sealed)) == "V123")
    for version in ["", "0", "01", "2", "-1", "x"] {
      #expect(["V121", "V182"].contains(rotator.refusal(try rotator.confirmation(version, for: "ito"))), "\(version)")
    }
    for outcome in ["", "mustChange", "perhaps"] {
      #expect(rotator.refusal(try rotator.confirmation("1", for: "ito", outcome)) == "V121")
    }
    // Sealed for somebody else.
    let other = try city.sealed("x", for: "kato", "windows")
    let wrong = try city.act(
      Act.Kind.keepPending,
      ["person": "ito", "application": "windows", "sealed": Hex.encode(Array(SHA256.hash(data: other)))], by: rotator.clerk)
    #expect(rotator.refusal(.keepPending(wrong, sealed: other)) == "V164")
    let stale = try rotator.pending("z", for: "ito")
    office.clock.advance(seconds: 601)
    #expect(rotator.refusal(stale) == "V122")
    #expect(try rotator.states() == "1 pending")
    #expect(office.ask(.revoke(try city.act(Act.Kind.revokeOperator, ["operator": "rotator"]))) == .revoked)
    #expect(rotator.refusal(try rotator.pending("q", for: "ito")) == "V121")
  }

  @Test("a rotator's user may ask for five things; nobody else may ask for its two")
  func peers() throws {
    let act = try city.act(Act.Kind.resumeReleases, [:])
    let none: [VaultRequest] = [
      .status, .trustRoots, .listOperators, .openBackup, .listCards(after: []), .resumeReleases(act), .revoke(act),
      .createEnrolmentCode(act), .approveRestore(act), .publishApplication(act), .setCredential(act, sealed: []),
      .registerCards(act, cards: []), .signServer(certificateRequest: []), .initialise(office.settings),
      .signSnapshot(hash: [UInt8](repeating: 0, count: 32)), .templateKey(person: try PersonID(parsing: "ito"), ring: 1),
      .signWorkstation(certificateRequest: [], code: ""),
    ]
    for request in none { #expect(rotator.refusal(request) == "V103", "\(request.kind)") }
    for request in [VaultRequest.publicKeys, .listApplications, .listCredentials(after: "")] {
      #expect(rotator.refusal(request) == "answered", "\(request.kind)")
    }
    for peer in [Office.server, Office.desk, Office.stranger] {
      #expect(office.refusal(try rotator.pending("x", for: "ito"), from: peer) == "V103")
      #expect(office.refusal(try rotator.confirmation("1", for: "ito"), from: peer) == "V103")
    }
    #expect(Office.peers.admits(7004) && !Office.peers.admits(7003))
    #expect(!VaultPeers(servers: [1], operators: [2]).admits(7004))
  }

  @Test("applications that were published before there was a word for it are what they were, and none is Windows'")
  func migrated() throws {
    let session = try city.session(city.card("ito"), at: city.workstation())
    try city.set("one", for: "ito")
    try city.publish("windows", segments: "")
    try city.tamper(
      "DELETE FROM grdb_migrations WHERE identifier = '5';;DROP INDEX cards_of;;ALTER TABLE applications DROP COLUMN is_windows"
    )
    office.restart(try office.reopen())
    #expect(try city.password(session) == "one" && office.status().alarms == 0)
    #expect(rotator.refusal(try rotator.pending("x", for: "ito", SSOCity.ledger)) == "V180")
    try city.expectNoted(rotator.publication())
    #expect(rotator.ask(try rotator.pending("x", for: "ito")) == .kept(version: 1))
  }

  @Test("what is Windows' stands in an authentic row: bent by hand it stops releases")
  func bent() throws {
    try city.tamper("UPDATE applications SET is_windows = 1 WHERE id = 'ledger'")
    _ = try city.card("ito")
    #expect(rotator.refusal(try rotator.pending("x", for: "ito", SSOCity.ledger)) == "V190")
    #expect(try office.reopen().handle(.status, from: Office.server, peers: Office.peers).alarms == 1)
  }
}

extension VaultAnswer {
  fileprivate var alarms: UInt64? { if case .status(let status) = self { status.alarms } else { nil } }
}
