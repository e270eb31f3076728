import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import SmartCard
import Synchronization
import Testing
import Workstation
import X509

@Suite("a palm at a logon and at an unlock")
struct PalmLogonTests {
  /// A server that answers palms as a test says, and verifies what signs them.
  final class Desk: Sendable {
    struct Script {
      var session: String?
      var combinations = [["card", "palm"], ["card", "password"]]
      /// What is missing after the card, and after palms that did not count.
      var missing = [["card", "palm"], ["card", "password"]]
      var isCardShown = false
      /// One for each palm; after the last every palm is granted.
      var palms: [PalmTry] = []
      var afterPalm: [[String]]?
      var opened = 0
      /// What came, in its order.
      var shown: [String] = []
      var pictures: [Data] = []
    }
    let script = Mutex(Script())

    func reply(_ seen: TestServer.Seen) -> TestServer.Reply {
      do {
        return try script.withLock { script in
          if seen.path == "/v1/ceremonies" { return .json(201, try Self.json(Self.open(&script))) }
          guard seen.path == "/v1/ceremonies/c-\(script.opened)/proofs" else { return .json(404, "{}") }
          let message = try JSONDecoder().decode(ProofsMessage.self, from: Data(seen.body.utf8))
          return .json(200, try Self.json(Self.prove(message, &script)))
        }
      } catch { return .json(500, "{}") }
    }

    private static func open(_ script: inout Script) -> CeremonyOpened {
      script.opened += 1
      script.isCardShown = false
      return CeremonyOpened(
        ceremony: "c-\(script.opened)", nonce: Data(repeating: UInt8(script.opened), count: 32),
        scenario: script.session == nil ? "logon" : "unlock", segment: "lgwan", workstation: "LGWAN-PC-0042",
        expiresAt: 1_800_000_030_000, combinations: script.combinations, session: script.session)
    }

    private static func prove(_ message: ProofsMessage, _ script: inout Script) throws -> CeremonyAnswer {
      let nonce = [UInt8](repeating: UInt8(script.opened), count: 32)
      guard let keys = message.sessionKeys else { throw TestFault.noKeys }
      let key = try Curve25519.Signing.PublicKey(rawRepresentation: keys.signing)
      if let signature = message.sessionSignature, let session = script.session {
        let preimage = SessionPreimage(session: session, ceremony: "c-\(script.opened)", nonce: nonce)
        script.shown.append(key.isValidSignature(signature, for: Data(preimage.canonicalBytes)) ? "session" : "bad session")
      }
      if message.card != nil {
        script.shown.append("card")
        script.isCardShown = true
      }
      if message.password != nil {
        script.shown.append("password")
        return granted(script)
      }
      guard let palm = message.palm else { return stillNeeded(script) }
      let picture = palm.sample.picture ?? Data()
      let preimage = PalmPreimage(
        nonce: nonce, ceremony: "c-\(script.opened)", sensor: "counter-3", hand: "left",
        sample: Array(SHA256.hash(data: picture)))
      script.shown.append(key.isValidSignature(palm.signature, for: Data(preimage.canonicalBytes)) ? "palm" : "bad palm")
      script.pictures.append(picture)
      if script.palms.isEmpty { return script.afterPalm == nil ? granted(script) : stillNeeded(script) }
      let answer = script.palms.removeFirst()
      return stillNeeded(script, answer)
    }

    private static func stillNeeded(_ script: Script, _ palm: PalmTry? = nil) -> CeremonyAnswer {
      let isAccepted = palm == nil && script.shown.last == "palm"
      let missing = isAccepted ? script.afterPalm ?? [] : script.missing
      return CeremonyAnswer(
        outcome: "stillNeeded", combinations: missing.map { $0.filter { $0 != "card" || !script.isCardShown } }, session: nil,
        palm: palm)
    }

    private static func granted(_ script: Script) -> CeremonyAnswer {
      let session = SessionOpened(
        session: script.session ?? "s-1", person: "p-1", displayName: "佐藤 花子", segment: "lgwan",
        scenario: script.session == nil ? "logon" : "unlock", assurance: "AAL2", leaseSeconds: 900, onCardRemoval: "nothing",
        endsAt: 1_800_000_900_000, rule: "mynumber.yaml:9", policyVersion: String(repeating: "0", count: 64))
      return CeremonyAnswer(outcome: "granted", combinations: nil, session: session)
    }

