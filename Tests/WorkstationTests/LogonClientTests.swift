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

@Suite("a logon from the challenge to the decision, over TLS and with a card in memory")
struct LogonClientTests {
  /// What the scripted server does and what it saw. It verifies the card's signature over the preimage *it* would build.
  final class Desk: Sendable {
    struct Script {
      var scenario = "logon"
      var session: String?
      var combinations = [["card", "pin"], ["card", "password"]]
      var workstation = "LGWAN-PC-0042"
      var needsPassword = false
      var missing = [["password"]]
      var refusal: ErrorBody?
      var opened = 0
      var cardProofs = 0
      var events: [WorkstationEvent] = []
      var sessionKeys: SessionKeys?
      var sessionSignature: Data?
      var slot: String?
      var profile: String?
      var password: String?
      var mustChange = false
      var newPassword: String?
    }
    let script = Mutex(Script())
    let serverCertificate: [UInt8]
    let clientCertificate: [UInt8]

    init(serverCertificate: [UInt8], clientCertificate: [UInt8]) {
      self.serverCertificate = serverCertificate
      self.clientCertificate = clientCertificate
    }

    func reply(_ seen: TestServer.Seen) -> TestServer.Reply {
      do {
        if seen.path == "/v1/ceremonies" {
          guard seen.body.isEmpty else { return .json(400, "{}") }
          return .json(201, try json(open()))
        }
        if seen.path == "/v1/events" {
          let event = try JSONDecoder().decode(WorkstationEvent.self, from: Data(seen.body.utf8))
          script.withLock { $0.events.append(event) }
          return .json(202, "{}")
        }
        return try prove(seen)
      } catch { return .json(500, "{}") }
    }

    private func open() -> CeremonyOpened {
      script.withLock { script in
        script.opened += 1
        return CeremonyOpened(
          ceremony: "c-\(script.opened)", nonce: Data(repeating: UInt8(script.opened), count: 32), scenario: script.scenario,
          segment: "lgwan", workstation: script.workstation, expiresAt: 1_800_000_030_000,
          combinations: script.combinations, session: script.session)
      }
    }

    private func prove(_ seen: TestServer.Seen) throws -> TestServer.Reply {
      let message = try JSONDecoder().decode(ProofsMessage.self, from: Data(seen.body.utf8))
      let script = script.withLock { $0 }
      guard seen.path == "/v1/ceremonies/c-\(script.opened)/proofs", let keys = message.sessionKeys else {
        return .json(400, "{}")
      }
      if let refusal = script.refusal { return .json(403, try json(refusal)) }
      if let card = message.card {
        let preimage = CardPreimage(
          nonce: Array(repeating: UInt8(script.opened), count: 32), ceremony: "c-\(script.opened)",
          workstation: "LGWAN-PC-0042", scenario: script.scenario, segment: "lgwan", expiresAt: 1_800_000_030_000,
          serverCertificate: serverCertificate, workstationCertificate: clientCertificate, slot: card.slot,
          sealingSuite: keys.suite, sessionKeys: Array(SHA256.hash(data: keys.canonicalBytes)))
        let certificate = try Certificate(derEncoded: Array(card.certificate))
        let signature = try P256.Signing.ECDSASignature(derRepresentation: card.signature)
        guard let key = P256.Signing.PublicKey(certificate.publicKey), card.algorithm == "ecdsa-p256-sha256",
          key.isValidSignature(signature, for: Data(preimage.canonicalBytes))
        else { return .json(403, try json(ErrorBody(.proofSignatureWrong, reference: nil))) }
        self.script.withLock {
          $0.cardProofs += 1
          $0.sessionKeys = keys
          $0.sessionSignature = message.sessionSignature
          $0.slot = card.slot
          $0.profile = card.profile
        }
      }
      if script.needsPassword, message.password == nil {
        return .json(
          200, try json(CeremonyAnswer(outcome: "stillNeeded", combinations: script.missing, session: nil)))
      }
      if script.mustChange, message.newPassword == nil {
        return .json(403, try json(ErrorBody(.passwordMustChange, reference: nil)))
      }
      self.script.withLock {
        $0.password = message.password.map { String(decoding: $0, as: UTF8.self) }
        $0.newPassword = message.newPassword.map { String(decoding: $0, as: UTF8.self) }
      }
      let session = SessionOpened(
        session: script.session ?? "s-1", person: "p-1", displayName: "佐藤 花子", segment: "lgwan", scenario: script.scenario,
        assurance: "AAL2", leaseSeconds: 900, onCardRemoval: "nothing", endsAt: 1_800_000_900_000, rule: "lgwan.yaml:14",
        policyVersion: String(repeating: "0", count: 64))
      return .json(200, try json(CeremonyAnswer(outcome: "granted", combinations: nil, session: session)))
    }

