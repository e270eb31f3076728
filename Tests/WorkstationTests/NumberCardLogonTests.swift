import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SmartCard
import Synchronization
import Testing
import Workstation
import X509

/// A card behind its reader that tells a number, and its chip where it is a FeliCa.
final class TellingCard: CardPort {
  struct Channel: CardChannel {
    let card: TellingCard
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
      card.sent.withLock { $0.append(command) }
      switch command {
      case [0xFF, 0xCA, 0x00, 0x00, 0x00]: return card.number.isEmpty ? [0x6A, 0x81] : card.number + [0x90, 0x00]
      case [0xFF, 0xCA, 0x01, 0x00, 0x00]: return card.chip.map { $0 + [0x90, 0x00] } ?? [0x6A, 0x81]
      default: return [0x6D, 0x00]
      }
    }
  }

  let number: [UInt8]
  let chip: [UInt8]?
  let sent = Mutex<[[UInt8]]>([])
  let talks = Mutex(0)

  init(_ number: [UInt8], chip: [UInt8]? = nil) {
    self.number = number
    self.chip = chip
  }

  func view() async throws(CardFailure) -> CardView { throw .unsupportedCard }
  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome { throw .unsupportedCard }
  func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView {
    var channel = Channel(card: self)
    return try SharedCardTalk.view(&channel, reader: "Memory 00", kinds: kinds)
  }
  func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure) {
    talks.withLock { $0 += 1 }
    throw .malformedCommand
  }
  func numberCard() async throws(CardFailure) -> NumberCardView {
    var channel = Channel(card: self)
    return try NumberCardTalk.view(&channel, reader: "Memory 00")
  }
}

@Suite("a logon with a card that tells a number alone, over TLS")
struct NumberCardLogonTests {
  private static let idm: [UInt8] = [0x01, 0x12, 0x0D, 0x8A, 0xA1, 0xB2, 0xC3, 0xD4]
  private static let aes: [UInt8] = [0x01, 0x46, 0x43, 0x00, 0x82, 0x00, 0x01, 0x05]
  private static let liteS: [UInt8] = [0x00, 0xF1, 0x00, 0x00, 0x00, 0x01, 0x43, 0x00]
  private static let uid: [UInt8] = [0x04, 0xA1, 0xB2, 0xC3]

  /// What the scripted server says.
  private struct Desk: Sendable {
    var combinations = [["card", "pin"], ["card", "password"]]
    var scripts: [Data]?
    var takesNumbers: Bool? = true
    /// To the first proofs.
    var refusal: ErrorBody?
  }

  private struct Ended {
    let outcome: Result<SessionOpened, AgentFault>
    let proofs: [ProofsMessage]
    let holder: MemoryHolder
    let card: TellingCard
    let asked: Bool
    var fault: AgentFault? { if case .failure(let fault) = outcome { fault } else { nil } }
  }