    private static func json(_ value: some Encodable) throws -> String {
      String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    private enum TestFault: Error { case noKeys }
  }

  /// Pictures from memory: the first ends in 0, the next in 1, and so on.
  final class MemorySensor: PalmSensor {
    let name: SensorID
    let advices = Mutex<[CaptureAdvice?]>([])
    let fault: SensorFault?
    let onCapture: @Sendable () -> Void

    init(fault: SensorFault? = nil, onCapture: @escaping @Sendable () -> Void = {}) throws {
      name = try SensorID(parsing: "counter-3")
      self.fault = fault
      self.onCapture = onCapture
    }

    func capture(after advice: CaptureAdvice?) async throws(AgentFault) -> PalmSampleMessage {
      onCapture()
      let number = advices.withLock { list in
        list.append(advice)
        return list.count - 1
      }
      if let fault { throw .sensor(fault) }
      return PalmSampleMessage(hand: "left", sensor: name.text, picture: Data("P5 \(number)".utf8))
    }
  }

  private struct Result {
    let outcome: Swift.Result<SessionOpened, AgentFault>
    let script: Desk.Script
    let holder: MemoryHolder
    var fault: AgentFault? { if case .failure(let fault) = outcome { fault } else { nil } }
    var session: String? { try? outcome.get().session }
  }

  private let clock = TestClock()
  private static let wet = PalmTry(outcome: "retake", advice: CaptureAdvice.wet.rawValue, triesLeft: 2)
  private static func noMatch(_ left: Int) -> PalmTry { PalmTry(outcome: "noMatch", triesLeft: left) }
  private static let unavailable = PalmTry(outcome: "unavailable", triesLeft: 0)

