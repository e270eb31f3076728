import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Testing

/// The vault's keys over the operators' routes; what its steps do stands in the vault's own tests.
@Suite("an administrator has the vault's keys renewed", .serialized)
struct VaultRotationTests {
  @Test("one signed act renews them; releases go on before, during and after; the log says who asked")
  func rotate() async throws {
    try await ReleaseTests.with { bench in
      let city = bench.city
      let vault = try City.openVault(city.folder, city.clock)
      city.door.lead(to: vault)
      func terms() async throws -> [VaultKeySummary] { try await city.link.fetch("/v1/admin/vault/rotation") }
      func post(_ layers: String) async throws -> (act: SignedAct, status: Int) {
        let act = try city.sign(city.act(Act.Kind.rotateKeys, ["layers": layers]))
        return (act, try await send(act))
      }
      func send(_ act: SignedAct) async throws -> Int {
        let body = Array(try JSONEncoder().encode(VaultActMessage(act: Data(act.encoded))))
        return try await city.link.request("POST", "/v1/admin/vault/rotation", body: body).status
      }
      try await bench.publish()
      #expect(try await bench.registerCards() == 0)
      try await bench.set("kumo-no-ito-1918")
      let (session, evidence) = try await bench.enter()
      #expect(try await bench.ask(bench.message(evidence: evidence), in: session.session) == "kumo-no-ito-1918")
      let before = try await bench.keys()
      #expect(try await terms().map(\.layer) == VaultLayer.allCases.map(\.rawValue))

      let (act, status) = try await post("credentials registers signing")
      #expect(status == 200)
      #expect(try await terms().filter(\.isUnderWay).map(\.layer) == ["credentials", "registers", "signing"])
      #expect(try await send(act) == 409, "the same act again")
      #expect(try await post("registers credentials").status == 400)
      var step = RotationStep.again
      for _ in 0..<20 where step != .nothing {
        step = try vault.advanceRotation()
        // The keys are asked for with it: only afterwards can the moment be quiet.
        #expect(try await bench.ask(bench.message(), in: session.session) == "kumo-no-ito-1918")
        if step == .waiting { city.clock.advance(seconds: 11) }
      }
      #expect(step == .nothing)
      #expect(try await bench.keys().ticket != before.ticket)
      #expect(try await terms().filter { $0.number == 2 }.map(\.layer) == ["credentials", "registers", "signing"])
      #expect(try await terms().allSatisfy { !$0.isUnderWay && $0.left == 0 })
      let rows = try await city.audit("class=administration&action=vault.rotate")
      #expect(rows.count == 2 && rows.allSatisfy { $0.note.hasPrefix("credentials registers signing act ") })
    }
  }
}
