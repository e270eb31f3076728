import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Isolation
import SSOVault
import Testing

@Suite("a server beside a vault that waits for people")
struct SealedVaultTests {
  private struct Readiness: Decodable { let missing: [String]? }

  private func readiness(_ city: City) async throws -> (status: Int, missing: [String]) {
    let answer = try await city.link.request("GET", "/readiness")
    return (answer.status, (try? JSONDecoder().decode(Readiness.self, from: Data(answer.body)))?.missing ?? [])
  }

  private func unseal(_ city: City, _ share: KeyShare) throws -> VaultAnswer {
    let connection = try PeerConnection.connect(path: city.folder + "/vault.sock")
    let deadline = Deadline(milliseconds: 10_000)
    let typed = try TypedShare(Secret(copying: Array(share.text.utf8)))
    try connection.send(VaultRequest.unseal(typed).encoded(id: 1), by: deadline)
    return try VaultAnswer.decode(#require(try connection.receive(by: deadline))).answer
  }

  @Test("it goes on, says AP193 where it needs the vault, and has it again when enough people have come")
  func running() async throws {
    let city = try await City()
    func cards() async throws -> Int {
      try await city.link.request("GET", "/v1/admin/vault/cards").status
    }
    #expect(try await readiness(city).status == 200)
    #expect(try await cards() == 200)
    // The vault is started again, and its key is in people's hands.
    let (folder, clock) = (city.folder, city.clock)
    let shares = try KeyShare.make(3, threshold: 2) { Secret(copying: City.random($0)) }
    city.door.lead(
      to: try SealedVault(
        needed: 2, now: { clock.now() }, open: { _ throws(VaultStartFault) in try City.openVault(folder, clock) }))
    let sealed = try await readiness(city)
    #expect(sealed.status == 503 && sealed.missing == ["vault"])
    let answer = try await city.link.request("GET", "/v1/admin/vault/cards")
    #expect(answer.status == 503)
    #expect(try JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)).code == "AP193")
    _ = try await city.importPeople()
    #expect(try unseal(city, shares[2]) == .sealed(VaultSealing(given: 1, needed: 2)))
    #expect(try await readiness(city).missing == ["vault"])
    #expect(try unseal(city, shares[0]) == .noted)
    #expect(try await readiness(city).status == 200)
    #expect(try await cards() == 200)
    await city.end()
  }

  @Test("one that starts meanwhile waits, says for whom, and serves when it is open")
  func starting() async throws {
    let city = try await City()
    let (folder, clock) = (city.folder, city.clock)
    let shares = try KeyShare.make(2, threshold: 2) { Secret(copying: City.random($0)) }
    try await city.restart { _ in
      let sealed = try SealedVault(
        needed: 2, now: { clock.now() }, open: { _ throws(VaultStartFault) in try City.openVault(folder, clock) })
      city.door.lead(to: sealed)
      let surroundings = Surroundings(now: { clock.now() }, random: { City.random($0) })
      let file = city.startUpFile
      let (words, say) = AsyncStream.makeStream(of: VaultWait.self)
      let starting = Task {
        try await Server.whenVaultAnswers(file, surroundings: surroundings, credentials: nil) { say.yield($0) }
      }
      var said: VaultWait?
      for await word in words {
        said = word
        break
      }
      #expect(said?.isSealed == true && said?.en.contains("sealed: 0 of 2 shares are there; sanmon-vault unseal") == true)
      #expect(said?.ja.contains("封がされています") == true)
      for share in shares { _ = try unseal(city, share) }
      // It could serve; the city starts its own.
      _ = try await starting.value
    }
    #expect(try await readiness(city).status == 200)
    await city.end()
  }
}
