import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// My Number Cards over the real wire: nothing where a segment's file does not take them, and where it does, a key.
@Suite("My Number Cards", .serialized)
struct MyNumberCardTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let word = "kawa-no-nagare-7"

  private func denied(_ city: City) async throws -> AuditEntry {
    try #require(try await city.audit("class=ceremony&outcome=denied").last)
  }

  /// AP100 at the screen, and this in the row.
  private func ends(
    _ code: String, _ office: PersonalOffice, _ pc: TestWorkstation, _ card: PersonalCard,
    bend: (inout ProofsMessage) -> Void = { _ in }
  ) async throws {
    let opened = try await pc.open()
    var message = try pc.proofs(opened, card, password: word)
    bend(&message)
    #expect(try await refusal { try await pc.prove(opened, message) }?.body.code == "AP100", "\(code)")
    #expect(try await denied(office.city).code == code)
    office.city.clock.advance(seconds: 3600)
  }

  @Test(
    "enrolled at the desk, it logs on with its PIN; rows say that nobody knows whether it was revoked, and nothing of whose it is"
  )
  func enters() async throws {
    let office = try await PersonalOffice()
    let (city, card) = (office.city, try office.authority.issuePersonal())
    let summary = try await city.enrolPersonal(card, for: sato)
    #expect(summary.keys.map(\.slot) == ["jpki"] && summary.keys.map(\.proofClass) == ["pk-pin"] && summary.guid == nil)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let opened = try await pc.open()
    #expect(opened.ceremony.takesMyNumberCards == true)
    let session = try #require(try await pc.prove(opened, pc.proofs(opened, card)).session)
    #expect(session.person == sato && session.assurance == "AAL2")
    _ = try await pc.end("lock", session.session)
    #expect(try await pc.enter(card).scenario == "unlock")

    let rows = try await city.audit("class=ceremony&outcome=granted")
    #expect(rows.count == 2)
    #expect(rows.allSatisfy { $0.note == "possession, revocation unknown" && $0.proofClass == "pk-pin" })
    #expect(rows.allSatisfy { $0.card == summary.card })
    let enrolled = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(enrolled.note.contains("possession, revocation unknown") && enrolled.note.contains(card.fingerprint.prefix(16)))
    let all = try await city.audit("limit=500")
    #expect(all.allSatisfy { !$0.note.contains(PersonalCard.subject) && !$0.note.contains(card.fingerprint.prefix(17)) })
    for file in ["sanmon.sqlite", "sanmon.sqlite-wal"] {
      let bytes = try #require(FileManager.default.contents(atPath: city.folder + "/state/" + file))
      #expect(bytes.range(of: Data(PersonalCard.subject.utf8)) == nil, "\(file)")
    }
    // The vault hands nothing out to such a session, and is not asked to know the card.
    let pending: VaultCardsPending = try await city.link.fetch("/v1/admin/vault/cards")
    #expect(pending.count == 0)
    let report: CardReport = try await city.link.fetch("/v1/admin/cards/report")
    #expect(report.segments.first?.revocationUnknown == 1)
    let stories: [CardStory] = try await city.link.fetch("/v1/admin/cards/stories?card=\(summary.card)")
    #expect(stories.first?.acts.contains { $0.note.contains("possession, revocation unknown") } == true)
    await city.end()
  }

  @Test("without an authority in the start-up file the key is a key: it takes a password beside it")
  func keyAlone() async throws {
    let office = try await PersonalOffice(hasRoots: false)
    let (city, card) = (office.city, try office.authority.issuePersonal())
    #expect(try await city.enrolPersonal(card, for: sato).keys.map(\.proofClass) == ["pk"])
    try await city.setPassword(sato, word)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let opened = try await pc.open()
    let alone = try await pc.prove(opened, pc.proofs(opened, card))
    #expect(alone.outcome == "stillNeeded" && alone.combinations?.contains(["password"]) == true)
    let session = try #require(try await pc.prove(opened, pc.proofs(opened, nil, password: word)).session)
    #expect(session.person == sato)
    let row = try #require(try await city.audit("class=ceremony&outcome=granted").last)
    #expect(row.note == "possession, revocation unknown, key alone" && row.proofClass == "pk")
    await city.end()
  }

  @Test("a card that did not refuse without its PIN at the desk is a key and no more, whoever vouches for it")
  func unguarded() async throws {
    let office = try await PersonalOffice()
    let card = try office.authority.issuePersonal()
    #expect(try await office.city.enrolPersonal(card, for: sato, refusedWithoutPIN: false).keys.map(\.proofClass) == ["pk"])
    try await office.city.setPassword(sato, word)
    let pc = try await office.city.workstation("LGWAN-PC-0042")
    let opened = try await pc.open()
    #expect(try await pc.prove(opened, pc.proofs(opened, card)).outcome == "stillNeeded")
    await office.city.end()
  }

  @Test(
    "not switched on: the desk and the ceremony refuse, the ceremony before any password is looked at; switched off again too")
  func off() async throws {
    let office = try await PersonalOffice(isOn: false)
    let (city, card) = (office.city, try office.authority.issuePersonal())
    let desk = try #require(try await refusal { try await city.enrolPersonal(card, for: sato) })
    #expect(desk.status == 403 && desk.body.code == "AP198")
    #expect(try await city.audit("class=enrolment&action=card.enrolled").last?.code == "AP198")
    let pc = try await city.workstation("LGWAN-PC-0042")
    #expect(try await pc.open().ceremony.takesMyNumberCards == nil)
    let before = try await city.passwordChecks()
    try await ends("AP198", office, pc, card)
    try await city.takeMyNumberCards()
    _ = try await city.enrolPersonal(card, for: sato)
    #expect(try await pc.enter(card).person == sato)
    let shipped = try String(contentsOfFile: Repository.root + "/policies/lgwan.yaml", encoding: .utf8)
    try shipped.write(toFile: city.folder + "/policies/lgwan.yaml", atomically: true, encoding: .utf8)
    _ = try await city.link.request("POST", "/v1/admin/policy/reload")
    let report: CardReport = try await city.link.fetch("/v1/admin/cards/report")
    #expect(report.segments.first?.revocationUnknown == nil)
    let second = try await city.workstation("LGWAN-PC-0043")
    try await ends("AP198", office, second, card)
    #expect(try await city.passwordChecks() == before)
    await city.end()
  }

  @Test(
    "expired: the card has signed, so its holder is told AP199, at the screen and at the desk; no password is looked at",
    arguments: [true, false])
  func expired(hasRoots: Bool) async throws {
    let office = try await PersonalOffice(hasRoots: hasRoots)
    let (city, card) = (office.city, try office.authority.issuePersonal(validDays: 1))
    let summary = try await city.enrolPersonal(card, for: sato)
    try await city.setPassword(sato, word)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let session = try await pc.enter(card, password: word)
    _ = try await pc.end("logoff", session.session)
    city.clock.advance(seconds: 2 * 86_400)
    let before = try await city.passwordChecks()
    let refused = try #require(try await refusal { try await pc.enter(card, password: word) })
    #expect(refused.status == 403 && refused.body.code == "AP199")
    let row = try await denied(city)
    #expect(row.code == "AP199" && row.person == sato && row.card == summary.card)
    #expect(row.note.hasSuffix("its certificate has ended"))
    #expect(try await city.passwordChecks() == before)
    let other = try office.authority.issuePersonal(PersonalCard.Made.takahashi, validDays: 1)
    #expect(try await refusal { try await city.enrolPersonal(other, for: takahashi) }?.body.code == "AP199")
    // What is lost is told so, whatever its age.
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(summary.card)/state", CardStateChange(state: "lost", reason: "reported"))
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP105")
    // Renewed: the key is another one, and is registered anew.
    let renewed = try office.authority.issuePersonal(PersonalCard.Made.takahashi)
    _ = try await city.enrolPersonal(renewed, for: sato)
    #expect(try await pc.enter(renewed, password: word).person == sato)
    await city.end()
  }

  @Test(
    "another's certificate, another's card, a card of another authority, a key shown as another kind's: each its own reason")
  func others() async throws {
    let office = try await PersonalOffice()
    let (city, card) = (office.city, try office.authority.issuePersonal())
    let other = try office.authority.issuePersonal(PersonalCard.Made.takahashi)
    _ = try await city.enrolPersonal(card, for: sato)
    let pc = try await city.workstation("LGWAN-PC-0042")
    try await ends("AP141", office, pc, other.showing(card.certificate))
    #expect(try await refusal { try await pc.enter(other) }?.body.code == "AP102")
    let stranger = try CardAuthority(named: "Somebody else").issuePersonal()
    try await ends("AP144", office, pc, stranger)
    try await ends("AP149", office, pc, card) { $0.card?.slot = "9a" }
    try await ends("AP149", office, pc, card) { $0.card?.algorithm = "ecdsa-p256-sha256" }
    try await ends("AP149", office, pc, card) { $0.card?.certificate = Data([0x30, 0x00]) }
    try await ends("AP149", office, pc, card) { $0.sessionKeys = nil }
    let staff = try await city.enrolCard(takahashi)
    try await ends("AP149", office, pc, card) { $0.card?.certificate = Data(staff.certificate) }
    // As PIV it leads to no anchor of staff cards.
    try await ends("AP144", office, pc, card) {
      $0.card?.profile = "piv"
      $0.card?.slot = "9a"
    }
    let opened = try await pc.open()
    let unlock = try pc.proofs(opened, card) { $0.scenario = "unlock" }
    #expect(try await refusal { try await pc.prove(opened, unlock) }?.body.code == "AP100")
    let code = try await denied(city).code
    #expect(code == "AP143")
    await city.end()
  }

  @Test(
    "at the desk: one key is one person's, the signature is over this enrolment, and what is no My Number Card's is malformed")
  func desk() async throws {
    let office = try await PersonalOffice()
    let (city, card) = (office.city, try office.authority.issuePersonal())
    _ = try await city.enrolPersonal(card, for: sato)
    #expect(try await refusal { try await city.enrolPersonal(card, for: takahashi) }?.body.code == "AP133")
    let other = try office.authority.issuePersonal(PersonalCard.Made.takahashi)
    let wrong = try await refusal { try await city.enrolPersonal(other, for: takahashi) { $0.signature[0] ^= 1 } }
    #expect(wrong?.body.code == "AP141")
    let bends: [(inout CardEnrolment) -> Void] = [
      { $0.slot = "9a" }, { $0.guid = Data(repeating: 1, count: 16) }, { $0.card = "card-1" }, { $0.nonce[0] ^= 1 },
    ]
    for bend in bends {
      #expect(try await refusal { try await city.enrolPersonal(other, for: takahashi, bend: bend) }?.status == 400)
    }
    let stock = StockCardEnrolment(
      segment: "lgwan", profile: "jpki", slot: "jpki", nonce: Data(repeating: 1, count: 32),
      certificate: Data(other.certificate), algorithm: "rsa-pkcs1-sha256", signature: Data(repeating: 1, count: 256),
      refusedWithoutPIN: true, guid: nil, card: nil)
    let answer = try await city.link.request(
      "POST", "/v1/admin/cards/stock", body: Array(try JSONEncoder().encode(stock)))
    #expect(answer.status == 400, "nobody lends somebody's own card")
    await city.end()
  }

  @Test("where lists are asked for, a card without one is refused, and its row does not say that nobody asks")
  func lists() async throws {
    let office = try await PersonalOffice(hasLists: true)
    let (city, card) = (office.city, try office.authority.issuePersonal())
    #expect(try await refusal { try await city.enrolPersonal(card, for: sato) }?.body.code == "AP147")
    let pc = try await city.workstation("LGWAN-PC-0042")
    try await ends("AP147", office, pc, card)
    #expect(try await !denied(city).note.contains("revocation unknown"))
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.contains("lgwan-jpki") })
    await city.end()
  }
}
