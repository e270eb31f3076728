import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Cards that tell a number alone, over the real wire: worth a card under a waiver in force, and nothing without.
@Suite("Cards with a number alone", .serialized)
struct NumberCardTests {
  private let sato = "p-000042"
  private let takahashi = "p-000007"
  private let word = "kawa-no-nagare-7"

  private struct Office {
    let city: City
    let pc: TestWorkstation
    /// As rows mark it.
    let waiver: String
    /// Sato's card.
    let id: String
  }

  private func office(days: Int = 30, generation: String? = nil, isSigned: Bool = true) async throws -> Office {
    let city = try await City()
    _ = try await city.importPeople()
    let waiver = try await city.takeNumbers(days: days, generation: generation, isSigned: isSigned)
    let card = try await city.enrolNumber(.sato, for: sato)
    try await city.setPassword(sato, word)
    return Office(city: city, pc: try await city.workstation("LGWAN-PC-0042"), waiver: waiver, id: card.card)
  }

  private func denied(_ city: City) async throws -> AuditEntry {
    try #require(try await city.audit("class=ceremony&outcome=denied").last)
  }

  @Test("number and password open a session and unlock it; every row has the waiver's mark, none the number")
  func entersAndUnlocks() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let opened = try await pc.open()
    #expect(opened.ceremony.takesCardNumbers == true)
    let alone = try await pc.prove(opened, pc.proofs(opened, .sato))
    #expect(alone.outcome == "stillNeeded" && alone.combinations?.contains(["password"]) == true)
    let session = try #require(try await pc.prove(opened, pc.proofs(opened, nil, password: word)).session)
    #expect(session.person == sato && session.assurance == "AAL1")
    _ = try await pc.end("lock", session.session)
    #expect(try await pc.enter(.sato, password: word).scenario == "unlock")