    private func json(_ value: some Encodable) throws -> String {
      String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
  }

  private let clock = TestClock()

  private struct Result {
    let outcome: Swift.Result<SessionOpened, AgentFault>
    let granted: GrantedLogon?
    let script: Desk.Script
    let holder: MemoryHolder
  }

  private func run(
    _ wish: LogonWish = LogonWish(purpose: .logon, waitSeconds: 0), card: MemoryCard?,
    person: MemoryPerson = MemoryPerson(), holds: String? = nil, through port: (any CardPort)? = nil,
    _ adjust: (inout Desk.Script) -> Void = { _ in }
  ) async throws -> Result {
    let authority = try TestAuthority()
    let serverCertificate = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    let desk = Desk(serverCertificate: serverCertificate.fingerprint, clientCertificate: client.fingerprint)
    desk.script.withLock { adjust(&$0) }
    let tls = try TestServer.tls(serverCertificate, clientRoots: [authority.certificate])
    let server = try await TestServer(tls: tls) { _, seen in desk.reply(seen) }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    let holder = MemoryHolder(clock.surroundings, holds: holds)
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]),
      cards: port ?? MemoryCards(card), asking: person, holder: holder, surroundings: clock.surroundings)
    let outcome: Swift.Result<GrantedLogon, AgentFault>
    do throws(AgentFault) { outcome = .success(try await logon.enter(wish)) } catch { outcome = .failure(error) }
    await server.stop()
    return Result(
      outcome: outcome.map(\.session), granted: try? outcome.get(), script: desk.script.withLock { $0 }, holder: holder)
  }

  /// The wall clock of this machine, for what is counted in real seconds.
  private static let real = Surroundings(
    now: {
      let milliseconds = Int64(ProcessInfo.processInfo.systemUptime * 1000)
      return Moment(wallMilliseconds: milliseconds, boot: "boot", monotonicMilliseconds: milliseconds)
    },
    random: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } })

  /// A logon that begins before its server listens.
  private func early(
    waiting seconds: Int64, serverAfter delay: Duration?, firstAnswer: TestServer.Reply? = nil
  ) async throws -> (Swift.Result<SessionOpened, AgentFault>, told: [AgentMessage]) {
    let authority = try TestAuthority()
    let serverCertificate = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    let desk = Desk(serverCertificate: serverCertificate.fingerprint, clientCertificate: client.fingerprint)
    let tls = try TestServer.tls(serverCertificate, clientRoots: [authority.certificate])
    let place = try await TestServer(tls: tls) { _, _ in .silence }
    let port = place.port
    await place.stop()
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(port)"), trust: .roots([authority.certificate]), identity: client.identity
    )
    let person = MemoryPerson()
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]),
      cards: MemoryCards(try MemoryCard()), asking: person, holder: MemoryHolder(Self.real, holds: nil),
      surroundings: Self.real)
    let starting = Task { () -> TestServer? in
      guard let delay else { return nil }
      try await Task.sleep(for: delay)
      return try await TestServer(tls: tls, port: port) { number, seen in
        if number == 1, let firstAnswer { return firstAnswer }
        return desk.reply(seen)
      }
    }
    let outcome: Swift.Result<SessionOpened, AgentFault>
    do throws(AgentFault) {
      outcome = .success(try await logon.run(LogonWish(purpose: .logon, waitSeconds: 0, serverWaitSeconds: seconds)))
    } catch { outcome = .failure(error) }
    await (try await starting.value)?.stop()
    return (outcome, person.said.withLock { $0 })
  }

  @Test("a password that has to be changed is changed on the way: PIN and password are asked for once, the new one then")
  func mustChange() async throws {
    let asked = Mutex(0)
    let person = MemoryPerson { asked.withLock { $0 += 1 } }
    let result = try await run(card: MemoryCard(), person: person) {
      $0.needsPassword = true
      $0.mustChange = true
    }
    #expect(try result.outcome.get().session == "s-1")
    #expect(result.script.password == "kawa-no-nagare" && result.script.newPassword == "kaze-no-oto")
    #expect(result.script.opened == 2 && result.script.cardProofs == 2)
    #expect(asked.withLock { $0 } == 1)
    #expect(person.said.withLock { $0.contains(.passwordMustChange) })
  }

  @Test("nothing is asked for anew when the refusal is another one, or no password was shown")
  func otherRefusal() async throws {
    for code in [DenialCode.passwordWrong, .passwordMustChange] {
      let person = MemoryPerson()
      let result = try await run(card: MemoryCard(), person: person) { $0.refusal = ErrorBody(code, reference: nil) }
      guard case .failure(.server(.refused(let body))) = result.outcome else {
        Issue.record("\(result.outcome)")
        continue
      }
      #expect(body.code == code.rawValue && result.script.opened == 1)
      #expect(!person.said.withLock { $0.contains(.passwordMustChange) })
    }
  }

  @Test("a server that is there later is waited for, and the logon goes on as soon as it answers")
  func serverComesLater() async throws {
    let (outcome, told) = try await early(waiting: 30, serverAfter: .seconds(1))
    #expect(try outcome.get().session == "s-1")
    #expect(told.filter { $0 == .waitingForServer }.count == 1, "said once")
  }

  @Test("a server that is full is asked again; one that refuses is not")
  func serverIsFull() async throws {
    let full = try String(decoding: JSONEncoder().encode(ErrorBody(.unavailable)), as: UTF8.self)
    #expect(try await early(waiting: 30, serverAfter: .zero, firstAnswer: .json(503, full)).0.get().session == "s-1")
    let no = ErrorBody(.workstationRevoked, reference: nil)
    let refused = try String(decoding: JSONEncoder().encode(no), as: UTF8.self)
    let (outcome, _) = try await early(waiting: 30, serverAfter: .zero, firstAnswer: .json(403, refused))
    #expect(throws: AgentFault.server(.refused(no))) { try outcome.get() }
  }

  @Test("without waiting, and after the wait, the answer is that nobody is there", arguments: [0, 1])
  func serverStaysAway(seconds: Int64) async throws {
    let (outcome, told) = try await early(waiting: seconds, serverAfter: nil)
    #expect(throws: AgentFault.server(.unreachable)) { try outcome.get() }
    #expect(told.contains(.waitingForServer) == (seconds > 0))
  }

  private func fault(_ result: Result) -> AgentFault? {
    if case .failure(let fault) = result.outcome { fault } else { nil }
  }

  @Test("card and PIN: granted, keys handed to the holder, the PIN nowhere on the wire")
  func cardAndPIN() async throws {
    let card = try MemoryCard()
    let result = try await run(card: card)
    #expect(try result.outcome.get().displayName == "佐藤 花子")
    #expect(result.script.slot == "9a")
    #expect(result.script.cardProofs == 1)
    #expect(await result.holder.adopted?.session == "s-1")
  }

  @Test("card and password: the key without PIN signs, the password follows the accepted card")
  func cardAndPassword() async throws {
    let card = try MemoryCard()
    let result = try await run(
      LogonWish(purpose: .logon, factors: .cardAndPassword, slot: .cardAuthentication, waitSeconds: 0), card: card
    ) { $0.needsPassword = true }
    #expect(try result.outcome.get().session == "s-1")
    #expect(result.script.slot == "9e")
    #expect(result.script.password == "kawa-no-nagare")
    #expect(card.pinsSent == 0)
  }

  @Test("for Windows a logon leaves the password that was found right, and the certificate whose key signed; printed, neither")
  func leftForWindows() async throws {
    let card = try MemoryCard()
    let typed = try #require(
      try await run(LogonWish(purpose: .logon, factors: .cardAndPassword, waitSeconds: 0), card: card) {
        $0.needsPassword = true
      }
      .granted)
    #expect(typed.typed.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } } == "kawa-no-nagare")
    let shown = try #require(typed.card)
    #expect(shown.slot == "9a" && !shown.certificate.isEmpty && !shown.reader.isEmpty)
    #expect(!"\(typed)".contains("kawa") && Mirror(reflecting: typed).children.isEmpty)
    let changed = try await run(card: MemoryCard()) {
      $0.needsPassword = true
      $0.mustChange = true
    }
    #expect(changed.granted?.typed.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } } == "kaze-no-oto")
    let withPIN = try await run(card: MemoryCard())
    #expect(withPIN.granted != nil && withPIN.granted?.typed == nil)
  }

  @Test("a certificate card: its own profile and slot stand in what it signs, and its PIN is asked whatever is offered")
  func certificateCard() async throws {
    let card = try MemoryCard()
    let wish = LogonWish(purpose: .logon, factors: .cardAndPassword, waitSeconds: 0)
    let result = try await run(wish, card: nil, through: LibraryCards(card)) { $0.needsPassword = true }
    #expect(try result.outcome.get().session == "s-1")
    #expect(result.script.profile == "certificate" && result.script.slot == "cert" && result.script.cardProofs == 1)
    #expect(result.granted?.card?.slot == "cert" && card.pinsSent == 1)
    let piv = try await run(card: MemoryCard())
    #expect(piv.script.profile == "piv" && piv.script.slot == "9a")
    // A wrong PIN of a card that tells no number: the event has none either.
    let wrong = try await run(card: nil, person: MemoryPerson(pin: "000000"), through: LibraryCards(card))
    #expect(fault(wrong) == .pinWrong(triesLeft: PINStanding.untoldTries) && wrong.script.cardProofs == 0)
    #expect(wrong.script.events.map(\.kind) == ["wrongPIN"] && wrong.script.events.first?.triesLeft == nil)
    // It has one key.
    let other = try await run(
      LogonWish(purpose: .logon, slot: .cardAuthentication, waitSeconds: 0), card: nil, through: LibraryCards(card))
    #expect(fault(other) == .noUsableCombination(offered: [["card", "pin"], ["card", "password"]]))
  }

  @Test("a wrong PIN: the card's count is told, reported as an event, and no proof is sent")
  func wrongPIN() async throws {
    let card = try MemoryCard()
    let result = try await run(card: card, person: MemoryPerson(pin: "000000"))
    #expect(fault(result) == .pinWrong(triesLeft: 2))
    #expect(result.script.events.map(\.kind) == ["wrongPIN"])
    #expect(result.script.events.first?.triesLeft == 2)
    #expect(result.script.cardProofs == 0)
    #expect(card.pinsSent == 1)
  }

  @Test("the last try is used only when confirmed, and a wrong one then blocks", arguments: [false, true])
  func lastTry(confirmed: Bool) async throws {
    let card = try MemoryCard(tries: 1)
    let result = try await run(card: card, person: MemoryPerson(pin: "000000", confirms: confirmed))
    #expect(fault(result) == (confirmed ? .pinBlocked : .lastTryNotConfirmed))
    #expect(card.pinsSent == (confirmed ? 1 : 0))
    #expect(result.script.events.map(\.kind) == (confirmed ? ["pinBlocked"] : []))
  }

  @Test("a counter that fell while the PIN was typed is noticed before it is used")
  func counterFell() async throws {
    let card = try MemoryCard()
    let person = MemoryPerson(onPIN: { card.memory.withLock { $0.tries = 1 } })
    #expect(fault(try await run(card: card, person: person)) == .lastTryNotConfirmed)
    #expect(card.pinsSent == 0)
  }

  @Test("a blocked card asks for nothing")
  func blocked() async throws {
    let card = try MemoryCard(tries: 0)
    #expect(fault(try await run(card: card)) == .pinBlocked)
    #expect(card.pinsSent == 0)
  }

  @Test("a PIN no card would take costs no try", arguments: ["123", "123456789", "12a456", "１２３４５６"])
  func unusable(pin: String) async throws {
    let card = try MemoryCard()
    #expect(fault(try await run(card: card, person: MemoryPerson(pin: pin))) == .card(.unusablePIN))
    #expect(card.pinsSent == 0)
  }

  @Test("a server that names another workstation gets no signature and no PIN is asked")
  func disagreement() async throws {
    let card = try MemoryCard()
    let result = try await run(card: card) { $0.workstation = "LGWAN-PC-0001" }
    #expect(fault(result) == .disagreement(.workstation))
    #expect(card.signatures == 0)
    #expect(card.pinsSent == 0)
  }

  @Test("a challenge that waited for a slow person is replaced before the card signs")
  func slowPerson() async throws {
    let card = try MemoryCard()
    let clock = clock
    let result = try await run(card: card, person: MemoryPerson(onPIN: { clock.advance(milliseconds: 40_000) }))
    #expect(try result.outcome.get().session == "s-1")
    #expect(result.script.opened == 2)
    #expect(card.signatures == 1)
  }

  @Test("a card exchanged while the PIN was typed does not get the PIN")
  func exchanged() async throws {
    let first = try MemoryCard()
    let second = try MemoryCard()
    // The person's card is viewed; then the other lies there.
    let cards = MemoryCards(first)
    let view = try await cards.view()
    cards.card.withLock { $0 = second }
    let outcome = try await cards.run(
      CardErrand(
        reader: view.reader, slot: .authentication, certificate: try #require(view.certificates[.authentication]),
        digest: Array(repeating: 1, count: 32), pin: Secret(copying: MemoryCard.pin), leastTries: 2))
    #expect(outcome == .otherCard)
    #expect(second.pinsSent == 0)
  }

  @Test("a refusal comes through with its code and reference")
  func refused() async throws {
    let body = ErrorBody(.segmentNotAllowed, reference: try Reference(number: 482_913))
    let result = try await run(card: try MemoryCard()) { $0.refusal = body }
    #expect(fault(result) == .server(.refused(body)))
    #expect(fault(result).map(AgentExit.init) == .refused)
  }

  @Test("more than a password missing: said so, exit 11")
  func moreNeeded() async throws {
    let result = try await run(card: try MemoryCard()) {
      $0.needsPassword = true
      $0.missing = [["palm"], ["code"]]
    }
    #expect(fault(result) == .moreNeeded([["palm"], ["code"]]))
  }

  @Test("no card, no way offered that can be gone")
  func nothingUsable() async throws {
    #expect(fault(try await run(card: nil)) == .card(.noCard))
    let result = try await run(card: try MemoryCard()) { $0.combinations = [["card", "palm"], ["palm"], ["password"]] }
    #expect(fault(result) == .noUsableCombination(offered: [["card", "palm"], ["palm"], ["password"]]))
  }

  @Test("faults of the card while it signs", arguments: [CardFailure.cardRemoved, .cardReset, .timedOut, .serviceLost])
  func signingFault(failure: CardFailure) async throws {
    let card = try MemoryCard()
    card.plant(failure, at: 0x87)
    let result = try await run(card: card)
    #expect(fault(result) == .card(failure))
    #expect(result.script.cardProofs == 0)
  }

  @Test("unlock: the session key signs this very ceremony")
  func unlock() async throws {
    let result = try await run(LogonWish(purpose: .unlock, waitSeconds: 0), card: try MemoryCard(), holds: "s-7") {
      $0.scenario = "unlock"
      $0.session = "s-7"
    }
    #expect(try result.outcome.get().session == "s-7")
    let keys = try #require(result.script.sessionKeys)
    let key = try Curve25519.Signing.PublicKey(rawRepresentation: keys.signing)
    let preimage = SessionPreimage(session: "s-7", ceremony: "c-1", nonce: Array(repeating: 1, count: 32))
    #expect(key.isValidSignature(try #require(result.script.sessionSignature), for: Data(preimage.canonicalBytes)))
  }

  @Test("unlock without the key, or without a locked session, stops before the card is used")
  func noUnlock() async throws {
    let card = try MemoryCard()
    let gone = try await run(LogonWish(purpose: .unlock, waitSeconds: 0), card: card, holds: nil) {
      $0.scenario = "unlock"
      $0.session = "s-7"
    }
    #expect(fault(gone) == .sessionKeyGone)
    #expect(fault(try await run(LogonWish(purpose: .unlock, waitSeconds: 0), card: card)) == .nothingToUnlock)
    #expect(card.signatures == 0)
  }

  @Test("a logon where a session is locked becomes an unlock, and says so")
  func logonIsUnlock() async throws {
    let person = MemoryPerson()
    let result = try await run(card: try MemoryCard(), person: person, holds: "s-7") {
      $0.scenario = "unlock"
      $0.session = "s-7"
    }
    #expect(try result.outcome.get().scenario == "unlock")
    #expect(person.said.withLock { $0 } == [.logonIsUnlock])
  }
}
