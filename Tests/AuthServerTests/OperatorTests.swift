import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Testing

/// Operators are people with keys: one-time code, signed acts, two people for a second administrator.
@Suite("Operators", .serialized)
struct OperatorTests {
  private struct Newcomer {
    var key = Curve25519.Signing.PrivateKey()
    let id: String
    let person: String

    var publicKey: [UInt8] {
      [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00] + Array(key.publicKey.rawRepresentation)
    }

    func approve(_ act: Act) throws -> [UInt8] {
      let hash = Array(SHA256.hash(data: Data(act.canonicalBytes)))
      return Array(try key.signature(for: Data(Approval.message(actHash: hash, operatorID: OperatorID(parsing: id)))))
    }
  }

  private func add(
    _ city: City, _ newcomer: Newcomer, role: String = "administrator", approvals: [Newcomer] = []
  ) async throws -> Int {
    let act = try city.act(
      "operator.register",
      ["operator": newcomer.id, "person": newcomer.person, "role": role, "key": Hex.encode(newcomer.publicKey)])
    let signed = try city.sign(act)
    let whole = SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature,
      approvals: try approvals.map {
        Approval(operatorID: try OperatorID(parsing: $0.id), scheme: .ed25519, signature: try $0.approve(act))
      })
    let message = OperatorAddition(
      act: Data(whole.encoded), possession: Data(try newcomer.approve(act)), possessionScheme: "ed25519")
    return try await city.link.request("POST", "/v1/admin/operators", body: Array(try JSONEncoder().encode(message))).status
  }

  @Test("one administrator lets the second in; the third needs two people with two keys")
  func approvals() async throws {
    let city = try await City()
    let suzuki = Newcomer(id: "suzuki", person: "p-000002")
    #expect(try await add(city, suzuki) == 201)
    let tanaka = Newcomer(id: "tanaka", person: "p-000003")
    #expect(try await add(city, tanaka) == 403, "one signature is not enough any more")
    #expect(try await add(city, tanaka, approvals: [suzuki]) == 201)
    // A second account of the proposer is the proposer: it does not count as the second person.
    let shadow = Newcomer(id: "yamada2", person: "p-000001")
    #expect(try await add(city, shadow, approvals: [suzuki]) == 201)
    let sato = Newcomer(id: "sato", person: "p-000004")
    #expect(try await add(city, sato, approvals: [shadow]) == 403, "the same person twice")
    #expect(try await add(city, sato, approvals: [suzuki, suzuki]) == 403, "the same signature twice")
    // Two accounts with one key.
    #expect(try await add(city, Newcomer(key: tanaka.key, id: "kato", person: "p-000005"), approvals: [suzuki]) >= 400)
    let all: [OperatorSummary] = try await city.link.fetch("/v1/admin/operators")
    #expect(Set(all.map(\.operatorID)) == ["yamada", "suzuki", "tanaka", "yamada2"])
    let rows = try await city.audit("class=administration&action=operator.registered")
    #expect(rows.count == 4 && rows.allSatisfy { $0.note.contains("act ") })
    await city.end()
  }

  @Test("an act signed by nobody known, or for another instance, makes no code")
  func forgedActs() async throws {
    let city = try await City()
    func code(_ signed: SignedAct) async throws -> Int {
      let body = try JSONEncoder().encode(WorkstationCodeRequest(act: Data(signed.encoded)))
      return try await city.link.request("POST", "/v1/admin/workstations/codes", body: Array(body)).status
    }
    let parameters = ["workstation": "LGWAN-PC-0042", "segment": "lgwan", "access": "console", "validSeconds": "600"]
    let right = try city.sign(city.act("workstation.enrol", parameters))
    var bent = right.signature
    bent[0] ^= 1
    #expect(try await code(SignedAct(act: right.act, scheme: .ed25519, signature: bent)) == 403)
    let other = try Act(
      kind: "workstation.enrol", operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "mynumber-1"),
      nonce: City.random(32), issuedAt: city.clock.now().wallMilliseconds, parameters: parameters)
    #expect(try await code(city.sign(other)) == 403)
    #expect(try await code(right) == 201)
    #expect(try await code(right) >= 400, "an act is carried out once")
    let elsewhere = try city.act("workstation.enrol", parameters.merging(["segment": "mynumber"]) { $1 })
    #expect(try await code(city.sign(elsewhere)) == 403, "a segment that this instance does not serve")
    await city.end()
  }

  @Test("a code is good once, and its name and segment are the administrator's, whatever the request says")
  func codes() async throws {
    let city = try await City()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let list: [WorkstationSummary] = try await city.link.fetch("/v1/admin/workstations")
    #expect(list.map(\.workstation) == ["LGWAN-PC-0042"] && list.first?.segment == "lgwan")
    #expect(try await pc.open().ceremony.workstation == "LGWAN-PC-0042")
    await city.end()
  }

  @Test("an import that would take access from many people is held until the number is named")
  func brake() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let text = try String(contentsOfFile: Repository.root + "/deploy/sample-city/people.csv", encoding: .utf8)
    let lineEnd = text.contains("\r\n") ? "\r\n" : "\n"
    let half = text.components(separatedBy: lineEnd).prefix(601).joined(separator: lineEnd) + lineEnd
    func run(_ confirmed: Int?) async throws -> PeopleImported {
      func file(_ name: String) throws -> String {
        try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
      }
      return try await city.link.call(
        "POST", "/v1/admin/people",
        PeopleImport(
          format: "csv", people: half, groups: file("groups.csv"), departments: file("departments.csv"), confirmed: confirmed,
          preview: false))
    }
    let held = try await run(nil)
    #expect(!held.applied && held.losingAccess > 500 && !held.notesJa.isEmpty)
    #expect(try await run(held.losingAccess - 1).applied == false)
    #expect(try await run(held.losingAccess).applied)
    await city.end()
  }
}