    let rows = try await city.audit("class=ceremony")
    #expect(rows.contains { $0.outcome == "stillNeeded" } && rows.count { $0.outcome == "granted" } == 2)
    #expect(rows.allSatisfy { $0.waivers == [office.waiver] && $0.proofClass == "identifier" && $0.card == office.id })
    let number = Hex.encode(TagCard.sato.number)
    #expect(try await city.audit("limit=500").allSatisfy { !$0.note.contains(number) })
    let enrolled = try #require(try await city.audit("class=enrolment&action=card.enrolled").last)
    #expect(try enrolled.note.contains(TagCard.sato.fingerprint.prefix(16)) && enrolled.proofClass == "identifier")
    // It signs nothing: the vault hands nothing out to such a session, and is not asked to know the card.
    let pending: VaultCardsPending = try await city.link.fetch("/v1/admin/vault/cards")
    #expect(pending.count == 0)
    await city.end()
  }

  @Test("status counts who is left and the days that are left")
  func status() async throws {
    let office = try await office()
    let status: InstanceStatus = try await office.city.link.fetch("/v1/admin/status")
    #expect(status.numberCardPeople == 1)
    #expect(
      status.warningsEn.contains { $0.contains("1 people are still on cards with a number alone") && $0.contains("31 days") })
    #expect(status.warningsJa.contains { $0.contains("番号だけのカードの職員が 1 人") && $0.contains("残り 31 日") })
    await office.city.end()
    let shipped = try await City()
    let other: InstanceStatus = try await shipped.link.fetch("/v1/admin/status")
    #expect(other.numberCardPeople == nil)
    await shipped.end()
  }

  @Test("unsigned, a number is a user name: refused before any password is looked at; the row has the cause and the person")
  func unsigned() async throws {
    let office = try await office(isSigned: false)
    let (city, pc) = (office.city, office.pc)
    let before = try await city.passwordChecks()
    let opened = try await pc.open()
    #expect(opened.ceremony.takesCardNumbers == nil)
    let refused = try #require(
      try await refusal { try await pc.prove(opened, pc.proofs(opened, .sato, password: word)) })
    #expect(refused.status == 403 && refused.body.code == "AP100" && refused.body.reference != nil)
    let row = try await denied(city)
    #expect(row.code == "AP157" && row.person == sato && row.card == office.id && row.waivers.isEmpty)
    #expect(try row.note.contains(TagCard.sato.fingerprint.prefix(16)))
    #expect(try await city.passwordChecks() == before)
    // Nobody's number is told from one that is registered, and its row does not keep it.
    let stranger = TagCard([0x01, 0x12, 0x0D, 0x8A, 1, 2, 3, 4])
    let other = try #require(try await refusal { try await pc.enter(stranger, password: word) })
    #expect(other.status == refused.status && other.body.code == "AP100" && other.body.ja == refused.body.ja)
    await city.end()
  }

  @Test("on the day after the last the number is nothing any more, for logon and desk; a card with a key goes on")
  func ended() async throws {
    let office = try await office(days: 1)
    let (city, pc) = (office.city, office.pc)
    let strong = try await city.enrolCard(sato)
    let session = try await pc.enter(.sato, password: word)
    _ = try await pc.end("logoff", session.session)
    city.clock.advance(seconds: 2 * 86_400)
    #expect(try await refusal { try await pc.enter(.sato, password: word) }?.body.code == "AP100")
    let row = try await denied(city)
    #expect(row.code == "AP158" && row.person == sato)
    let desk = try #require(try await refusal { try await city.enrolNumber(.takahashi, for: takahashi) })
    #expect(desk.status == 403 && desk.body.code == "AP158")
    let line = NumberCardLine(line: 2, person: takahashi, number: Data([4, 1, 2, 3]), generation: nil)
    #expect(try await refusal { try await city.importNumbers([line]) }?.body.code == "AP158")
    #expect(try await pc.enter(strong).person == sato)
    await city.end()
  }

  @Test("My Number never takes a number, though LGWAN beside it does; the row says whose it was")
  func myNumber() async throws {
    let city = try await City(combined: true)
    _ = try await city.importPeople()
    try await city.takeNumbers()
    let desk = try #require(try await refusal { try await city.enrolNumber(.takahashi, for: takahashi, segment: .mynumber) })
    #expect(desk.status == 403 && desk.body.code == "AP157" && desk.body.en.contains("number"))
    let card = try await city.enrolNumber(.takahashi, for: takahashi)
    try await city.setPassword(takahashi, word)
    let pc = try await city.workstation("MYNUMBER-PC-0007", segment: .mynumber)
    let before = try await city.passwordChecks()
    #expect(try await pc.open().ceremony.takesCardNumbers == nil)
    #expect(try await refusal { try await pc.enter(.takahashi, password: word) }?.body.code == "AP100")
    let row = try await denied(city)
    #expect(row.code == "AP157" && row.segment == "mynumber" && row.person == takahashi && row.card == card.card)
    #expect(try await city.passwordChecks() == before)
    await city.end()
  }

  @Test("one number at two workstations within a minute: the second is refused with an alarm that names the first")
  func twoWorkstations() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let second = try await city.workstation("LGWAN-PC-0043")
    city.clock.stop()
    let session = try await pc.enter(.sato, password: word)
    city.clock.advance(seconds: 59)
    #expect(try await refusal { try await second.enter(.sato, password: word) }?.body.code == "AP100")
    let row = try await denied(city)
    #expect(row.code == "AP160" && row.person == sato && row.workstation == "LGWAN-PC-0043")
    let alarm = try #require(try await city.audit("action=card.twoWorkstations").last)
    #expect(alarm.code == "AP160" && alarm.card == office.id && alarm.person == sato && alarm.workstation == "LGWAN-PC-0043")
    #expect(alarm.note.contains("LGWAN-PC-0042 59 s before"))
    // Whoever came second keeps the first from nothing, and a minute later neither does the other way round.
    _ = try await pc.end("lock", session.session)
    #expect(try await pc.enter(.sato, password: word).scenario == "unlock")
    city.clock.advance(seconds: 60)
    #expect(try await second.enter(.sato, password: word).person == sato)
    #expect(try await city.audit("action=card.twoWorkstations").count == 1)
    await city.end()
  }

  @Test(
    "a chip older than the rules ask for, or that does not say, is refused; a card that is no FeliCa has none to say",
    arguments: [("aes", 0x20), ("aes", 0xF1), ("aes", nil), ("aes", 0x31), ("lite-s", 0xF0)] as [(String, UInt8?)])
  func chips(generation: String, type: UInt8?) async throws {
    let office = try await office(generation: generation)
    let (city, pc) = (office.city, office.pc)
    let old = TagCard(TagCard.sato.number, chip: type)
    #expect(try await refusal { try await pc.enter(old, password: word) }?.body.code == "AP100")
    let row = try await denied(city)
    #expect(row.code == "AP159" && row.person == sato && row.note.contains("\(generation) is asked for"))
    let desk = TagCard([0x01, 0x12, 0x0D, 0x8A, 9, 9, 9, 9], chip: type)
    #expect(try await refusal { try await city.enrolNumber(desk, for: takahashi) }?.body.code == "AP159")
    #expect(try await pc.enter(.sato, password: word).person == sato)
    #expect(try await city.enrolNumber(.takahashi, for: takahashi).keys.map(\.slot) == ["iso14443"])
    await city.end()
  }

  @Test("what is no number, a second card, or comes without session keys is refused as everything before possession")
  func malformed() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    func ends(_ code: String, _ change: (inout ProofsMessage) -> Void) async throws {
      let opened = try await pc.open()
      var message = try pc.proofs(opened, .sato, password: word)
      change(&message)
      #expect(try await refusal { try await pc.prove(opened, message) }?.body.code == "AP100")
      #expect(try await denied(city).code == code)
      city.clock.advance(seconds: 3600)
    }
    for number in [[], [1, 2, 3], [0x08, 1, 2, 3], [UInt8](repeating: 7, count: 8)] as [[UInt8]] {
      try await ends("AP149") { $0.number?.number = Data(number) }
    }
    try await ends("AP149") { $0.number?.chip = Data([1, 0x46]) }
    try await ends("AP149") { $0.sessionKeys = nil }
    let strong = try await city.enrolCard(sato)
    let opened = try await pc.open()
    var both = try pc.proofs(opened, strong, password: word)
    both.number = TagCard.sato.message
    #expect(try await refusal { try await pc.prove(opened, both) }?.body.code == "AP100")
    #expect(try await denied(city).code == "AP142")
    city.clock.advance(seconds: 3600)
    let again = try await pc.open()
    _ = try await pc.prove(again, pc.proofs(again, .sato))
    #expect(try await refusal { try await pc.prove(again, pc.proofs(again, .sato)) }?.body.code == "AP100")
    #expect(try await denied(city).code == "AP142")
    await city.end()
  }

  @Test("a lost card's number is refused and its session locks; a number that nobody registered is told so")
  func lost() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let session = try await pc.enter(.sato, password: word)
    let changed: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(office.id)/state", CardStateChange(state: "lost", reason: "reported"))
    #expect(changed.sessionsLocked == 1)
    #expect(try await pc.connection.request("POST", "/v1/sessions/\(session.session)/lease").status == 403)
    #expect(try await refusal { try await pc.enter(.sato, password: word) }?.body.code == "AP105")
    #expect(try await refusal { try await pc.enter(.takahashi, password: word) }?.body.code == "AP102")
    await city.end()
  }
}
