import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SmartCard
import Synchronization
import Testing
import Workstation
import X509

/// A card with a number and three commands behind its reader, and the port to it. What an exchange proves is tested where the
/// key is; here it is what is carried, and what is not.
final class NumberedCard: CardPort {
  struct Memory {
    var number: [UInt8] = [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80]
    var sent: [[UInt8]] = []
    var talks = 0
    /// Another card lies there from the second look on.
    var isExchanged = false
    var looks = 0
    var failure: CardFailure?
  }
  let memory = Mutex(Memory())

  struct Channel: CardChannel {
    let card: NumberedCard
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
      try card.memory.withLock { memory throws(CardFailure) in
        if command == [0xFF, 0xCA, 0x00, 0x00, 0x00] {
          memory.looks += 1
          let first: UInt8 = memory.isExchanged && memory.looks > 1 ? 0x05 : 0x04
          return [first] + memory.number.dropFirst() + [0x90, 0x00]
        }
        if let failure = memory.failure { throw failure }
        memory.sent.append(command)
        return command[1] == 0x71 ? [UInt8](repeating: 7, count: 16) + [0x91, 0xAF] : [1, 2, 3, 0x91, 0x00]
      }
    }
  }

  func view() async throws(CardFailure) -> CardView { throw .unsupportedCard }
  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome { throw .unsupportedCard }

  func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView {
    var channel = Channel(card: self)
    return try SharedCardTalk.view(&channel, reader: "Memory 00", kinds: kinds)
  }

  /// On a thread of its own, as a reader's card is: it waits for the server.
  func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure) {
    memory.withLock { $0.talks += 1 }
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Void, CardFailure>, Never>) in
      Thread.detachNewThread {
        var channel = Channel(card: self)
        do throws(CardFailure) {
          try SharedCardTalk.run(card, on: &channel, ask: SharedCardTalk.waiting(for: ask))
          continuation.resume(returning: .success(()))
        } catch { continuation.resume(returning: .failure(error)) }
      }
    }
    try result.get()
  }
}

@Suite("a logon with a shared-key card, over TLS")
struct SharedCardLogonTests {
  /// What the scripted server does, and what it saw.
  struct Desk: Sendable {
    var combinations = [["card", "pin"], ["card", "password"]]
    var scripts: [Data]?
    /// Answers to the rounds, in their order; the last one goes on.
    var rounds: [CardRoundAnswer] = []
    var refusals: [ErrorBody] = []
    var seen: [CardRoundMessage] = []
    var proofs: [ProofsMessage] = []
  }

  private static let first: [UInt8] = [0x90, 0x5A, 0x00, 0x00, 0x03, 0xF7, 0x3A, 0x10, 0x00]
  private static let second: [UInt8] = [0x90, 0x71, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00]
  private static let third: [UInt8] = [0x90, 0xAF, 0x00, 0x00, 0x20] + [UInt8](repeating: 9, count: 32) + [0x00]
  private static let rounds = [
    CardRoundAnswer(commands: [Data(first), Data(second)], isProven: false),
    CardRoundAnswer(commands: [Data(third)], isProven: false), CardRoundAnswer(commands: nil, isProven: true),
  ]
  private let clock = TestClock()

  static func script(_ id: String = "desfire-ev2") throws -> CardScript {
    try CardScript(
      id: id, nameJa: "カード", nameEn: "Card", kind: .desfireEV2, proof: .symmetricAES,
      diversification: .an10922([.number, .constant([UInt8](repeating: 1, count: 9))]), generation: "ev2",
      commands: [.selectApplication, .version, .authenticateFirst, .additionalFrame],
      rounds: [
        [
          ScriptStep(command: .version, answer: [.chip], status: 0x91AF),
          ScriptStep(command: .additionalFrame, answer: [.any], status: 0x91AF),
          ScriptStep(command: .additionalFrame, answer: [.any], status: 0x9100),
          ScriptStep(command: .selectApplication, data: [.constant([0xF7, 0x3A, 0x10])], status: 0x9100),
          ScriptStep(command: .authenticateFirst, data: [.constant([1, 0])], answer: [.sealedNonce], status: 0x91AF),
        ],
        [ScriptStep(command: .additionalFrame, data: [.sealedNonces], answer: [.sealedProof], status: 0x9100)],
      ])
  }

  private struct Ended {
    let outcome: Result<SessionOpened, AgentFault>
    let desk: Desk
    let holder: MemoryHolder
    let card: NumberedCard.Memory
    var fault: AgentFault? { if case .failure(let fault) = outcome { fault } else { nil } }
  }

