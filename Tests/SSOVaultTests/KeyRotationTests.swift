import AuditLog
import AuthAPI
import AuthTerms
import FaultyDisk
import Foundation
import Isolation
import SSOVault
import Synchronization
import Testing

@Suite("the vault's keys are renewed while credentials are handed over", .timeLimit(.minutes(10)))
struct KeyRotationTests {
  let city: SSOCity
  let people = (0..<3).map { "p\($0)" }
  let workstation: TestWorkstation
  let cards: [TestCard]
  let sessions: [TestSession]

  init() throws {
    city = try SSOCity()
    let (city, people) = (city, people)
    workstation = try city.workstation()
    cards = try people.map { try city.card($0) }
    let place = workstation
    sessions = try cards.map { try city.session($0, at: place) }
    for person in people { try city.set("of \(person)", for: person) }
  }

  private func rings(at state: String? = nil) throws -> String {
    try city.tamper("SELECT ring, count(*) FROM credentials GROUP BY ring ORDER BY ring", at: state)
  }

  private func names(at state: String? = nil) throws -> String {
    try city.tamper("SELECT name FROM sealed_keys ORDER BY name", at: state).replacing("\n", with: " ")
  }

  /// As agents do, with a logon of now: they ask for the keys, then for the release.
  private func everybodyIsServed(_ service: VaultService? = nil, _ comment: Comment? = nil) throws {
    let service = service ?? city.office.service
    guard case .publicKeys(let keys) = service.handle(.publicKeys, from: Office.server, peers: Office.peers) else {
      throw Office.Unexpected()
    }
    let agents = try SSOCity(of: city, knowing: keys)
    for (person, card) in zip(people, cards) {
      #expect(try agents.password(city.session(card, at: workstation), from: service) == "of \(person)", comment)
    }
  }

  private func rows(_ action: String) throws -> [AuditRecord] {
    try city.tamper("SELECT encoded FROM log_rows ORDER BY sequence").split(separator: "\n")
      .map { try RecordEncoding.decode(Hex.decode($0)) }.filter { $0.action == action }
  }

  @Test("records in steps, with releases and new credentials between them; at the end the old root is gone")
  func records() throws {
    let vault = city.office.service
    #expect(try rings() == "1|3\n" && vault.advanceRotation() == .nothing)
    try city.expectNoted(city.rotation([.credentials]))
    #expect(try city.terms()[.credentials]?.left == 0, "there is no other root yet")
    #expect(try vault.advanceRotation(atMost: 1) == .again)
    #expect(try rings() == "1|2\n2|1\n" && city.terms()[.credentials]?.left == 2)
    try everybodyIsServed()
    // What is new is sealed under the new one. Asked for again, it goes on.
    try city.set("newer", for: "p2")
    try city.expectNoted(city.rotation([.credentials]))
    #expect(try names().contains("credential/1 credential/2 "))
    try city.carryOn(atMost: 1)
    #expect(try rings() == "2|4\n" && names().contains("credential/2") && !names().contains("credential/1"))
    #expect(try city.password(sessions[2]) == "newer" && city.password(sessions[0]) == "of p0")
    #expect(try city.password(sessions[1], from: city.office.reopen()) == "of p1")
    try city.rotate([.credentials])
    #expect(try rings() == "3|4\n")
    let term = try #require(try city.terms()[.credentials])
    #expect(term.number == 3 && !term.isUnderWay && term.left == 0 && term.madeAt == city.office.clock.now.wallMilliseconds)
  }

  @Test("no key seals twice: every record has another salt, before and after")
  func salts() throws {
    var salts = try Set(city.tamper("SELECT salt FROM credentials").split(separator: "\n"))
    try city.rotate([.credentials])
    try salts.formUnion(city.tamper("SELECT salt FROM credentials").split(separator: "\n"))
    #expect(salts.count == 6)
  }

