import AuthAPI
import AuthClient
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import SmartCard
import Testing
import Workstation

/// A city's card key over the operators' routes; what the vault does with it stands in the vault's own tests.
@Suite("administrators set the city's key for shared-key cards", .serialized)
struct VaultCardKeyTests {
  private static func script(_ name: String) throws -> CardScript {
    let file = try Data(contentsOf: URL(filePath: Repository.root + "/policies/cards/\(name).yaml"))
    return try CardScriptFile.compile(PolicySource(name: "\(name).yaml", bytes: Array(file))).script
  }

  @Test("two sign; the server carries what it cannot read, lists what is kept, and its log says who asked")
  func set() async throws {
    try await ReleaseTests.with { bench in
      let city = bench.city
      let script = try Self.script("desfire-ev2")
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(second) == 201)
      func send(
        _ key: [UInt8], by others: [Administrator], named name: String? = nil, sealed other: [UInt8]? = nil
      ) async throws -> Int {
        let sealed = try await CardKeyMessage.seal(
          Secret(copying: key), for: script, to: bench.keys(), instance: InstanceID(parsing: "lgwan-1")
        ).encoded
        let act = try city.act(
          Act.Kind.setCardKey,
          ["script": name ?? script.id, "sealed": Hex.encode(Array(SHA256.hash(data: Data(sealed))))])
        let signed = try city.sign(act)
        let whole = SignedAct(
          act: act, scheme: signed.scheme, signature: signed.signature, approvals: try others.map { try $0.approval(act) })
        let message = VaultCardKeyAct(sealed: Data(other ?? sealed), act: Data(whole.encoded))
        return try await city.link.request(
          "POST", "/v1/admin/vault/card-keys", body: Array(try JSONEncoder().encode(message))
        ).status
      }
      func list() async throws -> [VaultCardKeySummary] { try await city.link.fetch("/v1/admin/vault/card-keys") }
      let key = (1...16).map { UInt8($0) }

      #expect(try await list() == [])
      #expect(try await send(key, by: []) == 403, "one administrator alone")
      #expect(try await send(key, by: [second], named: "A b") == 400)
      #expect(try await send(key, by: [second], sealed: [1, 2]) == 403, "the act names another")
      #expect(try await send(Array(key.dropLast()), by: [second]) == 409)
      #expect(try await send([UInt8](repeating: 0, count: 16), by: [second]) == 409)
      #expect(try await list() == [])
      #expect(try await send(key, by: [second]) == 200)
      #expect(try await send(key, by: [second]) == 200)
      let kept = try await list()
      #expect(kept.map(\.script) == ["desfire-ev2"] && kept.map(\.version) == [2] && kept[0].setAt > 0)
      let rows = try await city.audit("class=administration&action=vault.cardkey")
      #expect(rows.count == 6 && rows.allSatisfy { $0.note.hasPrefix("desfire-ev2 act ") })
    }
  }
}