  private func run(
    _ card: TellingCard, _ wish: LogonWish = LogonWish(purpose: .logon, waitSeconds: 0), _ desk: Desk = Desk()
  ) async throws -> Ended {
    let clock = TestClock()
    let authority = try TestAuthority()
    let serverCertificate = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    let server = try await TestServer(
      tls: try TestServer.tls(serverCertificate, clientRoots: [authority.certificate])
    ) { _, seen in Self.reply(seen, desk) }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    let holder = MemoryHolder(clock.surroundings, holds: nil)
    let person = CountingPerson()
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]), cards: card,
      asking: person, holder: holder, surroundings: clock.surroundings)
    let outcome: Result<SessionOpened, AgentFault>
    do throws(AgentFault) { outcome = .success(try await logon.run(wish)) } catch { outcome = .failure(error) }
    let proofs = try server.requests.filter { $0.path.hasSuffix("/proofs") }.map {
      try JSONDecoder().decode(ProofsMessage.self, from: Data($0.body.utf8))
    }
    await server.stop()
    return Ended(outcome: outcome, proofs: proofs, holder: holder, card: card, asked: person.passwords.withLock { $0 } > 0)
  }

  private static func reply(_ seen: TestServer.Seen, _ desk: Desk) -> TestServer.Reply {
    func json(_ status: Int, _ value: some Encodable) throws -> TestServer.Reply {
      .json(status, String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
    }
    do {
      guard seen.path.hasSuffix("/proofs") else {
        return try json(
          201,
          CeremonyOpened(
            ceremony: "c-1", nonce: Data(repeating: 1, count: 32), scenario: "logon", segment: "lgwan",
            workstation: "LGWAN-PC-0042", expiresAt: 1_800_000_030_000, combinations: desk.combinations, session: nil,
            cardScripts: desk.scripts, takesCardNumbers: desk.takesNumbers))
      }
      if let refusal = desk.refusal { return try json(403, refusal) }
      let message = try JSONDecoder().decode(ProofsMessage.self, from: Data(seen.body.utf8))
      guard message.password != nil else {
        return try json(200, CeremonyAnswer(outcome: "stillNeeded", combinations: [["password"]], session: nil))
      }
      return try json(
        200,
        CeremonyAnswer(
          outcome: "granted", combinations: nil,
          session: SessionOpened(
            session: "s-1", person: "p-1", displayName: "佐藤 花子", segment: "lgwan", scenario: "logon", assurance: "AAL1",
            leaseSeconds: 900, onCardRemoval: "lock", endsAt: 1_800_000_900_000, rule: "lgwan.yaml:14",
            policyVersion: String(repeating: "0", count: 64))))
    } catch { return .json(500, "{}") }
  }

  /// Counts how often a password was asked for.
  private final class CountingPerson: Asking {
    let passwords = Mutex(0)
    func pin(triesLeft: Int) async throws(AgentFault) -> Secret<PIN> { throw .nothingEntered }
    func password() async throws(AgentFault) -> Secret<TypedPassword> {
      passwords.withLock { $0 += 1 }
      return Secret(copying: "kawa-no-nagare".utf8)
    }
    func newPassword() async throws(AgentFault) -> Secret<TypedPassword> { throw .nothingEntered }
    func confirmLastTry() async -> Bool { false }
    func leavePalm(_ reason: PalmLeaving) async -> Bool { false }
    func tell(_ message: AgentMessage) async {}
  }

  @Test("the number goes first and once, with the chip of a FeliCa; the password after it; the card itself is asked nothing")
  func whole() async throws {
    let felica = TellingCard(Self.idm, chip: Self.aes)
    let cards: [(TellingCard, [UInt8]?)] = [(felica, Self.aes), (TellingCard(Self.idm), nil), (TellingCard(Self.uid), nil)]
    for (card, chip) in cards {
      let ended = try await run(card)
      #expect(try ended.outcome.get().session == "s-1")
      #expect(ended.proofs.count == 2 && ended.proofs[0].password == nil && ended.proofs[1].password != nil)
      let shown = ended.proofs[0].number
      #expect(shown.map { Array($0.number) } == card.number && shown?.chip.map { Array($0) } == chip)
      #expect(ended.proofs[1].number == nil && ended.proofs.allSatisfy { $0.card == nil && $0.sessionKeys != nil })
      #expect(card.sent.withLock { $0.allSatisfy { $0.prefix(2) == [0xFF, 0xCA] } } && card.talks.withLock { $0 } == 0)
      #expect(await ended.holder.reader == "Memory 00", "the watch looks at this reader")
    }
  }

  @Test("where numbers are not taken nobody types anything; the server is told the number, and the person why")
  func notTaken() async throws {
    for takes in [nil, false] as [Bool?] {
      let ended = try await run(
        TellingCard(Self.uid), LogonWish(purpose: .logon, waitSeconds: 0),
        Desk(takesNumbers: takes, refusal: ErrorBody(.numberNotEnough, reference: nil)))
      #expect(ended.fault == .cardNotTakenHere && !ended.asked)
      #expect(ended.proofs.count == 1 && ended.proofs[0].password == nil && ended.proofs[0].number?.number == Data(Self.uid))
    }
    let away = ErrorBody(.throttled, reference: nil)
    let ended = try await run(
      TellingCard(Self.uid), LogonWish(purpose: .logon, waitSeconds: 0), Desk(takesNumbers: nil, refusal: away))
    #expect(ended.fault == .server(.refused(away)))
  }

  @Test("a Lite-S that may be asked for its key is asked; another FeliCa goes by its number; and so does it where no file fits")
  func besideScripts() async throws {
    let scripts = [Data(try Self.liteScript().canonicalBytes)]
    let asked = try await run(
      TellingCard(Self.idm, chip: Self.liteS), LogonWish(purpose: .logon, waitSeconds: 0), Desk(scripts: scripts))
    #expect(asked.fault == .commandNotAllowed && asked.card.talks.withLock { $0 } == 1 && asked.proofs.isEmpty)
    let other = try await run(
      TellingCard(Self.idm, chip: Self.aes), LogonWish(purpose: .logon, waitSeconds: 0), Desk(scripts: scripts))
    #expect(try other.outcome.get().session == "s-1")
    #expect(try await run(TellingCard(Self.idm, chip: Self.liteS)).outcome.get().session == "s-1")
  }

  @Test("no number, a number of the moment, no way without a PIN, a PIV key that is insisted on: no number is shown")
  func noNumber() async throws {
    for number in [[], [0x08, 1, 2, 3], [1, 2, 3]] as [[UInt8]] {
      let ended = try await run(TellingCard(number))
      #expect(ended.fault == .card(.unsupportedCard) && ended.proofs.isEmpty)
    }
    let pin = try await run(
      TellingCard(Self.uid), LogonWish(purpose: .logon, waitSeconds: 0), Desk(combinations: [["card", "pin"]]))
    #expect(pin.fault == .noUsableCombination(offered: [["card", "pin"]]) && pin.proofs.isEmpty)
    let slot = try await run(TellingCard(Self.uid), LogonWish(purpose: .logon, slot: .authentication, waitSeconds: 0))
    #expect(slot.proofs.isEmpty && slot.fault != nil)
  }

  static func liteScript() throws -> CardScript {
    try CardScript(
      id: "felica-lite-s", nameJa: "カード", nameEn: "Card", kind: .felicaLiteS, proof: .symmetric3DES,
      diversification: .liteSCardKey, generation: "lite-s", commands: [.polling, .read, .write],
      rounds: [
        [
          ScriptStep(command: .polling, data: [.constant([0x88, 0xB4])], answer: [.number, .chip]),
          ScriptStep(command: .write, blocks: [0x80], data: [.nonce]),
          ScriptStep(command: .read, blocks: [0x82, 0x91], answer: [.cardID, .mac]),
        ]
      ])
  }
}