  @Test("the codes of all rows change at once, and what they say does not; a restart finds them as they were written")
  func registers() throws {
    for session in sessions { _ = try city.password(session) }
    let codes = ["cards", "applications", "credentials", "proven_sessions"].map { "SELECT mac FROM \($0)" }
    func all() throws -> Set<Substring> { try Set(city.tamper(codes.joined(separator: ";;")).split(separator: "\n")) }
    let (before, cards) = (try all(), city.office.ask(.listCards(after: [])))
    #expect(before.count == 3 + 2 + 3 + 3)
    try city.rotate([.registers])
    #expect(try all().isDisjoint(with: before) && all().count == before.count)
    #expect(try names().contains("register/2") && !names().contains("register "))
    #expect(city.office.ask(.listCards(after: [])) == cards)
    // Without their evidence: sessions that were proven are still.
    for session in sessions {
      let act = try city.sessionAct(.release, session)
      guard case .released = city.office.ask(try city.request(act, session, evidence: .some(nil))) else {
        throw Office.Unexpected()
      }
    }
    let again = try city.office.reopen()
    #expect(try rows("vault.register.changed").isEmpty)
    try everybodyIsServed(again)
    let row = try #require(try rows("vault.registers.rewritten").first)
    #expect(row.count == 11 && row.note == "root 2")
    // What the next changes write is authenticated with it.
    try city.set("newer", for: "p0")
    #expect(try city.password(sessions[0], from: city.office.reopen()) == "newer")
  }

  @Test("rows that somebody bent get no new codes: neither when it is asked for, nor when it happens meanwhile")
  func bent() throws {
    try city.expectNoted(city.rotation([.registers]))
    try city.tamper("UPDATE applications SET freshness = 86400 WHERE id = 'ledger'")
    let mac = try city.tamper("SELECT mac FROM cards")
    #expect(throws: (any Error).self) { try city.office.service.advanceRotation() }
    #expect(try city.tamper("SELECT mac FROM cards") == mac && city.terms()[.registers]?.number == 1)
    #expect(city.office.refusal(try city.rotation([.credentials])) == "V184")
    try city.expectNoted(.resumeReleases(city.act(Act.Kind.resumeReleases, [:])))
    try city.carryOn()
    #expect(try city.terms()[.registers]?.number == 2)
    #expect(try city.tamper("SELECT id FROM applications") == "sanitiser\n", "what nobody vouches for went")
  }

  @Test("what was sealed to the former intake key is taken for an hour, and not after it; a new key from the first moment")
  func intake() throws {
    try city.expectNoted(city.rotation([.intake]))
    #expect(try city.office.service.advanceRotation() == .waiting)
    guard case .publicKeys(let keys) = city.office.ask(.publicKeys) else { throw Office.Unexpected() }
    #expect(keys.intake != city.published.intake && keys.ticket == city.published.ticket)
    try city.set("to the former", for: "p0")
    try city.expectNoted(city.setting(city.sealed("to the new one", for: "p1", to: keys), for: "p1"))
    #expect(try city.password(sessions[0]) == "to the former" && city.password(sessions[1]) == "to the new one")
    #expect(try city.terms()[.intake]?.left == 1)
    city.office.clock.advance(seconds: 3599)
    #expect(try city.office.service.advanceRotation() == .waiting)
    let late = try city.sealed("late", for: "p2")
    #expect(city.office.refusal(try city.setting(late, for: "p2")) == "answered")
    city.office.clock.advance(seconds: 1)
    #expect(try city.office.service.advanceRotation() == .again)
    #expect(city.office.refusal(try city.setting(late, for: "p2")) == "V164")
    #expect(try names().contains("intake/2") && !names().contains("intake "))
    #expect(try city.terms()[.intake]?.isUnderWay == false && city.office.service.advanceRotation() == .nothing)
  }

