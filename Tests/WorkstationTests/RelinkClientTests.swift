import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import SmartCard
import SwiftASN1
import Synchronization
import Testing
import Workstation
import X509

@Suite("a former card is shown for a new registration")
struct RelinkClientTests {
  private struct Script {
    var person: String?
    var workstation = "LGWAN-PC-0042"
    var nonces = 0
    var proofs = 0
    var bodies: [String] = []
    var refusal: ErrorBody?
  }

  private struct Result {
    let outcome: Swift.Result<RelinkProven, AgentFault>
    let script: Script
    let card: MemoryCard
  }

  private static func json(_ value: some Encodable) -> String {
    (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private let clock = TestClock()
  private static let person = "4711.2"

  /// A server that verifies the signature over the text that it would build itself.
  private func run(
    _ card: MemoryCard, _ asked: MemoryPerson = MemoryPerson(), _ adjust: (inout Script) -> Void = { _ in }
  ) async throws -> Result {
    let authority = try TestAuthority()
    let serverCertificate = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    let script = Mutex(Script())
    script.withLock { adjust(&$0) }
    let fingerprints = (server: serverCertificate.fingerprint, client: client.fingerprint)
    let tls = try TestServer.tls(serverCertificate, clientRoots: [authority.certificate])
    let server = try await TestServer(tls: tls) { _, seen in
      script.withLock { script in
        script.bodies.append(seen.body)
        let count = script.nonces
        if seen.path == "/v1/relinks" {
          script.nonces += 1
          return .json(
            201,
            Self.json(
              RelinkOpened(
                ceremony: "r-\(count + 1)", nonce: Data(repeating: UInt8(count + 1), count: 32),
                person: script.person ?? Self.person,
                segment: "lgwan", workstation: script.workstation, expiresAt: 1_800_000_030_000)))
        }
        if seen.path == "/v1/events" { return .json(202, "{}") }
        if let refusal = script.refusal { return .json(403, Self.json(refusal)) }
        let preimage = RelinkPreimage(
          nonce: Array(repeating: UInt8(count), count: 32), ceremony: "r-\(count)", person: Self.person,
          workstation: "LGWAN-PC-0042", segment: "lgwan", expiresAt: 1_800_000_030_000,
          serverCertificate: fingerprints.server, workstationCertificate: fingerprints.client)
        guard seen.path == "/v1/relinks/r-\(count)/proof",
          let message = try? JSONDecoder().decode(RelinkProofMessage.self, from: Data(seen.body.utf8)),
          let certificate = try? Certificate(derEncoded: Array(message.card.certificate)),
          let key = P256.Signing.PublicKey(certificate.publicKey),
          let signature = try? P256.Signing.ECDSASignature(derRepresentation: message.card.signature),
          key.isValidSignature(signature, for: Data(preimage.canonicalBytes)), message.card.slot == "9a"
        else { return .json(400, "{}") }
        script.proofs += 1
        return .json(
          200, Self.json(RelinkProven(former: "4711", person: Self.person, displayName: "佐藤 花子", until: 1_800_001_800_000)))
      }
    }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]),
      cards: MemoryCards(card), asking: asked, holder: PassingHolder(clock.surroundings), surroundings: clock.surroundings)
    let person = try PersonID(parsing: Self.person)
    let outcome: Swift.Result<RelinkProven, AgentFault>
    do throws(AgentFault) {
      outcome = .success(try await logon.showFormerCard(for: person, waitSeconds: 0))
    } catch { outcome = .failure(error) }
    await server.stop()
    return Result(outcome: outcome, script: script.withLock { $0 }, card: card)
  }

  private func fault(_ result: Result) -> AgentFault? { if case .failure(let fault) = result.outcome { fault } else { nil } }

  @Test("the key behind the PIN signs, once, and the PIN is nowhere on the wire")
  func shown() async throws {
    let result = try await run(try MemoryCard())
    #expect(try result.outcome.get().former == "4711")
    #expect(result.script.proofs == 1 && result.card.signatures == 1 && result.card.pinsSent == 1)
    let pin = String(decoding: MemoryCard.pin, as: UTF8.self)
    #expect(result.script.bodies.allSatisfy { !$0.contains(pin) && !$0.contains(Data(MemoryCard.pin).base64EncodedString()) })
  }

  @Test("a slow person gets a new challenge")
  func slow() async throws {
    let clock = clock
    let result = try await run(try MemoryCard(), MemoryPerson(onPIN: { clock.advance(milliseconds: 40_000) }))
    #expect(try result.outcome.get().person == Self.person)
    #expect(result.script.nonces == 2 && result.card.signatures == 1)
  }

  @Test("a server that names another workstation or another person gets no signature, and no PIN is asked")
  func disagreement() async throws {
    let elsewhere = try await run(try MemoryCard()) { $0.workstation = "LGWAN-PC-0001" }
    #expect(fault(elsewhere) == .disagreement(.workstation))
    let other = try await run(try MemoryCard()) { $0.person = "4712" }
    #expect(fault(other) == .disagreement(.ceremony))
    #expect(elsewhere.card.pinsSent == 0 && other.card.pinsSent == 0 && other.card.signatures == 0)
  }

  @Test("a wrong PIN, a card without that key, and a refusal come through")
  func refused() async throws {
    #expect(fault(try await run(try MemoryCard(), MemoryPerson(pin: "000000"))) == .pinWrong(triesLeft: 2))
    let weak = try await run(try MemoryCard([.cardAuthentication]))
    #expect(fault(weak) == .noUsableCombination(offered: [["card", "pin"]]) && weak.card.signatures == 0)
    let body = ErrorBody(.relinkNotOffered, reference: try Reference(number: 482_913))
    #expect(fault(try await run(try MemoryCard()) { $0.refusal = body }) == .server(.refused(body)))
  }
}
