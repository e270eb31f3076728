import AuthClient
import AuthTerms
import Crypto
import CryptoExtras
import Foundation
import Synchronization
import Testing

/// A key that a card holds, as the client's key of a connection.
@Suite("A held key", .serialized, .timeLimit(.minutes(10)))
struct HeldKeyTests {
  @Test("EMSA-PSS is what another library verifies, for every text and salt")
  func padding() throws {
    let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let raw = try _RSA.BlindSigning.PrivateKey<SHA384>(derRepresentation: key.derRepresentation)
    for round in 0..<20 {
      let digest = SHA256.hash(data: Data("三門 \(round)".utf8))
      let block = try EMSAPSS.encode(sha256: Array(digest), salt: City.random(EMSAPSS.saltCount))
      #expect(block.count == 256 && block[0] < 0x80 && block.last == 0xBC)
      let signature = _RSA.Signing.RSASignature(rawRepresentation: try raw.blindSignature(for: block).rawRepresentation)
      #expect(key.publicKey.isValidSignature(signature, for: digest, padding: .PSS))
      #expect(!key.publicKey.isValidSignature(signature, for: SHA256.hash(data: Data()), padding: .PSS))
    }
    let fixed = [UInt8](repeating: 7, count: 32)
    #expect(try EMSAPSS.encode(sha256: fixed, salt: fixed) == EMSAPSS.encode(sha256: fixed, salt: fixed))
  }

  @Test("a digest or a salt of another size is refused", arguments: [(31, 32), (32, 31), (33, 32), (32, 0), (0, 32)])
  func sizes(digest: Int, salt: Int) {
    #expect(throws: ClientFault.self) {
      try EMSAPSS.encode(sha256: [UInt8](repeating: 0, count: digest), salt: [UInt8](repeating: 0, count: salt))
    }
  }

  @Test("a holder that says no ends the handshake; one that says nothing ends with the deadline; a wrong answer is refused")
  func holders() async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator()
    func ask(_ settings: ClientSettings = ClientSettings(), _ use: @escaping @Sendable (HeldKey.Use) async throws -> [UInt8])
      async throws -> ClientFault?
    {
      let trust = office.trust
      do {
        let link = try await ServerConnection(
          to: ServerAddress(parsing: "https://127.0.0.1:\(office.port)"), trust: trust,
          identity: ClientIdentity(certificate: card.certificate, held: HeldKey(kind: .p256, use: use)), settings: settings)
        _ = try await link.request("GET", "/v1/admin/status")
        return nil
      } catch { return error }
    }
    let unwilling = try await ask { _ in throw OperatorTestCard.Wrong() }
    #expect(unwilling == .tlsRefused(.ownMaterial))
    var hurried = ClientSettings()
    hurried.deadlineMilliseconds = 1_000
    #expect(
      try await ask(hurried) { _ in
        try? await Task.sleep(for: .seconds(3))
        return []
      } == .timedOut)
    let garbage = try await ask { _ in [1, 2, 3] }
    #expect(garbage != nil)
    #expect(try await ask { try await card.held.use($0) } == nil)
    await office.city.end()
  }

  @Test("one connection asks the card once, however many requests it carries")
  func once() async throws {
    let office = try await OperatorCity()
    let card = try await office.newOperator(.rsa2048)
    let uses = Counter()
    let held = HeldKey(kind: .rsa2048) { use in
      uses.add()
      return try await card.held.use(use)
    }
    let link = try await office.connect(ClientIdentity(certificate: card.certificate, held: held))
    for _ in 0..<10 { #expect(try await link.request("GET", "/v1/admin/status").status == 200) }
    #expect(uses.count == 1)
    link.close()
    await office.city.end()
  }
}

private final class Counter: Sendable {
  private let box = Mutex(0)
  func add() { box.withLock { $0 += 1 } }
  var count: Int { box.withLock { $0 } }
}
