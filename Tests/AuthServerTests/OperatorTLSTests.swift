import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import Foundation
import Programs
import Testing
import X509

/// Operators over the network: mutual TLS with the certificate on their card, and nothing else.
@Suite("Operators over TLS", .serialized, .timeLimit(.minutes(10)))
struct OperatorTLSTests {
  /// What is refused to whom the server does not know: everything, also what tells nothing about people.
  private static let paths = [
    "/v1/admin/status", "/v1/admin/operators", "/v1/admin/people", "/v1/admin/audit", "/health", "/readiness", "/metrics",
    "/openapi.json", "/nothing/here",
  ]

  private func body(_ answer: ServerAnswer) throws -> ErrorBody {
    try JSONDecoder().decode(ErrorBody.self, from: Data(answer.body))
  }

  @Test(
    "an operator comes in with the certificate on the card, and stands in the rows by name",
    arguments: OperatorTestCard.Kind.allCases)
  func comesIn(kind: OperatorTestCard.Kind) async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator(kind)
    let link = try await office.connect(card.identity)
    let operators: [OperatorSummary] = try await link.fetch("/v1/admin/operators")
    #expect(Set(operators.map(\.operatorID)) == ["yamada", "suzuki"])
    #expect(operators.first { $0.operatorID == "suzuki" }?.unixUser == nil)
    // An act signed by the key of the same card, carried out over the same connection.
    let act = try office.city.act(
      "workstation.enrol",
      ["workstation": "LGWAN-PC-0042", "segment": "lgwan", "access": "console", "validSeconds": "600"], by: "suzuki")
    let code: EnrolmentCode = try await link.call(
      "POST", "/v1/admin/workstations/codes", WorkstationCodeRequest(act: Data(try card.sign(act).encoded)))
    #expect(code.workstation == "LGWAN-PC-0042")
    let row = try #require(try await office.city.audit("action=workstation.code").first)
    #expect(row.operatorID == "suzuki")
    #expect(try await link.request("GET", "/health").status == 200)
    #expect(try await office.refusals().isEmpty)
    link.close()
    await office.city.end()
  }

  @Test("a key that is no operator's is answered nothing, in the log with its cause, and counted when it goes on asking")
  func unknownKey() async throws {
    let office = try await OperatorCity()
    let stranger = try OperatorTestCard(.p256, of: office.authority)
    let link = try await office.connect(stranger.identity)
    var references: Set<String> = []
    for path in Self.paths {
      let answer = try await link.request("GET", path)
      #expect(answer.status == 403, "\(path)")
      let body = try body(answer)
      #expect(body.code == "AP125", "\(path)")
      if let reference = body.reference { references.insert(reference) }
    }
    #expect(try await link.request("POST", "/v1/admin/policy/reload").status == 403)
    // A spelling of the one open route that the router would take for it is not it.
    #expect(try await link.request("POST", "/v1/admin/operators/first/").status == 403)
    let rows = try await office.refusals()
    #expect(rows.count == 5, "the first five have rows, the rest is counted")
    #expect(rows.allSatisfy { $0.action == "operator.refused" && $0.code == "AP102" && $0.operatorID == nil })
    let shown = Hex.encode(SHA256.hash(data: stranger.publicKey)).prefix(16)
    #expect(rows.allSatisfy { $0.note.contains(shown) })
    #expect(references.isSubset(of: Set(rows.compactMap(\.reference))) && !references.isEmpty)
    link.close()
    await office.city.end()
  }

  @Test("a certificate that its authority withdraws is refused on the connection that is open")
  func revoked() async throws {
    let office = try await OperatorCity(hasLists: true)
    let (card, other) = (
      try await office.newOperator(role: "desk"), try OperatorTestCard(.p256, of: office.authority)
    )
    try await office.register(other, as: "tanaka", person: "p-000003", role: "auditor")
    let (link, others) = (try await office.connect(card.identity), try await office.connect(other.identity))
    #expect(try await link.request("GET", "/v1/admin/status").status == 200)
    try office.authority.revocationList(of: [card.certificate]).write(
      toFile: office.city.folder + "/operators.crl", atomically: true, encoding: .utf8)
    #expect(try await link.request("GET", "/v1/admin/status").status == 200, "until the list is read")
    await office.city.server.reload()
    let refused = try await link.request("GET", "/v1/admin/status")
    #expect(refused.status == 403)
    #expect(try body(refused).code == "AP125")
    #expect(try await office.connect(card.identity).request("GET", "/v1/admin/status").status == 403)
    #expect(try await others.request("GET", "/v1/admin/status").status == 200)
    #expect(Set(try await office.refusals().map(\.code)) == ["AP146"])
    // A list that cannot be read is refused whole; the former one stays.
    try "no list".write(toFile: office.city.folder + "/operators.crl", atomically: true, encoding: .utf8)
    await office.city.server.reload()
    #expect(try await link.request("GET", "/v1/admin/status").status == 403)
    #expect(try await others.request("GET", "/v1/admin/status").status == 200)
    // Without a list in force nobody comes in, and the row says why.
    office.city.clock.advance(seconds: 31 * 86_400)
    #expect(try await others.request("GET", "/v1/admin/status").status == 403)
    #expect(try await office.refusals().contains { $0.code == "AP147" })
    link.close()
    others.close()
    await office.city.end()
  }

  @Test("a certificate that ends is refused on the connection that is open")
  func expired() async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator(validDays: 2)
    let link = try await office.connect(card.identity)
    #expect(try await link.request("GET", "/v1/admin/status").status == 200)
    office.city.clock.advance(seconds: 3 * 86_400)
    #expect(try await link.request("GET", "/v1/admin/status").status == 403)
    #expect(try await office.refusals().map(\.code) == ["AP145"])
    link.close()
    await office.city.end()
  }

  @Test("roots that are taken away take away who came by them; roots that cannot be read change nothing")
  func reloadedRoots() async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator()
    let link = try await office.connect(card.identity)
    let file = office.city.folder + "/operators.pem"
    let former = try String(contentsOfFile: file, encoding: .utf8)
    try "no certificate".write(toFile: file, atomically: true, encoding: .utf8)
    await office.city.server.reload()
    #expect(try await link.request("GET", "/v1/admin/status").status == 200)
    let next = try CardAuthority(named: "Next Operator Cards")
    try String(contentsOfFile: office.city.folder + "/cards.pem", encoding: .utf8).write(
      toFile: file, atomically: true, encoding: .utf8)
    await office.city.server.reload()
    #expect(try await link.request("GET", "/v1/admin/status").status == 403)
    #expect(try await office.refusals().map(\.code) == ["AP144"])
    try await expectNoHandshake(office, card.identity)
    try await expectNoHandshake(office, OperatorTestCard(.p256, of: next).identity)
    try former.write(toFile: file, atomically: true, encoding: .utf8)
    await office.city.server.reload()
    #expect(try await link.request("GET", "/v1/admin/status").status == 200)
    link.close()
    await office.city.end()
  }

  @Test("an operator who is not active any more is refused on the connection that is open")
  func inactive() async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator()
    let link = try await office.connect(card.identity)
    #expect(try await link.request("GET", "/v1/admin/status").status == 200)
    // No command does this yet: written beside the server, as a restored or mended database would have it.
    let changed = try await Program.running([
      "sqlite3", office.city.folder + "/state/sanmon.sqlite", "UPDATE operators SET is_active = 0 WHERE id = 'suzuki'",
    ])
    try #require(changed.status == 0)
    #expect(try await link.request("GET", "/v1/admin/status").status == 403)
    let again = FirstOperator(code: office.city.firstCode, act: Data([0]))
    #expect(
      try await link.request("POST", "/v1/admin/operators/first", body: Array(JSONEncoder().encode(again))).status == 403,
      "a key that was an operator's is never a newcomer's")
    #expect(Set(try await office.refusals().map(\.code)) == ["AP125"])
    link.close()
    await office.city.end()
  }

  @Test("each door has its own certificates: a workstation's, an operator's, none, another authority's, an Ed25519 key's")
  func doors() async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator()
    let workstation = try await office.city.workstation("LGWAN-PC-0042")
    try await expectNoHandshake(office, workstation.identity)
    try await expectNoHandshake(office, nil)
    // The cards of clerks, whose roots are the segment's and not this door's.
    try await expectNoHandshake(office, OperatorTestCard(.p256, of: office.city.cards).identity)
    let fileKey = Curve25519.Signing.PrivateKey()
    let certificate = try office.authority.issue(to: .init(fileKey.publicKey), validDays: 365)
    let pem = PEMText.privateKey(
      pkcs8: [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
        + Array(fileKey.rawRepresentation))
    try await expectNoHandshake(office, ClientIdentity(certificate: certificate, key: Secret(copying: Array(pem.utf8))))
    let main = try #require(office.city.server.port(.workstations))
    try await expectNoHandshake(office, card.identity, port: main)
    #expect(try await workstation.open().ceremony.workstation == "LGWAN-PC-0042", "its own door is open to it")
    // A card's certificate without its key.
    let thief = ClientIdentity(certificate: card.certificate, held: try OperatorTestCard(.p256, of: office.authority).held)
    try await expectNoHandshake(office, thief)
    #expect(try await office.refusals().isEmpty, "who makes no connection makes no row")
    await office.city.end()
  }

  /// In TLS 1.3 a client learns of the refusal of its certificate only when it reads; the server may have hung up by then.
  private func expectNoHandshake(_ office: OperatorCity, _ identity: ClientIdentity?, port: Int? = nil) async throws {
    do {
      let answer = try await office.connect(identity, port: port).request("GET", "/v1/admin/status")
      Issue.record("answered with \(answer.status)")
    } catch let fault as ClientFault {
      let refusals: [ClientFault] = [
        .tlsRefused(.clientCertificate), .tlsRefused(.handshake), .tlsRefused(.ownMaterial), .interrupted,
      ]
      #expect(refusals.contains(fault))
    }
  }

  @Test("a role is the same at both doors")
  func roles() async throws {
    let office = try await OperatorCity()
    _ = try await office.city.importPeople()
    let (desk, auditor) = (
      try OperatorTestCard(.p256, of: office.authority), try OperatorTestCard(.p256, of: office.authority)
    )
    try await office.register(desk, as: "desk", person: "p-000002", role: "desk")
    try await office.register(auditor, as: "auditor", person: "p-000003", role: "auditor")
    let (desks, auditors) = (try await office.connect(desk.identity), try await office.connect(auditor.identity))
    func status(_ link: ServerConnection, _ method: String, _ path: String, _ body: (some Encodable)? = Nothing?.none)
      async throws -> Int
    {
      try await link.request(method, path, body: try body.map { Array(try JSONEncoder().encode($0)) }).status
    }
    #expect(try await status(desks, "GET", "/v1/admin/people?q=p") == 200)
    #expect(try await status(desks, "GET", "/v1/admin/audit") == 403)
    #expect(try await status(desks, "POST", "/v1/admin/policy/reload") == 403)
    #expect(try await status(auditors, "GET", "/v1/admin/audit?limit=1&purpose=test") == 200)
    #expect(try await status(auditors, "POST", "/v1/admin/policy/reload") == 403)
    let password = PasswordSetting(password: Data("kawa-no-nagare-7".utf8))
    #expect(try await status(auditors, "POST", "/v1/admin/people/p-000042/password", password) == 403)
    #expect(try await status(desks, "POST", "/v1/admin/people/p-000042/password", password) == 200)
    let row = try #require(try await office.city.audit("person=p-000042").last { $0.operatorID == "desk" })
    #expect(row.outcome == "done")
    desks.close()
    auditors.close()
    await office.city.end()
  }

  private struct Nothing: Encodable {}

  @Test("the first administrator over TLS registers the key of the card that is there, and no other")
  func firstAdministrator() async throws {
    let office = try await OperatorCity(hasAdministrator: false)
    let (card, other) = (
      try OperatorTestCard(.rsa2048, of: office.authority), try OperatorTestCard(.p256, of: office.authority)
    )
    let link = try await office.connect(card.identity)
    #expect(try await link.request("GET", "/v1/admin/status").status == 403, "nothing is told before")
    func register(_ signer: OperatorTestCard, key: [UInt8], role: String = "administrator", code: String) async throws -> Int {
      let act = try office.city.act(
        "operator.register", ["operator": "yamada", "person": "p-000001", "role": role, "key": Hex.encode(key)])
      let message = FirstOperator(code: code, act: Data(try signer.sign(act).encoded))
      return try await link.request("POST", "/v1/admin/operators/first", body: Array(JSONEncoder().encode(message))).status
    }
    let code = office.city.firstCode
    #expect(try await register(other, key: other.publicKey, code: code) == 403, "the right code, another card's key")
    #expect(try await register(other, key: card.publicKey, code: code) == 403, "this card's key, signed by another")
    #expect(try await register(card, key: card.publicKey, code: "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA") == 403)
    #expect(try await register(card, key: card.publicKey, role: "auditor", code: code) == 400)
    let before: [OperatorSummary]? = try? await office.city.link.fetch("/v1/admin/operators")
    #expect(before == nil, "nobody is an operator yet")
    #expect(try await register(card, key: card.publicKey, code: code) == 201)
    let operators: [OperatorSummary] = try await link.fetch("/v1/admin/operators")
    #expect(operators.map(\.operatorID) == ["yamada"] && operators.first?.unixUser == nil)
    #expect(try await register(card, key: card.publicKey, code: code) >= 400, "the code is used up")
    link.close()
    await office.city.end()
  }
}

private enum PEMText {
  static func privateKey(pkcs8 der: [UInt8]) -> String {
    "-----BEGIN PRIVATE KEY-----\n\(Data(der).base64EncodedString())\n-----END PRIVATE KEY-----\n"
  }
}