  @Test("the key that signs is exchanged when for ten seconds nobody has asked for it: no agent holds the former one")
  func signing() throws {
    try city.expectNoted(city.rotation([.signing]))
    let former = city.published.ticket
    for _ in 0..<5 {
      city.office.clock.advance(seconds: 9)
      #expect(try city.office.service.advanceRotation() == .waiting)
      try everybodyIsServed()
    }
    city.office.clock.advance(seconds: 60)
    #expect(try city.office.service.advanceRotation() == .again)
    guard case .publicKeys(let keys) = city.office.ask(.publicKeys) else { throw Office.Unexpected() }
    #expect(keys.ticket != former && keys.intake == city.published.intake)
    #expect(keys.checkpointVerifier == city.published.checkpointVerifier && keys.signature != city.published.signature)
    try everybodyIsServed()
    // The former key is nowhere: what the vault signs now does not verify with it.
    #expect(throws: Office.Unexpected.self) { try city.password(sessions[0]) }
    #expect(try names().contains("ticket/2") && !names().contains("ticket "))
    try everybodyIsServed(city.office.reopen())
  }

  @Test("an act of an administrator, once, for layers in their one spelling")
  func refusals() throws {
    let office = city.office
    for text in ["", "keys", "registers credentials", "credentials  registers", "credentials credentials", " signing"] {
      #expect(office.refusal(.rotateKeys(try city.act(Act.Kind.rotateKeys, ["layers": text]))) == "V121", "\(text)")
    }
    #expect(office.refusal(.rotateKeys(try city.act(Act.Kind.rotateKeys, [:]))) == "V121")
    #expect(office.refusal(.rotateKeys(try city.act(Act.Kind.resumeReleases, [:]))) == "V121")
    #expect(office.refusal(try city.rotation([.signing], by: Clerk("sato"))) == "V121", "another key of that name")
    let request = try city.rotation([.signing])
    #expect(office.refusal(request, from: Office.stranger) == "V103")
    #expect(office.refusal(.listKeys, from: Office.stranger) == "V103")
    #expect(office.refusal(request) == "answered" && office.refusal(request) == "V123")
    let stale = try city.rotation([.intake])
    office.clock.advance(seconds: 601)
    #expect(office.refusal(stale) == "V122")
    #expect(try rows("vault.rotation.asked").map(\.operatorID) == [city.sato.id])
    #expect(try Office().refusal(.listKeys) == "V101")
  }

  @Test("a root that sealed often is renewed without being asked", arguments: [UInt64(12), 13])
  func bound(mostUses: UInt64) throws {
    let office = city.office
    func open() throws -> VaultService {
      try VaultService(
        directory: office.state, master: MasterKey.read(path: Office.master(office.folder)),
        environment: VaultEnvironment(now: { office.clock.now }, random: Office.random), mostUses: mostUses)
    }
    try city.rotate([.registers])
    office.restart(try open())
    while try #require(try city.terms()[.registers]).uses < 12 { try city.set("again", for: "p0") }
    let term = try #require(try city.terms()[.registers])
    #expect(term.uses == 12 && term.mostUses == mostUses && term.number == 2)
    try city.carryOn()
    let after = try #require(try city.terms()[.registers])
    if mostUses == 12 {
      #expect(try after.number == 3 && after.uses < 6 && rows("vault.key.used").count == 1)
      // The count is the log's: it survives a restart.
      try city.set("once more", for: "p0")
      let uses = try #require(try city.terms()[.registers]).uses
      office.restart(try open())
      #expect(try city.terms()[.registers]?.uses == uses)
    } else {
      #expect(try after == term && rows("vault.key.used").isEmpty)
    }
  }

  @Test("a state from before keys had terms counts from the log's first row, and is renewed like any other")
  func earlier() throws {
    try city.tamper("DELETE FROM key_terms")
    let term = try #require(try city.terms()[.registers])
    #expect(try term.madeAt == 0 && term.uses == city.office.status().logSize)
    try city.rotate(Set(VaultLayer.allCases))
    #expect(try city.terms().values.allSatisfy { $0.number == 2 && $0.madeAt > 0 && !$0.isUnderWay && $0.left == 0 })
    try everybodyIsServed()
  }

