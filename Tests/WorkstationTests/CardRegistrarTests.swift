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

@Suite("a card is registered by its holder at a workstation")
struct CardRegistrarTests {
  private struct Script {
    var account = "sato.hanako"
    var workstation = "LGWAN-PC-0042"
    var challenges = 0
    var proofs = 0
    var isGuarded: Bool?
    var bodies: [String] = []
    /// To the challenge.
    var off: ErrorBody?
    /// To the proof.
    var refusal: ErrorBody?
  }

  private struct Result {
    let outcome: Swift.Result<FirstTapDone, AgentFault>
    let script: Script
    let card: MemoryCard
  }

  /// Answers with a code, too.
  private struct Clerk: Asking {
    let person: MemoryPerson
    var typed = "0000-0000-0042-" + Clerk.check
    static let check: String = {
      let printed = (try? LookUpCode(number: 42))?.printed ?? ""
      return String(printed.suffix(1))
    }()

    func pin(triesLeft: Int) async throws(AgentFault) -> Secret<PIN> { try await person.pin(triesLeft: triesLeft) }
    func password() async throws(AgentFault) -> Secret<TypedPassword> { try await person.password() }
    func newPassword() async throws(AgentFault) -> Secret<TypedPassword> { try await person.newPassword() }
    func code() async throws(AgentFault) -> Secret<LookUpDigits> { Secret(copying: typed.utf8) }
    func confirmLastTry() async -> Bool { await person.confirmLastTry() }
    func leavePalm(_ reason: PalmLeaving) async -> Bool { await person.leavePalm(reason) }
    func tell(_ message: AgentMessage) async { await person.tell(message) }
  }

  private static func json(_ value: some Encodable) -> String {
    (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private let clock = TestClock()
  private static let done = FirstTapDone(card: "card-1", person: "p-000042", displayName: "佐藤 花子", proofClass: "pk-pin")

  /// A server that verifies the signature over the text that it would build itself.
  private func run(
    _ card: MemoryCard, _ asked: MemoryPerson = MemoryPerson(), typed: String? = nil,
    _ adjust: (inout Script) -> Void = { _ in }
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
        let count = script.challenges
        if seen.path == "/v1/registrations" {
          if let off = script.off { return .json(403, Self.json(off)) }
          script.challenges += 1
          return .json(
            201,
            Self.json(
              FirstTapOpened(
                ceremony: "t-\(count + 1)", nonce: Data(repeating: UInt8(count + 1), count: 32), account: script.account,
                segment: "lgwan", workstation: script.workstation, expiresAt: 1_800_000_030_000)))
        }
        if seen.path == "/v1/events" { return .json(202, "{}") }
        if let refusal = script.refusal { return .json(403, Self.json(refusal)) }
        let preimage = FirstTapPreimage(
          nonce: Array(repeating: UInt8(count), count: 32), ceremony: "t-\(count)", account: "sato.hanako",
          workstation: "LGWAN-PC-0042", segment: "lgwan", expiresAt: 1_800_000_030_000,
          serverCertificate: fingerprints.server, workstationCertificate: fingerprints.client, slot: "9a", guid: [])
        guard seen.path == "/v1/registrations/t-\(count)/proof",
          let message = try? JSONDecoder().decode(FirstTapProofMessage.self, from: Data(seen.body.utf8)),
          let certificate = try? Certificate(derEncoded: Array(message.card.certificate)),
          let key = P256.Signing.PublicKey(certificate.publicKey),
          let signature = try? P256.Signing.ECDSASignature(derRepresentation: message.card.signature),
          key.isValidSignature(signature, for: Data(preimage.canonicalBytes)), message.card.slot == "9a",
          message.guid == nil, message.password == Data("kawa-no-nagare".utf8), message.code.count == 13
        else { return .json(400, "{}") }
        script.proofs += 1
        script.isGuarded = message.refusedWithoutPIN
        return .json(200, Self.json(Self.done))
      }
    }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    var clerk = Clerk(person: asked)
    if let typed { clerk.typed = typed }
    let registrar = CardRegistrar(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]),
      cards: MemoryCards(card), asking: clerk, surroundings: clock.surroundings)
    let account = try AccountName(parsing: "Sato.Hanako")
    let outcome: Swift.Result<FirstTapDone, AgentFault>
    do throws(AgentFault) {
      outcome = .success(try await registrar.register(for: account, waitSeconds: 0))
    } catch { outcome = .failure(error) }
    await server.stop()
    return Result(outcome: outcome, script: script.withLock { $0 }, card: card)
  }

  private func fault(_ result: Result) -> AgentFault? { if case .failure(let fault) = result.outcome { fault } else { nil } }

  @Test("the key refuses without its PIN and signs with it, over a challenge that is younger than what was typed")
  func registered() async throws {
    let result = try await run(try MemoryCard())
    #expect(try result.outcome.get() == Self.done)
    #expect(result.script.challenges == 2 && result.script.proofs == 1 && result.script.isGuarded == true)
    #expect(result.card.signatures == 1 && result.card.pinsSent == 1)
    let pin = String(decoding: MemoryCard.pin, as: UTF8.self)
    #expect(result.script.bodies.allSatisfy { !$0.contains(pin) && !$0.contains(Data(MemoryCard.pin).base64EncodedString()) })
  }

  @Test("where it is the desk's business, nobody is asked for anything")
  func off() async throws {
    let body = ErrorBody(.firstTapOff, reference: nil)
    let result = try await run(try MemoryCard()) { $0.off = body }
    #expect(fault(result) == .server(.refused(body)) && result.card.pinsSent == 0)
  }

  @Test(
    "a slip in the code is told here: nothing is sent, and the card does not sign", arguments: ["", "123", "0000000000429"])
  func slip(typed: String) async throws {
    let check = Clerk.check
    let wrong = typed.count == 13 ? "000000000042" + (check == "9" ? "8" : "9") : typed
    let result = try await run(try MemoryCard(), typed: wrong)
    #expect(fault(result) == .codeMistyped)
    #expect(result.script.proofs == 0 && result.card.pinsSent == 0 && result.card.signatures == 0)
  }

  @Test("a server that names another workstation or account gets no signature")
  func disagreement() async throws {
    let elsewhere = try await run(try MemoryCard()) { $0.workstation = "LGWAN-PC-0001" }
    #expect(fault(elsewhere) == .disagreement(.workstation))
    let other = try await run(try MemoryCard()) { $0.account = "suzuki" }
    #expect(fault(other) == .disagreement(.ceremony))
    #expect(elsewhere.card.pinsSent == 0 && other.card.pinsSent == 0 && other.card.signatures == 0)
  }

  @Test("a wrong PIN, a blocked card, one without that key, the last try, and a refusal come through")
  func refused() async throws {
    #expect(fault(try await run(try MemoryCard(), MemoryPerson(pin: "000000"))) == .pinWrong(triesLeft: 2))
    #expect(fault(try await run(try MemoryCard(tries: 0))) == .pinBlocked)
    #expect(fault(try await run(try MemoryCard(tries: 1))) == .lastTryNotConfirmed)
    #expect(try await run(try MemoryCard(tries: 1), MemoryPerson(confirms: true)).outcome.get() == Self.done)
    let weak = try await run(try MemoryCard([.cardAuthentication]))
    #expect(fault(weak) == .card(.missingObject) && weak.card.signatures == 0)
    let body = ErrorBody(.cardThere, reference: try Reference(number: 482_913))
    #expect(fault(try await run(try MemoryCard()) { $0.refusal = body }) == .server(.refused(body)))
  }
}
