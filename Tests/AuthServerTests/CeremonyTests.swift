import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// The first morning over the real wire: mutual TLS, a real vault, a database on disk, the shipped policies.
@Suite("Ceremonies", .serialized)
struct CeremonyTests {
  private let sato = "p-000042"
  /// Fujii Junichi, of LGWAN and telework.
  private let teleworker = "p-000025"
  private let takahashi = "p-000007"

  @Test("card and PIN open an LGWAN session; lock, unlock by card and session key, logoff; each is a row with its rule")
  func morning() async throws {
    let city = try await City()
    let imported = try await city.importPeople(everybody: true)
    #expect(imported.applied && imported.added == 1200)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)

    let session = try await pc.enter(card)
    #expect(session.person == sato && session.scenario == "logon" && session.assurance == "AAL2")
    #expect(session.rule.hasPrefix("lgwan.yaml:"))
    _ = try await pc.end("lock", session.session)
    let unlocked = try await pc.enter(card)
    #expect(unlocked.scenario == "unlock" && unlocked.session == session.session)
    #expect(try await pc.end("logoff", session.session).state == "ended")

    let rows = try await city.audit("workstation=LGWAN-PC-0042&class=ceremony")
    #expect(rows.map(\.action) == ["logon", "unlock"])
    #expect(rows.allSatisfy { $0.outcome == "granted" && $0.person == sato && $0.factors.starts(with: ["card", "pin"]) })
    #expect(rows.allSatisfy { $0.rule?.hasPrefix("lgwan.yaml:") == true && $0.policyVersion == session.policyVersion })
    await city.end()
  }