  @Test("the power is cut at each write and sync in turn: what is left serves everybody, and the renewal of every layer ends")
  func cut() throws {
    try city.expectNoted(city.rotation(Set(VaultLayer.allCases)))
    city.office.clock.advance(seconds: 61)
    var number = 0
    while true {
      let disk = try FaultyDisk(copying: city.office.state)
      let service = try city.office.reopen(at: disk.folder)
      let start = disk.operations
      disk.cutPower(at: start + number)
      city.office.clock.advance(seconds: 61)
      _ = try? city.carryOn(service, atMost: 2)
      let end = disk.operations
      let left = try disk.remains(.someWrites, seed: UInt64(number))
      defer { try? FileManager.default.removeItem(atPath: left) }
      let after = try city.office.reopen(at: left)
      try everybodyIsServed(after, "cut at \(number)")
      try city.carryOn(after, atMost: 2)
      try everybodyIsServed(after, "cut at \(number), and carried on")
      #expect(try city.terms(after).values.allSatisfy { $0.number == 2 && !$0.isUnderWay }, "cut at \(number)")
      #expect(try rings(at: left) == "2|3\n", "cut at \(number)")
      #expect(
        try names(at: left) == "ca checkpoint credential/2 intake/2 lookup register/2 template ticket/2 ", "cut at \(number)")
      if end <= start + number { break }
      number += 1
      // Each round asks for passwords of everybody within one minute of the vault's clock.
      city.office.clock.advance(seconds: 61)
    }
    #expect(number > 25)
  }

  @Test("each write and sync fails once while people are served: nobody is refused afterwards, and the renewal ends")
  func failing() throws {
    var number = 0
    while true {
      let disk = try FaultyDisk(copying: city.office.state)
      let service = try city.office.reopen(at: disk.folder)
      _ = service.handle(try city.rotation(Set(VaultLayer.allCases)), from: Office.server, peers: Office.peers)
      city.office.clock.advance(seconds: 61)
      let start = disk.operations
      disk.fail(from: start + number, with: .inputOutput)
      _ = try? city.carryOn(service, atMost: 2)
      let end = disk.operations
      disk.repair()
      try everybodyIsServed(service, "failed at \(number)")
      try city.carryOn(service, atMost: 2)
      try everybodyIsServed(service, "failed at \(number), and carried on")
      #expect(try city.terms(service).values.allSatisfy { $0.number == 2 && !$0.isUnderWay }, "failed at \(number)")
      try everybodyIsServed(city.office.reopen(at: disk.folder), "failed at \(number), and started anew")
      if end <= start + number { break }
      number += 1
      city.office.clock.advance(seconds: 61)
    }
    #expect(number > 25)
  }

  @Test("releases, captures and reports on other threads while everything is renewed: none fails")
  func together() throws {
    let vault = city.office.service
    try city.expectNoted(city.rotation([.credentials, .registers, .intake]))
    let isOver = Mutex(false)
    let wrong = Mutex<[String]>([])
    let group = DispatchGroup()
    for (person, session) in zip(people, sessions) {
      DispatchQueue.global().async(group: group) { [city] in
        for round in 0..<12 {
          do {
            let password = try city.password(session, from: vault)
            if !password.hasPrefix("of \(person)") { wrong.withLock { $0.append(password) } }
            let asked =
              round % 2 == 0
              ? try city.report(.accepted, session) : try city.capture("of \(person) \(round)", session, of: person)
            let answer = vault.handle(asked, from: Office.server, peers: Office.peers)
            if answer != .noted { wrong.withLock { $0.append("\(answer)") } }
          } catch { wrong.withLock { $0.append("\(error)") } }
        }
      }
    }
    DispatchQueue.global().async {
      group.wait()
      isOver.withLock { $0 = true }
    }
    var steps = 0
    while !isOver.withLock({ $0 }) {
      if try vault.advanceRotation(atMost: 1) == .again { steps += 1 } else { usleep(500) }
    }
    #expect(wrong.withLock { $0 } == [] && steps >= 3)
    #expect(try vault.advanceRotation() == .waiting)
    try city.carryOn()
    #expect(try city.terms().filter { $0.key != .signing }.values.allSatisfy { $0.number == 2 })
    let again = try city.office.reopen()
    #expect(try rows("vault.register.changed").isEmpty)
    for session in sessions { #expect(try city.password(session, from: again).hasPrefix("of p")) }
  }
}
