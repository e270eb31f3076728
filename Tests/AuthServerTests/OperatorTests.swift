import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Testing

/// Operators are people with keys: one-time code, signed acts, two people for a second administrator.
@Suite("Operators", .serialized)
struct OperatorTests {
  @Test("one administrator lets the second in; the third needs two people with two keys")
  func approvals() async throws {
    let city = try await City()
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    let tanaka = Administrator(id: "tanaka", person: "p-000003")
    #expect(try await city.register(tanaka) == 403, "one signature is not enough any more")
    #expect(try await city.register(tanaka, by: [suzuki]) == 201)
    // A second account of the proposer is the proposer: it does not count as the second person.
    let shadow = Administrator(id: "yamada2", person: "p-000001")
    #expect(try await city.register(shadow, by: [suzuki]) == 201)
    let sato = Administrator(id: "sato", person: "p-000004")
    #expect(try await city.register(sato, by: [shadow]) == 403, "the same person twice")
    #expect(try await city.register(sato, by: [suzuki, suzuki]) == 403, "the same signature twice")
    // Two accounts with one key.
    #expect(try await city.register(Administrator(key: tanaka.key, id: "kato", person: "p-000005"), by: [suzuki]) >= 400)
    let all: [OperatorSummary] = try await city.link.fetch("/v1/admin/operators")
    #expect(Set(all.map(\.operatorID)) == ["yamada", "suzuki", "tanaka", "yamada2"])
    let rows = try await city.audit("class=administration&action=operator.registered")
    #expect(rows.count == 4 && rows.allSatisfy { $0.note.contains("act ") })
    await city.end()
  }

  @Test("a rotator's key is let in as any other, and its acts count for nothing here")
  func rotator() async throws {
    let city = try await City()
    let rotator = Administrator(id: "rotator", person: "rotator")
    #expect(try await city.register(rotator, role: "rotator") == 201)
    let all: [OperatorSummary] = try await city.link.fetch("/v1/admin/operators")
    #expect(all.first { $0.operatorID == "rotator" }?.role == "rotator")
    let act = try Act(
      kind: "workstation.enrol", operatorID: OperatorID(parsing: "rotator"), instance: InstanceID(parsing: "lgwan-1"),
      nonce: City.random(32), issuedAt: city.clock.now().wallMilliseconds,
      parameters: ["workstation": "LGWAN-PC-0042", "segment": "lgwan", "access": "console", "validSeconds": "600"])
    let signed = SignedAct(
      act: act, scheme: .ed25519, signature: Array(try rotator.key.signature(for: Data(act.canonicalBytes))))
    let body = try JSONEncoder().encode(WorkstationCodeRequest(act: Data(signed.encoded)))
    #expect(try await city.link.request("POST", "/v1/admin/workstations/codes", body: Array(body)).status >= 400)
    #expect(try await city.register(Administrator(id: "odd", person: "p-000003"), role: "robot") == 400)
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
    _ = try await city.importPeople(everybody: true)
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
