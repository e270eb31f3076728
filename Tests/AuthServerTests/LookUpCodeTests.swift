import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Sealing
import Testing
import Workstation

/// Printed one-time codes over the real wire, with the vault of the city behind.
@Suite("Printed one-time codes", .serialized)
struct LookUpCodeTests {
  private let sato = "p-000042"
  private let word = "kawa-no-nagare-7"

  private struct Office {
    let city: City
    let desk: Administrator
    let pc: TestWorkstation
    let account: String
  }

  private func office() async throws -> Office {
    let city = try await City()
    _ = try await city.importPeople()
    try await city.setPassword(sato, word)
    let desk = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(desk, role: "desk") == 201)
    let person: PersonSummary = try await city.link.fetch("/v1/admin/people/\(sato)")
    return Office(
      city: city, desk: desk, pc: try await city.workstation("LGWAN-PC-0042"), account: person.account)
  }

  private func issue(
    _ city: City, for person: String? = nil, segment: String = "lgwan", unlocks: Int = 2
  ) async throws -> [LookUpCode] {
    let key = try SealingKey(.xwing, seed: Secret(copying: City.random(32)))
    let from = city.clock.now().wallMilliseconds - 60_000
    let act = try city.act(
      Act.Kind.issueCodes,
      [
        "person": person ?? sato, "segment": segment, "from": String(from), "until": String(from + VaultSheet.longest),
        "unlocks": String(unlocks), "reason": "", "suite": key.suite.rawValue, "key": Hex.encode(key.publicKey),
      ])
    let message = VaultActMessage(act: Data(try city.sign(act).encoded))
    let reply = try await city.link.request("POST", "/v1/admin/codes", body: Array(try JSONEncoder().encode(message)))
    guard reply.status == 201 else { throw try Refused(reply) }
    let answer = try JSONDecoder().decode(SealedSheetMessage.self, from: Data(reply.body))
    return try SealedSheet(
      sheet: Array(answer.sheet), encapsulated: Array(answer.encapsulated), ciphertext: Array(answer.ciphertext)
    ).open(with: key, act: act)
  }

  /// A code, and a password in the next message unless both are to come at once.
  private func enter(
    _ pc: TestWorkstation, _ code: LookUpCode, account: String?, password: String?, atOnce: Bool = false
  ) async throws -> CeremonyAnswer {
    let opened = try await pc.open()
    var first = try pc.proofs(opened, nil, password: atOnce ? password : nil)
    first.code = LookUpProofMessage(account: account, code: Data(code.printed.utf8))
    let answer = try await pc.prove(opened, first)
    guard !atOnce, let password else { return answer }
    return try await pc.prove(opened, pc.proofs(opened, nil, password: password))
  }

  private func denied(_ city: City) async throws -> AuditEntry? {
    try await city.audit("class=ceremony&outcome=denied").last
  }

  @Test("a code and the password open a session and unlock it; the rows name the factor and the sheet, and no card")
  func entersAndUnlocks() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let codes = try await issue(city)
    let alone = try await enter(pc, codes[0], account: office.account, password: nil)
    #expect(alone.outcome == "stillNeeded" && alone.combinations == [["password"]], "never alone")
    let session = try #require(
      try await enter(pc, codes[0], account: office.account.uppercased(), password: word).session)
    #expect(session.person == sato && session.assurance == "AAL2" && session.rule.hasPrefix("lgwan.yaml:18"))
    let row = try #require(try await city.audit("class=ceremony&outcome=granted").last)
    #expect(row.factors.sorted() == ["code", "password"] && row.card == nil && row.note.hasPrefix("code of sheet "))

    _ = try await pc.end("lock", session.session)
    #expect(try await refusal { try await enter(pc, codes[0], account: nil, password: word) }?.body.code == "AP100")
    #expect(try await denied(city)?.note == "V197", "the logon's code unlocks nothing")
    let unlocked = try #require(try await enter(pc, codes[1], account: nil, password: word).session)
    #expect(unlocked.session == session.session && unlocked.scenario == "unlock")
    let listed: [SheetSummary] = try await city.link.fetch("/v1/admin/codes?person=\(sato)")
    #expect(listed.count == 1 && listed[0].state == "inForce" && listed[0].isLogonUsed && listed[0].unlocksUsed == 1)
    #expect(listed[0].workstation == "LGWAN-PC-0042" && listed[0].issuedBy == "yamada")
    await city.end()
  }

  @Test("used, wrong, another workstation's, unknown account: one answer at the screen, the cause in the row")
  func refused() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let other = try await city.workstation("LGWAN-PC-0043")
    let codes = try await issue(city)
    var bodies: [ErrorBody] = []
    func ends(_ note: String, person: String?, _ work: () async throws -> CeremonyAnswer) async throws {
      let refused = try #require(try await refusal(work))
      var body = refused.body
      body.reference = nil
      bodies.append(body)
      #expect(refused.status == 403)
      let row = try #require(try await denied(city))
      #expect(row.code == "AP188" && row.note == note && row.person == person, "\(note)")
      city.clock.advance(seconds: 3600)
    }
    try await ends("nobody of this name in force", person: nil) {
      try await enter(pc, codes[0], account: "nobody", password: word)
    }
    try await ends("nobody of this name in force", person: nil) { try await enter(pc, codes[0], account: nil, password: word) }
    let stranger = try LookUpCode(number: 7)
    try await ends("V194", person: sato) { try await enter(pc, stranger, account: office.account, password: word) }
    let opened = try await pc.open()
    try await ends("no code as they are printed", person: nil) {
      var proofs = try pc.proofs(opened, nil)
      proofs.code = LookUpProofMessage(account: office.account, code: Data("1234".utf8))
      return try await pc.prove(opened, proofs)
    }
    let session = try #require(
      try await enter(pc, codes[0], account: office.account, password: word, atOnce: true).session)
    _ = try await pc.end("logoff", session.session)
    try await ends("V195", person: sato) { try await enter(other, codes[0], account: office.account, password: word) }
    try await ends("V195", person: sato) { try await enter(pc, codes[0], account: office.account, password: word) }
    #expect(bodies.allSatisfy { $0 == bodies[0] } && bodies[0].code == "AP100")
    await city.end()
  }

  @Test("somebody from outside types the number, in whichever case")
  func fromOutside() async throws {
    try await ExternalOffice.run { office in
      let (city, number) = (office.city, ExternalOffice.number)
      let pc = try await city.workstation("LGWAN-PC-0042")
      #expect(try await office.bring("add", office.both("add", office.parameters())).code == nil)
      try await city.setPassword(number, word)
      for typed in ["ext-0001", "EXT-0001"] {
        let codes = try await issue(city, for: number)
        let session = try #require(try await enter(pc, codes[0], account: typed, password: word).session)
        #expect(session.person == number, "\(typed)")
        _ = try await pc.end("logoff", session.session)
      }
    }
  }

  @Test("a wrong password costs no code; it is checked only behind a right one")
  func wrongPassword() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let codes = try await issue(city)
    #expect(
      try await refusal { try await enter(pc, codes[0], account: office.account, password: "wrong") }?.body.code == "AP109")
    #expect(try await denied(city)?.person == sato)
    let listed: [SheetSummary] = try await city.link.fetch("/v1/admin/codes")
    #expect(listed.first?.isLogonUsed == false)
    city.clock.advance(seconds: 600)
    let wrong = try LookUpCode(number: 7)
    let answer = try await refusal { try await enter(pc, wrong, account: office.account, password: "wrong", atOnce: true) }
    #expect(answer?.body.code == "AP100")
    city.clock.advance(seconds: 3600)
    #expect(try await enter(pc, codes[0], account: office.account, password: word).session != nil)
    await city.end()
  }

  @Test("beside a card, without session keys, twice: one possession in a ceremony")
  func context() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let codes = try await issue(city)
    let card = try await city.enrolCard(sato)
    func ends(_ code: String, _ work: (TestWorkstation.Opened) async throws -> Void) async throws {
      let opened = try await pc.open()
      #expect(try await refusal { try await work(opened) }?.body.code == "AP100")
      #expect(try await denied(city)?.code == code)
      city.clock.advance(seconds: 3600)
    }
    let proof = LookUpProofMessage(account: office.account, code: Data(codes[0].digits))
    try await ends("AP142") { opened in
      var proofs = try pc.proofs(opened, card)
      proofs.code = proof
      _ = try await pc.prove(opened, proofs)
    }
    try await ends("AP142") { opened in
      var proofs = try pc.proofs(opened, nil)
      proofs.code = proof
      _ = try await pc.prove(opened, proofs)
      _ = try await pc.prove(opened, proofs)
    }
    try await ends("AP142") { opened in
      var proofs = try pc.proofs(opened, nil)
      proofs.code = proof
      _ = try await pc.prove(opened, proofs)
      _ = try await pc.prove(opened, pc.proofs(opened, card))
    }
    try await ends("AP149") { opened in
      var proofs = try pc.proofs(opened, nil)
      proofs.sessionKeys = nil
      proofs.code = proof
      _ = try await pc.prove(opened, proofs)
    }
    await city.end()
  }

  @Test("the desk: nobody issues to herself, to nobody, or where the rules take none; the log says what was refused")
  func desk() async throws {
    let office = try await office()
    let city = office.city
    let own = try #require(try await refusal { try await issue(city, for: "p-000001") })
    #expect(own.status == 409 && own.body.code == "AP189")
    let row = try #require(try await city.audit("class=administration&action=code.issued").last)
    #expect(row.outcome == "refused" && row.code == "AP189" && row.note.hasPrefix("the issuer is the holder act "))
    #expect(try await refusal { try await issue(city, segment: "mynumber") }?.body.code == "AP189")
    #expect(try await refusal { try await issue(city, for: "p-999999") }?.status == 404)
    #expect(try await issue(city).count == 3)
    let issued = try #require(try await city.audit("class=administration&action=code.issued").last)
    #expect(
      issued.outcome == "done" && issued.person == sato && issued.operatorID == "yamada" && issued.note.hasPrefix("sheet "))

    func withdraw(_ person: String) async throws -> Int {
      let act = try city.act(Act.Kind.withdrawCodes, ["person": person, "segment": "lgwan"])
      let message = VaultActMessage(act: Data(try city.sign(act).encoded))
      return try await city.link.request(
        "POST", "/v1/admin/codes/withdraw", body: Array(try JSONEncoder().encode(message))
      ).status
    }
    #expect(try await withdraw("p-000007") == 404)
    #expect(try await withdraw(sato) == 200)
    #expect(try await withdraw(sato) == 404)
    let listed: [SheetSummary] = try await city.link.fetch("/v1/admin/codes")
    #expect(listed.map(\.state) == ["withdrawn"])
    #expect(
      try await city.audit("class=administration&action=code.withdrawn").map(\.outcome) == ["refused", "done", "refused"])
    await city.end()
  }

  @Test("a session of a code carries nothing that the vault could hold a release against")
  func noEvidence() async throws {
    let office = try await office()
    let (city, pc) = (office.city, office.pc)
    let codes = try await issue(city)
    let session = try #require(try await enter(pc, codes[0], account: office.account, password: word).session)
    let summaries: [SessionSummary] = try await city.link.fetch("/v1/admin/sessions")
    #expect(summaries.map(\.session) == [session.session])
    let pending: VaultCardsPending = try await city.link.fetch("/v1/admin/vault/cards")
    #expect(pending.count == 0, "there is no card to know")
    await city.end()
  }
}
