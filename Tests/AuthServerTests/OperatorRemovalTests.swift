import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Who leaves loses her rights at once, at the server and in the vault's register.
@Suite("Operators who leave", .serialized)
struct OperatorRemovalTests {
  private let suzuki = Administrator(id: "suzuki", person: "p-000002")
  private let tanaka = Administrator(id: "tanaka", person: "p-000003")

  private func remove(
    _ city: City, _ leaver: String, named: String? = nil, by approvals: [Administrator] = [],
    signer: (Act) throws -> SignedAct
  ) async throws -> Int {
    let act = try city.act("operator.revoke", ["operator": named ?? leaver])
    let signed = try signer(act)
    let whole = SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: try approvals.map { try $0.approval(act) })
    return try await post(city, leaver, whole)
  }

  private func post(_ city: City, _ leaver: String, _ signed: SignedAct) async throws -> Int {
    let body = Array(try JSONEncoder().encode(OperatorRemoval(act: Data(signed.encoded))))
    return try await city.link.request("POST", "/v1/admin/operators/\(leaver)/remove", body: body).status
  }

  private func active(_ city: City) async throws -> [String] {
    let all: [OperatorSummary] = try await city.link.fetch("/v1/admin/operators")
    return all.filter(\.isActive).map(\.operatorID).sorted()
  }

  @Test("of two administrators one removes the other; with three it takes two; the last one stays")
  func removal() async throws {
    let city = try await City()
    #expect(try await remove(city, "yamada", signer: city.sign) == 403, "the last administrator")
    #expect(try await city.register(suzuki) == 201)
    #expect(try await city.register(tanaka, by: [suzuki]) == 201)
    #expect(try await remove(city, "tanaka", signer: city.sign) == 403, "two others remain: one signature is not enough")
    #expect(try await active(city) == ["suzuki", "tanaka", "yamada"])
    #expect(try await remove(city, "tanaka", by: [tanaka], signer: city.sign) == 200, "her own consent counts as a second one")
    #expect(try await remove(city, "suzuki", signer: city.sign) == 200)
    #expect(try await active(city) == ["yamada"])
    #expect(try await remove(city, "suzuki", signer: city.sign) == 404, "she is gone already")
    #expect(try await remove(city, "nobody", signer: city.sign) == 404)
    let rows = try await city.audit("class=administration&action=operator.removed")
    #expect(rows.map(\.person) == ["p-000003", "p-000002"])
    #expect(rows.allSatisfy { $0.outcome == "done" && $0.operatorID == "yamada" && $0.note.contains("act ") })
    #expect(rows.first?.note.contains("approved by tanaka") == true)
    await city.end()
  }

  @Test("a removed operator signs nothing any more, and her name and key stay taken")
  func afterwards() async throws {
    let city = try await City()
    #expect(try await city.register(suzuki) == 201)
    #expect(try await remove(city, "suzuki", signer: city.sign) == 200)
    let code = try city.act(
      "workstation.enrol", ["workstation": "LGWAN-PC-0042", "segment": "lgwan", "access": "console", "validSeconds": "600"],
      by: "suzuki")
    let body = Array(try JSONEncoder().encode(WorkstationCodeRequest(act: Data(try suzuki.sign(code).encoded))))
    #expect(try await city.link.request("POST", "/v1/admin/workstations/codes", body: body).status >= 400)
    #expect(try await city.register(suzuki) == 409, "the same name and key")
    #expect(try await city.register(Administrator(key: suzuki.key, id: "suzuki2", person: "p-000002")) == 409, "the same key")
    #expect(try await active(city) == ["yamada"])
    await city.end()
  }

  @Test("an act for another operator, of another kind, by another signer, bent or twice removes nobody")
  func refused() async throws {
    let city = try await City()
    #expect(try await city.register(suzuki) == 201)
    #expect(try await remove(city, "suzuki", named: "yamada", signer: city.sign) == 400)
    #expect(try await post(city, "suzuki", city.sign(city.act("workstation.revoke", ["operator": "suzuki"]))) == 400)
    #expect(try await remove(city, "suzuki", signer: suzuki.sign) == 403, "yamada's act with another's signature")
    let hers = try city.act("operator.revoke", ["operator": "suzuki"], by: "suzuki")
    #expect(try await post(city, "suzuki", suzuki.sign(hers)) == 400, "the act of who did not come in")
    let right = try city.sign(city.act("operator.revoke", ["operator": "suzuki"]))
    var bent = right.signature
    bent[0] ^= 1
    #expect(try await post(city, "suzuki", SignedAct(act: right.act, scheme: right.scheme, signature: bent)) == 403)
    #expect(try await active(city) == ["suzuki", "yamada"])
    #expect(try await post(city, "suzuki", right) == 200)
    await city.end()
  }

  @Test("a workstation is revoked by a signed act alone; one that the vault refuses still shuts it out here, and says so")
  func workstation() async throws {
    let city = try await City()
    let pc = try await city.workstation("LGWAN-PC-0042")
    func revoke(_ signed: SignedAct) async throws -> ServerAnswer {
      let body = Array(try JSONEncoder().encode(WorkstationRevocation(act: Data(signed.encoded))))
      return try await city.link.request("POST", "/v1/admin/workstations/LGWAN-PC-0042/revoke", body: body)
    }
    let other = try city.sign(city.act("workstation.revoke", ["workstation": "LGWAN-PC-0043"]))
    #expect(try await revoke(other).status == 400)
    #expect(try await city.link.request("POST", "/v1/admin/workstations/LGWAN-PC-0042/revoke").status >= 400)
    #expect(try await pc.open().ceremony.workstation == "LGWAN-PC-0042")
    let right = try city.sign(city.act("workstation.revoke", ["workstation": "LGWAN-PC-0042"]))
    var bent = right.signature
    bent[0] ^= 1
    let unknown = try JSONDecoder().decode(
      WorkstationRevoked.self,
      from: Data(try await revoke(SignedAct(act: right.act, scheme: right.scheme, signature: bent)).body))
    #expect(unknown.workstation.isRevoked && !unknown.isKnownToVault)
    #expect(try await refusal { try await pc.open() } != nil)
    let known = try JSONDecoder().decode(WorkstationRevoked.self, from: Data(try await revoke(right).body))
    #expect(known.workstation.isRevoked && known.isKnownToVault)
    await city.end()
  }
}