  @Test("locking what is locked does not put off the end of its idle time")
  func lockedTwice() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let session = try await pc.enter(card)
    _ = try await pc.end("lock", session.session)
    city.clock.advance(seconds: 40 * 60)
    #expect(try await pc.end("lock", session.session).state == "locked")
    #expect(try await pc.open().ceremony.scenario == "unlock")
    city.clock.advance(seconds: 40 * 60)
    #expect(try await pc.end("lock", session.session).state == "locked")
    #expect(try await pc.open().ceremony.scenario == "logon", "60 minutes idle are over")
    await city.end()
  }

  @Test("an unlock needs the very key the session was opened with; another one, well signed, does not count")
  func otherSessionKey() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let session = try await pc.enter(card)
    _ = try await pc.end("lock", session.session)
    let opened = try await pc.open()
    #expect(opened.ceremony.session == session.session)
    let refused = try await refusal { try await pc.prove(opened, pc.proofsWithOtherKeys(opened, card)) }
    #expect(refused?.body.code == "AP115")
    // Nor without the card: nobody is known then, and nothing is told.
    let again = try await pc.open()
    #expect(try await pc.prove(again, pc.proofsWithOtherKeys(again, nil)).outcome == "stillNeeded")
    #expect(try await pc.enter(card).session == session.session, "its own key still unlocks")
    let rows = try await city.audit("workstation=LGWAN-PC-0042&class=ceremony")
    #expect(rows.map(\.outcome) == ["granted", "denied", "stillNeeded", "granted"])
    #expect(rows[2].person == nil, "an unproven key names nobody")
    await city.end()
  }

  @Test("an unlock by the session's key alone: the row names whose session waits, and nothing is opened")
  func keyAlone() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let session = try await pc.enter(city.enrolCard("p-000042")).session
    _ = try await pc.end("lock", session)
    let opened = try await pc.open()
    #expect(opened.ceremony.scenario == "unlock" && opened.ceremony.session == session)
    let answer = try await pc.prove(opened, pc.proofs(opened, nil))
    #expect(answer.outcome == "stillNeeded" && answer.session == nil)
    let row = try #require(try await city.audit("class=ceremony&outcome=stillNeeded").last)
    #expect(row.person == "p-000042" && row.session == session && row.factors == ["session-key"])
    await city.end()
  }

  @Test("a wrong password is refused with its own reason after possession, and slows down after the free ones")
  func wrongPassword() async throws {
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    let pc = try await city.workstation("MYNUMBER-PC-0007")
    let card = try await city.enrolCard(takahashi)
    try await city.setPassword(takahashi, "kawa-no-nagare-7")
    #expect(try await pc.enter(card, password: "kawa-no-nagare-7").assurance == "AAL2")
    var codes: [String] = []
    for _ in 0..<12 {
      if let refused = try await refusal({ try await pc.enter(card, password: "wrong-password") }) {
        codes.append(refused.body.code)
      }
    }
    #expect(codes.first == "AP109")
    #expect(codes.contains("AP111"), "guessing is slowed down: \(codes)")
    // The right password does not end the delay.
    #expect(try await refusal { try await pc.enter(card, password: "kawa-no-nagare-7") }?.body.code == "AP111")
    city.clock.advance(seconds: 4 * 3600)
    #expect(try await pc.enter(card, password: "kawa-no-nagare-7").person == takahashi)
    await city.end()
  }

  @Test("a person without the segment's group is refused, told why, and the reference explains it")
  func otherSegment() async throws {
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    let pc = try await city.workstation("MYNUMBER-PC-0007")
    let card = try await city.enrolCard(sato)
    let refused = try #require(try await refusal { try await pc.enter(card) })
    #expect(refused.status == 403 && refused.body.code == "AP107")
    #expect(!refused.body.ja.isEmpty && !refused.body.nextStepJa.isEmpty && refused.body.ja != refused.body.en)
    let reference = try #require(refused.body.reference)
    let day = LocalTime(city.clock.now(), offsetSeconds: 32_400).day
    let row: AuditEntry = try await city.link.fetch("/v1/admin/why?reference=\(reference)&day=\(day)")
    #expect(row.code == "AP107" && row.person == sato && row.workstation == "MYNUMBER-PC-0007")
    #expect(row.rule?.contains("mynumber.yaml") == true)
    await city.end()
  }

  @Test("a lost card is refused at once, its session is told to lock and gets no lease and no unlock")
  func lostCard() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let session = try await pc.enter(card)
    var events = try await Events(pc)

    let changed: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "lost", reason: "telephone"))
    #expect(changed.sessionsLocked == 1)
    let told = try await events.next()
    #expect(told == WatchEvent(event: "lock", session: session.session, cause: "cardLost"))
    let lease = try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease")
    #expect(lease.status == 403)
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP105")
    await #expect(throws: ClientFault.self, "lost is for good") {
      let _: CardStateChanged = try await city.link.call(
        "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "active", reason: "found"))
    }
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP105")
    let again = try await pc.enter(city.enrolCard(sato))
    #expect(
      again.scenario == "logon" && again.session != session.session, "a withdrawn session is not unlocked, a new one is opened")
    await city.end()
  }

  @Test("a PC that telework reaches asks card and password, whatever the client would like: the scenario is remote")
  func telework() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0800", access: "remote")
    let card = try await city.enrolCard(teleworker)
    try await city.setPassword(teleworker, "kawa-no-nagare-7")
    let opened = try await pc.open()
    #expect(opened.ceremony.scenario == "remote" && opened.ceremony.combinations == [["card", "password"]])
    #expect(try await pc.prove(opened, pc.proofs(opened, card)).combinations == [["password"]], "card and PIN are not enough")
    let session = try await pc.enter(card, password: "kawa-no-nagare-7")
    #expect(session.scenario == "remote")
    // Reconnecting asks again: there is no unlock for a PC reached from outside.
    _ = try await pc.end("lock", session.session)
    #expect(try await pc.open().ceremony.scenario == "remote")
    await city.end()
  }

  @Test("a clerk outside the telework group is refused there, by her card, and nothing is told to whoever shows none")
  func teleworkOfOthers() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0800", access: "remote")
    let desk = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    try await city.setPassword(sato, "kawa-no-nagare-7")
    let refused = try #require(try await refusal { try await pc.enter(card, password: "kawa-no-nagare-7") })
    #expect(refused.status == 403 && refused.body.code == "AP127")
    let row = try #require(try await city.audit().last { $0.code == "AP127" })
    #expect(row.person == sato && row.scenario == "remote" && row.rule == "lgwan.yaml:26")
    #expect(try await refusal { try await pc.enter(try city.cards.issue(slot: "9a")) }?.body.code != "AP127")
    _ = try await desk.enter(card)
    let explained: ExplainAnswer = try await city.link.call(
      "POST", "/v1/admin/explain", ExplainRequest(person: sato, workstation: "LGWAN-PC-0800", scenario: nil, at: nil))
    #expect(explained.tries.map(\.code) == ["AP127"] && explained.tries.first?.rule == "lgwan.yaml:26")
    await city.end()
  }

  @Test("a session left behind keeps its place only until its overall limit")
  func leftBehind() async throws {
    let city = try await City(segment: .mynumber)
    _ = try await city.importPeople()
    let first = try await city.workstation("MYNUMBER-PC-0007")
    let second = try await city.workstation("MYNUMBER-PC-0008")
    let card = try await city.enrolCard(takahashi)
    try await city.setPassword(takahashi, "kawa-no-nagare-7")
    _ = try await first.enter(card, password: "kawa-no-nagare-7")
    #expect(try await refusal { try await second.enter(card, password: "kawa-no-nagare-7") }?.body.code == "AP114")
    city.clock.advance(seconds: 12 * 3600 + 1)
    #expect(try await second.enter(card, password: "kawa-no-nagare-7").segment == "mynumber")
    await city.end()
  }

  @Test("one instance for LGWAN and My Number, when said in full: two sessions at once, and each segment its own rules")
  func combined() async throws {
    let city = try await City(combined: true)
    _ = try await city.importPeople()
    let lgwan = try await city.workstation("LGWAN-PC-0042")
    let mynumber = try await city.workstation("MYNUMBER-PC-0007", segment: .mynumber)
    let both = try await city.enrolCard(takahashi)
    let one = try await city.enrolCard(sato)
    try await city.setPassword(takahashi, "kawa-no-nagare-7")
    #expect(try await lgwan.enter(both).segment == "lgwan")
    #expect(try await mynumber.enter(both, password: "kawa-no-nagare-7").segment == "mynumber")
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.liveSessions == 2 && Set(status.segments) == ["lgwan", "mynumber"])
    #expect(try await refusal { try await mynumber.enter(one) }?.body.code == "AP107")
    await city.end()
  }

  @Test("the desk is told why a card cannot be registered, and the log keeps it")
  func deskRefusals() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let stranger = try CardAuthority(named: "Another City")
    await #expect(throws: ClientFault.self) { try await city.enrolCard(sato, authority: stranger) }
    let card = try await city.enrolCard(sato)
    #expect(card.id.hasPrefix("card-"))
    let rows = try await city.audit("class=enrolment&action=card.enrolled")
    #expect(rows.map(\.outcome) == ["refused", "done"] && rows.first?.code == "AP144")
    #expect(rows.last?.proofClass == "pk-pin" && rows.last?.operatorID == "yamada")
    await city.end()
  }

  @Test("a lease ends when the workstation is revoked; a revoked workstation gets no ceremony")
  func revokedWorkstation() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard(sato)
    let session = try await pc.enter(card)
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 200)
    let act = try city.sign(city.act("workstation.revoke", ["workstation": "LGWAN-PC-0042"]))
    let revoked: WorkstationRevoked = try await city.link.call(
      "POST", "/v1/admin/workstations/LGWAN-PC-0042/revoke", WorkstationRevocation(act: Data(act.encoded)))
    #expect(revoked.workstation.isRevoked && revoked.isKnownToVault)
    let refused = try #require(try await refusal { try await pc.open() })
    #expect(refused.body.code == "AP100", "the same answer as for everything before possession")
    #expect(try await city.audit("class=ceremony&outcome=denied").last?.code == "AP120")
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 403)
    await city.end()
  }

  @Test("a workstation that is revoked while its renewal is with the vault stays revoked; others are renewed as ever")
  func revokedWhileRenewing() async throws {
    let city = try await City()
    let (pc, other) = (try await city.workstation("LGWAN-PC-0042"), try await city.workstation("LGWAN-PC-0043"))
    #expect(try await other.renew().status == 200)
    #expect(try await other.open().ceremony.workstation == "LGWAN-PC-0043")
    var made: HeldVault?
    city.door.lead(through: { behind in
      let vault = HeldVault(behind, holding: .renewWorkstation)
      made = vault
      return vault
    })
    let held = try #require(made)
    let renewing = Task { try await pc.renew().status }
    for _ in 0..<2000 where !held.hasAnswer { try await Task.sleep(for: .milliseconds(2)) }
    #expect(held.hasAnswer)
    let act = try city.sign(city.act("workstation.revoke", ["workstation": "LGWAN-PC-0042"]))
    let revoked: WorkstationRevoked = try await city.link.call(
      "POST", "/v1/admin/workstations/LGWAN-PC-0042/revoke", WorkstationRevocation(act: Data(act.encoded)))
    #expect(revoked.workstation.isRevoked)
    held.letGo()
    #expect(try await renewing.value == 403)
    let all: [WorkstationSummary] = try await city.link.fetch("/v1/admin/workstations")
    let kept = try #require(all.first { $0.workstation == "LGWAN-PC-0042" })
    #expect(kept.isRevoked && kept.certificates == revoked.workstation.certificates)
    #expect(try await refusal { try await pc.open() } != nil)
    let rows = try await city.audit("class=enrolment&action=workstation.renewed")
    #expect(rows.map(\.outcome) == ["done", "refused"] && rows.last?.code == "AP120")
    await city.end()
  }
}