  private func run(
    _ wish: LogonWish = LogonWish(purpose: .logon, waitSeconds: 0), scripts: [CardScript]? = nil,
    card: NumberedCard = NumberedCard(), _ adjust: (inout Desk) -> Void = { _ in }
  ) async throws -> Ended {
    let authority = try TestAuthority()
    let serverCertificate = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    var beginning = Desk(scripts: try (scripts ?? [Self.script()]).map { Data($0.canonicalBytes) }, rounds: Self.rounds)
    adjust(&beginning)
    let desk = DeskBox(beginning)
    let server = try await TestServer(
      tls: try TestServer.tls(serverCertificate, clientRoots: [authority.certificate])
    ) { _, seen in Self.reply(seen, desk) }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    let holder = MemoryHolder(clock.surroundings, holds: nil)
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]), cards: card,
      asking: MemoryPerson(), holder: holder, surroundings: clock.surroundings)
    let outcome: Result<SessionOpened, AgentFault>
    do throws(AgentFault) { outcome = .success(try await logon.run(wish)) } catch { outcome = .failure(error) }
    await server.stop()
    return Ended(outcome: outcome, desk: desk.state.withLock { $0 }, holder: holder, card: card.memory.withLock { $0 })
  }

  final class DeskBox: Sendable {
    let state: Mutex<Desk>
    init(_ desk: Desk) { state = Mutex(desk) }
  }

  private static func reply(_ seen: TestServer.Seen, _ box: DeskBox) -> TestServer.Reply {
    func json(_ status: Int, _ value: some Encodable) throws -> TestServer.Reply {
      .json(status, String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
    }
    do {
      switch seen.path {
      case "/v1/ceremonies":
        let desk = box.state.withLock { $0 }
        return try json(
          201,
          CeremonyOpened(
            ceremony: "c-1", nonce: Data(repeating: 1, count: 32), scenario: "logon", segment: "lgwan",
            workstation: "LGWAN-PC-0042", expiresAt: 1_800_000_030_000, combinations: desk.combinations, session: nil,
            cardScripts: desk.scripts))
      case "/v1/ceremonies/c-1/card":
        let message = try JSONDecoder().decode(CardRoundMessage.self, from: Data(seen.body.utf8))
        let answer: Result<CardRoundAnswer, Told> = box.state.withLock { desk in
          desk.seen.append(message)
          if message.answers == nil, !desk.refusals.isEmpty { return .failure(Told(body: desk.refusals.removeFirst())) }
          let count = desk.seen.filter { $0.profile == message.profile }.count
          return .success(desk.rounds[min(count, desk.rounds.count) - 1])
        }
        switch answer {
        case .success(let round): return try json(200, round)
        case .failure(let told): return try json(403, told.body)
        }
      default:
        let message = try JSONDecoder().decode(ProofsMessage.self, from: Data(seen.body.utf8))
        box.state.withLock { $0.proofs.append(message) }
        guard message.password != nil else {
          return try json(200, CeremonyAnswer(outcome: "stillNeeded", combinations: [["password"]], session: nil))
        }
        return try json(
          200,
          CeremonyAnswer(
            outcome: "granted", combinations: nil,
            session: SessionOpened(
              session: "s-1", person: "p-1", displayName: "佐藤 花子", segment: "lgwan", scenario: "logon", assurance: "AAL2",
              leaseSeconds: 900, onCardRemoval: "nothing", endsAt: 1_800_000_900_000, rule: "lgwan.yaml:14",
              policyVersion: String(repeating: "0", count: 64))))
      }
    } catch { return .json(500, "{}") }
  }

  private struct Told: Error { let body: ErrorBody }

  @Test("all rounds go to one card in one talk, under the same session keys; the proofs go on without a card")
  func whole() async throws {
    let ended = try await run()
    let session = try ended.outcome.get()
    #expect(session.session == "s-1")
    #expect(ended.card.talks == 1 && ended.card.sent == [Self.first, Self.second, Self.third])
    let seen = ended.desk.seen
    #expect(seen.map(\.profile) == ["desfire-ev2", "desfire-ev2", "desfire-ev2"])
    #expect(seen.allSatisfy { Array($0.number) == ended.card.number })
    #expect(seen.map { $0.answers?.count } == [nil, 2, 1])
    #expect(seen[1].answers.map { $0.map { Array($0.suffix(2)) } } == [[0x91, 0x00], [0x91, 0xAF]])
    #expect(ended.desk.proofs.count == 2 && ended.desk.proofs.allSatisfy { $0.card == nil })
    #expect(ended.desk.proofs.first?.password == nil && ended.desk.proofs.last?.password != nil)
    #expect((seen.map(\.sessionKeys) + ended.desk.proofs.compactMap(\.sessionKeys)).allSatisfy { $0 == seen[0].sessionKeys })
    #expect(await ended.holder.reader == "Memory 00", "the watch looks at this reader")
  }

  @Test(
    "a server that wants more of the card than its file allows is not served: nothing of that round is sent",
    arguments: [
      [0x90, 0xC4, 0x00, 0x00, 0x01, 0x01, 0x00], [0x90, 0x3D, 0x00, 0x00, 0x00], [0x00, 0xA4, 0x04, 0x00, 0x00], [0x90, 0x5A],
      [],
    ] as [[UInt8]])
  func commandBeyond(command: [UInt8]) async throws {
    let ended = try await run { desk in
      desk.rounds = [CardRoundAnswer(commands: [Data(Self.first), Data(command)], isProven: false)]
    }
    #expect(ended.fault == .commandNotAllowed && ended.card.sent.isEmpty && ended.desk.proofs.isEmpty)
  }

  @Test("no more rounds than the file has, however often the server asks")
  func endless() async throws {
    let ended = try await run { $0.rounds = [CardRoundAnswer(commands: [Data(Self.first)], isProven: false)] }
    #expect(ended.fault == .commandNotAllowed && ended.card.sent.count == 2)
  }

  @Test("where no file fits, nothing is asked of the card, and the person is told why")
  func notTaken() async throws {
    for scripts in [[], nil] as [[Data]?] {
      let ended = try await run { $0.scripts = scripts }
      #expect(ended.fault == .cardNotTakenHere && ended.desk.seen.isEmpty && ended.card.talks == 0)
    }
    let strange = NumberedCard()
    strange.memory.withLock { $0.number = [1, 2, 3, 4] }
    #expect(try await run(card: strange).fault == .card(.unsupportedCard), "a number of no kind")
  }

  @Test("a card without a PIN is not asked where every way has one; nor where a PIV key is insisted on")
  func noWay() async throws {
    let pin = try await run { $0.combinations = [["card", "pin"]] }
    #expect(pin.fault == .noUsableCombination(offered: [["card", "pin"]]) && pin.card.talks == 0)
    let slot = try await run(LogonWish(purpose: .logon, slot: .authentication, waitSeconds: 0))
    #expect(slot.fault == .noUsableCombination(offered: [["card", "pin"], ["card", "password"]]))
  }

  @Test("a card of another issue is asked by the next file, three at most; other refusals end it")
  func severalFiles() async throws {
    let files = try ["a", "b", "c", "d"].map { try Self.script($0) }
    let uniform = ErrorBody(.notAccepted, reference: nil)
    let second = try await run(scripts: files) { $0.refusals = [uniform] }
    #expect(try second.outcome.get().session == "s-1")
    #expect(second.desk.seen.map(\.profile) == ["a", "b", "b", "b"])
    let none = try await run(scripts: files) { $0.refusals = [uniform, uniform, uniform, uniform] }
    #expect(none.fault == .server(.refused(uniform)) && none.desk.seen.map(\.profile) == ["a", "b", "c"])
    let away = ErrorBody(.vaultUnavailable, reference: nil)
    let ended = try await run(scripts: files) { $0.refusals = [away] }
    #expect(ended.fault == .server(.refused(away)) && ended.desk.seen.count == 1)
  }

  @Test("another card meanwhile, a card that is pulled: neither goes on")
  func exchanged() async throws {
    let other = NumberedCard()
    other.memory.withLock { $0.isExchanged = true }
    let ended = try await run(card: other)
    #expect(ended.fault == .otherCard && ended.desk.seen.isEmpty)
    let pulled = NumberedCard()
    pulled.memory.withLock { $0.failure = .cardRemoved }
    #expect(try await run(card: pulled).fault == .card(.cardRemoved))
  }

  @Test("an answer that neither goes on nor ends is none")
  func neither() async throws {
    for answer in [
      CardRoundAnswer(commands: nil, isProven: false), CardRoundAnswer(commands: [Data(Self.first)], isProven: true),
    ] {
      let ended = try await run { $0.rounds = [answer] }
      guard case .server(.malformedAnswer) = ended.fault else {
        Issue.record("\(String(describing: ended.fault))")
        continue
      }
      #expect(ended.card.sent.isEmpty && ended.desk.proofs.isEmpty)
    }
  }

  @Test("files that are none, too many or of one name make the whole challenge one that is not believed")
  func scripts() async throws {
    let one = Data(try Self.script().canonicalBytes)
    let nine = try (0..<9).map { Data(try Self.script("card-\($0)").canonicalBytes) }
    for scripts in [[Data([1, 2, 3])], [one, one], nine, [one.dropLast()]] {
      #expect(try await run { $0.scripts = scripts }.fault == .disagreement(.cardScripts))
    }
  }
}