  private func run(
    _ wish: LogonWish = LogonWish(purpose: .logon, waitSeconds: 0), card: MemoryCard?,
    person: MemoryPerson = MemoryPerson(), sensor: @autoclosure () throws -> (any PalmSensor)? = try MemorySensor(),
    holds: String? = nil,
    _ adjust: (inout Desk.Script) -> Void = { _ in }
  ) async throws -> Result {
    let authority = try TestAuthority()
    let issued = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    let desk = Desk()
    desk.script.withLock { adjust(&$0) }
    let tls = try TestServer.tls(issued, clientRoots: [authority.certificate])
    let server = try await TestServer(tls: tls) { _, seen in desk.reply(seen) }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    let holder = MemoryHolder(clock.surroundings, holds: holds)
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]),
      cards: MemoryCards(card), asking: person, holder: holder, sensor: try sensor(), surroundings: clock.surroundings)
    let outcome: Swift.Result<SessionOpened, AgentFault>
    do throws(AgentFault) { outcome = .success(try await logon.run(wish)) } catch { outcome = .failure(error) }
    await server.stop()
    return Result(outcome: outcome, script: desk.script.withLock { $0 }, holder: holder)
  }

  private func said(_ person: MemoryPerson) -> [AgentMessage] { person.said.withLock { $0 } }

  @Test("card + palm: granted; the palm follows the accepted card, signed for this very ceremony, and no password is asked")
  func granted() async throws {
    let card = try MemoryCard()
    let person = MemoryPerson()
    let result = try await run(card: card, person: person)
    #expect(result.session == "s-1")
    #expect(result.script.shown == ["card", "palm"])
    #expect(card.pinsSent == 1, "the key 9A asks for its PIN as ever")
    #expect(said(person) == [.showPalm])
    #expect(await result.holder.adopted?.session == "s-1")
    #expect(await result.holder.reader == "Memory 00")
  }

  @Test("a card with a key that needs no PIN: card + palm without typing")
  func contactless() async throws {
    let card = try MemoryCard([.cardAuthentication])
    let result = try await run(card: card)
    #expect(result.session == "s-1" && card.pinsSent == 0)
  }

  @Test("a sample that gave nothing: its advice is said, the device gets it, and another sample is shown")
  func retake() async throws {
    let (person, sensor) = (MemoryPerson(), try MemorySensor())
    let result = try await run(card: try MemoryCard(), person: person, sensor: sensor) { $0.palms = [Self.wet] }
    #expect(result.session == "s-1")
    #expect(result.script.shown == ["card", "palm", "palm"])
    #expect(result.script.pictures == [Data("P5 0".utf8), Data("P5 1".utf8)], "no sample is shown twice")
    #expect(said(person) == [.showPalm, .palmAdvice(.wet), .showPalm])
    #expect(sensor.advices.withLock { $0 } == [nil, .wet])
  }

  @Test("an advice of a later version is said as: once more")
  func laterAdvice() async throws {
    let person = MemoryPerson()
    _ = try await run(card: try MemoryCard(), person: person) {
      $0.palms = [PalmTry(outcome: "retake", advice: 99, triesLeft: 2)]
    }
    #expect(said(person).contains(.palmAdvice(.again)))
  }

  @Test("two palms that did not count: the password is offered at once, in the same ceremony, after the same card proof")
  func password() async throws {
    let (card, person) = (try MemoryCard(), MemoryPerson())
    let result = try await run(card: card, person: person) { $0.palms = [Self.noMatch(2), Self.noMatch(1)] }
    #expect(result.session == "s-1")
    #expect(result.script.shown == ["card", "palm", "palm", "password"])
    #expect(card.signatures == 1 && result.script.opened == 1)
    #expect(person.asked.withLock { $0 } == [.twoDidNotCount])
    #expect(said(person) == [.showPalm, .palmNotRecognised, .showPalm, .palmNotRecognised, .switchingToPassword])
  }

  @Test("who does not want the password shows a third palm; after it nothing is left but the password")
  func third() async throws {
    let person = MemoryPerson(leavesPalm: false)
    let granted = try await run(card: try MemoryCard(), person: person) { $0.palms = [Self.noMatch(2), Self.noMatch(1)] }
    #expect(granted.session == "s-1" && granted.script.shown == ["card", "palm", "palm", "palm"])
    let refused = try await run(card: try MemoryCard(), person: person) {
      $0.palms = [Self.noMatch(2), Self.noMatch(1), Self.noMatch(0)]
    }
    #expect(refused.fault == .palmTriesUsed)
    #expect(person.asked.withLock { $0 } == [.twoDidNotCount, .twoDidNotCount, .nothingElse])
  }

  @Test("tries used up and nothing else offered: said so")
  func used() async throws {
    let person = MemoryPerson()
    let result = try await run(card: try MemoryCard(), person: person) {
      $0.missing = [["palm"]]
      $0.palms = [Self.noMatch(2), Self.wet, Self.noMatch(0)]
    }
    #expect(result.fault == .palmTriesUsed && result.fault.map(AgentExit.init) == .refused)
    #expect(result.script.pictures.count == 3)
    #expect(person.asked.withLock { $0 }.isEmpty, "there is nothing to choose")
  }

  @Test("a server that never has enough gets three samples")
  func greedy() async throws {
    let result = try await run(card: try MemoryCard()) {
      $0.missing = [["palm"]]
      $0.palms = Array(repeating: Self.noMatch(3), count: 9)
    }
    #expect(result.fault == .palmTriesUsed && result.script.pictures.count == PalmTry.most)
    let accepted = try await run(card: try MemoryCard()) { $0.afterPalm = [["palm"]] }
    #expect(accepted.fault == .server(.malformedAnswer(expected: "what became of a palm")))
  }

  @Test("palms not looked at now: the password at once, or the fault where there is none")
  func unavailable() async throws {
    let person = MemoryPerson()
    let result = try await run(card: try MemoryCard(), person: person) { $0.palms = [Self.unavailable] }
    #expect(result.session == "s-1" && result.script.shown == ["card", "palm", "password"])
    #expect(said(person) == [.showPalm, .palmUnavailable, .switchingToPassword])
    let alone = try await run(card: try MemoryCard()) {
      $0.palms = [Self.unavailable]
      $0.missing = [["palm"], ["code"]]
    }
    #expect(alone.fault == .palmUnavailable && alone.fault.map(AgentExit.init) == .moreNeeded)
  }

  @Test("a password that took its time goes into another ceremony; card and PIN are not asked for again")
  func slowPassword() async throws {
    let (card, clock) = (try MemoryCard(), clock)
    let sensor = try MemorySensor { clock.advance(milliseconds: 9_000) }
    let result = try await run(card: card, sensor: sensor) { $0.palms = [Self.noMatch(2), Self.noMatch(1)] }
    #expect(result.session == "s-1" && result.script.opened == 1, "18 s")
    let slow = try MemorySensor { clock.advance(milliseconds: 26_000) }
    let late = try await run(card: card, sensor: slow) { $0.palms = [Self.wet, Self.noMatch(1)] }
    #expect(late.session == "s-1" && late.script.opened == 3, "the first was old before the card signed")
    #expect(late.script.shown == ["card", "palm", "palm", "card", "password"])
  }

  @Test("unlock by the palm alone: no card is looked at, the session's key signs beside it, the logon's reader stays")
  func unlock() async throws {
    let result = try await run(LogonWish(purpose: .unlock, waitSeconds: 0), card: nil, holds: "s-7") {
      $0.session = "s-7"
      $0.combinations = [["palm"], ["card", "password"]]
      $0.missing = [["palm"], ["card", "password"]]
      $0.palms = [Self.noMatch(2)]
    }
    #expect(result.session == "s-7")
    #expect(result.script.shown == ["session", "palm", "session", "palm"])
    #expect(await result.holder.adopted?.session == "s-7")
    #expect(await result.holder.reader == nil)
  }

  @Test("an unlock by palm that does not come about goes on with card and password, in another ceremony")
  func unlockWithCard() async throws {
    let (card, person) = (try MemoryCard(), MemoryPerson())
    let result = try await run(
      LogonWish(purpose: .unlock, factors: .palm, waitSeconds: 0), card: card, person: person, holds: "s-7"
    ) {
      $0.session = "s-7"
      $0.combinations = [["card", "password"], ["palm"]]
      $0.missing = [["card", "password"], ["palm"]]
      $0.palms = [Self.noMatch(2), Self.noMatch(1)]
    }
    #expect(result.session == "s-7" && result.script.opened == 2 && card.signatures == 1)
    #expect(result.script.shown == ["session", "palm", "session", "palm", "session", "card", "password"])
    #expect(said(person).last == .switchingToPassword)
  }

  @Test("the palm alone is no logon, without a session's key no unlock, and no other machine's session is unlocked")
  func notAlone() async throws {
    let logon = try await run(LogonWish(purpose: .logon, factors: .palm, waitSeconds: 0), card: try MemoryCard()) {
      $0.combinations = [["palm"], ["card", "palm"]]
    }
    #expect(logon.fault == .noUsableCombination(offered: [["palm"], ["card", "palm"]]))
    let gone = try await run(LogonWish(purpose: .unlock, waitSeconds: 0), card: nil, holds: nil) {
      $0.session = "s-7"
      $0.combinations = [["palm"]]
    }
    #expect(gone.fault == .sessionKeyGone)
    #expect(logon.script.pictures.isEmpty && gone.script.pictures.isEmpty)
  }

  @Test("without a sensor the ways with a palm are passed over")
  func noSensor() async throws {
    let result = try await run(card: try MemoryCard(), sensor: nil)
    #expect(result.session == "s-1" && result.script.shown == ["card", "password"])
  }

  @Test("a sensor that fails: the password, or the fault for who does not want it", arguments: [true, false])
  func sensorFails(leaves: Bool) async throws {
    let (card, person) = (try MemoryCard(), MemoryPerson(leavesPalm: leaves))
    let result = try await run(card: card, person: person, sensor: try MemorySensor(fault: .deadline))
    #expect(result.session == (leaves ? "s-1" : nil) && result.fault == (leaves ? nil : .sensor(.deadline)))
    #expect(result.script.shown == (leaves ? ["card", "password"] : []))
    #expect(said(person).contains(.sensorFailed))
  }

  @Test("a palm that the server accepts and that is not enough: the password, then")
  func palmAndPassword() async throws {
    let result = try await run(card: try MemoryCard()) {
      $0.combinations = [["card", "palm", "password"]]
      $0.missing = [["palm", "password"]]
      $0.afterPalm = [["password"]]
    }
    #expect(result.session == "s-1" && result.script.shown == ["card", "palm", "password"])
  }

  @Test("an outcome that is none")
  func malformed() async throws {
    let result = try await run(card: try MemoryCard()) { $0.palms = [PalmTry(outcome: "perhaps", triesLeft: 2)] }
    #expect(result.fault == .server(.malformedAnswer(expected: "what became of a palm")))
  }
}
