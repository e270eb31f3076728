import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Testing
import VaultLink

@Suite("the server's log holds the vault's to account", .serialized)
struct VaultWatchTests {
  private func rows(_ city: City, _ action: String) async throws -> [AuditEntry] {
    try await city.audit("class=administration&action=\(action)")
  }

  @Test("the head of the vault's log has a row when something came since; a release past the server is an alarm, told once")
  func unauthorised() async throws {
    try await ReleaseTests.with { bench in
      let city = bench.city
      try await bench.publish()
      try await bench.registerCards()
      try await bench.set("kumo-no-ito-1918")
      let (session, evidence) = try await bench.enter()
      try await bench.ask(bench.message(evidence: evidence), in: session.session)
      try await city.server.lookAtVault()
      #expect(try await rows(city, "vault.checkpoint").count == 1)
      #expect(try await rows(city, "vault.checkpoint").first?.note.hasPrefix("size ") == true)
      // A checkpoint of ours has a row over there, and that alone is nothing to write about.
      let _: CheckpointAnswer = try await city.link.fetch("/v1/admin/audit/checkpoint")
      try await city.server.lookAtVault()
      #expect(try await rows(city, "vault.checkpoint").count == 1)
      // Authorised before the last look, handed out after it.
      try await bench.ask(bench.message(), in: session.session)
      try await city.server.lookAtVault()
      #expect(try await rows(city, "release.unauthorised").isEmpty)

      let past = try bench.message()
      let request = SessionActRequest(
        act: try SessionAct(canonicalBytes: Array(past.act)), signature: Array(past.signature), evidence: nil,
        authorised: City.random(32))
      #expect(try await VaultLink(socket: city.folder + "/vault.sock").sessionAct(request) != nil)
      try await city.server.lookAtVault()
      let alarms = try await rows(city, "release.unauthorised")
      #expect(alarms.map(\.outcome) == ["refused"] && alarms.first?.note.hasPrefix("1 releases") == true)
      try await city.server.lookAtVault()
      #expect(try await rows(city, "release.unauthorised").count == 1)
      #expect(try await rows(city, "vault.checkpoint").count == 3)
      #expect(try await rows(city, "vault.log.contradicts").isEmpty)
    }
  }

  @Test("a vault that was put back to an older state is noticed, also when its log has grown as long again")
  func older() async throws {
    try await ReleaseTests.with { bench in
      let city = bench.city
      let kept = FileManager.default.temporaryDirectory.path + "/sanmon-older-\(UInt32.random(in: 0...UInt32.max))"
      defer { try? FileManager.default.removeItem(atPath: kept) }
      try city.restartVault { try FileManager.default.copyItem(atPath: $0, toPath: kept) }
      try await bench.publish()
      try await city.server.lookAtVault()
      try city.restartVault { folder in
        try FileManager.default.removeItem(atPath: folder)
        try FileManager.default.copyItem(atPath: kept, toPath: folder)
      }
      try await bench.registerCards()
      try await city.server.lookAtVault()
      #expect(try await rows(city, "vault.log.contradicts").count == 1)
      try await city.server.lookAtVault()
      #expect(try await rows(city, "vault.log.contradicts").count == 1)
    }
  }
}
