import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SmartCard
import Synchronization
import Testing
import Workstation
import X509

@Suite("a logon with a My Number Card, over TLS")
struct MyNumberCardLogonTests {
  private struct Ended {
    let outcome: Result<SessionOpened, AgentFault>
    let proofs: [ProofsMessage]
    let events: [WorkstationEvent]
    let holder: MemoryHolder
    let person: MemoryPerson
    var fault: AgentFault? { if case .failure(let fault) = outcome { fault } else { nil } }
  }

  /// - Parameter needsPassword: what the server says to the card alone, as it does where the key counts as a key and no more.
  private func run(
    _ cards: any CardPort, _ person: MemoryPerson = MemoryPerson(pin: "4649"),
    _ wish: LogonWish = LogonWish(purpose: .logon, waitSeconds: 0),
    combinations: [[String]] = [["card", "pin"], ["card", "password"]], takes: Bool? = true, needsPassword: Bool = false,
    numbers: Bool? = nil, scripts: [Data]? = nil
  ) async throws -> Ended {
    let clock = TestClock()
    let authority = try TestAuthority()
    let serverCertificate = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/LGWAN-PC-0042")])
    let server = try await TestServer(
      tls: try TestServer.tls(serverCertificate, clientRoots: [authority.certificate])
    ) { _, seen in
      let opened = CeremonyOpened(
        ceremony: "c-1", nonce: Data(repeating: 1, count: 32), scenario: "logon", segment: "lgwan",
        workstation: "LGWAN-PC-0042", expiresAt: 1_800_000_030_000, combinations: combinations, session: nil,
        cardScripts: scripts, takesCardNumbers: numbers, takesMyNumberCards: takes)
      return Self.reply(seen, opened, needsPassword)
    }
    let connection = try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(server.port)"), trust: .roots([authority.certificate]),
      identity: client.identity)
    let holder = MemoryHolder(clock.surroundings, holds: nil)
    let logon = LogonClient(
      workstation: try EnrolledWorkstation(certificate: client.certificate), servers: try ServerList([connection]),
      cards: cards,
      asking: person, holder: holder, surroundings: clock.surroundings)
    let outcome: Result<SessionOpened, AgentFault>
    do throws(AgentFault) { outcome = .success(try await logon.run(wish)) } catch { outcome = .failure(error) }
    let proofs = try server.requests.filter { $0.path.hasSuffix("/proofs") }.map {
      try JSONDecoder().decode(ProofsMessage.self, from: Data($0.body.utf8))
    }
    let events = try server.requests.filter { $0.path.hasSuffix("/events") }.map {
      try JSONDecoder().decode(WorkstationEvent.self, from: Data($0.body.utf8))
    }
    await server.stop()
    return Ended(outcome: outcome, proofs: proofs, events: events, holder: holder, person: person)
  }

  private static func reply(
    _ seen: TestServer.Seen, _ opened: CeremonyOpened, _ needsPassword: Bool
  ) -> TestServer.Reply {
    func json(_ status: Int, _ value: some Encodable) throws -> TestServer.Reply {
      .json(status, String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
    }
    do {
      if seen.path.hasSuffix("/events") { return .json(200, "{}") }
      guard seen.path.hasSuffix("/proofs") else { return try json(201, opened) }
      let message = try JSONDecoder().decode(ProofsMessage.self, from: Data(seen.body.utf8))
      if needsPassword, message.password == nil {
        return try json(200, CeremonyAnswer(outcome: "stillNeeded", combinations: [["password"]], session: nil))
      }
      return try json(
        200,
        CeremonyAnswer(
          outcome: "granted", combinations: nil,
          session: SessionOpened(
            session: "s-1", person: "p-1", displayName: "佐藤 花子", segment: "lgwan", scenario: "logon", assurance: "AAL2",
            leaseSeconds: 900, onCardRemoval: "lock", endsAt: 1_800_000_900_000, rule: "lgwan.yaml:14",
            policyVersion: String(repeating: "0", count: 64))))
    } catch { return .json(500, "{}") }
  }

  @Test("the card signs this ceremony after its PIN; its certificate goes along; only three files of it were named")
  func whole() async throws {
    let card = MemoryJPKICard()
    let ended = try await run(JPKICards(card))
    #expect(try ended.outcome.get().session == "s-1")
    let proof = try #require(ended.proofs.first?.card)
    #expect(proof.profile == "jpki" && proof.slot == "jpki" && proof.algorithm == "rsa-pkcs1-sha256")
    #expect(Array(proof.certificate) == card.certificate && proof.signature.count == 256)
    #expect(ended.proofs.count == 1 && card.pinsSent == 1 && card.signatures == 1)
    #expect(await ended.holder.reader == "Memory 00", "the watch looks at this reader")
    let named = Set(card.commands.filter { $0[1] == 0xA4 && $0[2] == 0x02 }.map { Array($0.suffix(2)) })
    #expect(named == [[0x00, 0x0A], [0x00, 0x17], [0x00, 0x18]])
  }

  @Test("where the key counts as a key and no more, the password is asked for beside it")
  func withPassword() async throws {
    let ended = try await run(JPKICards(MemoryJPKICard()), needsPassword: true)
    #expect(try ended.outcome.get().session == "s-1")
    #expect(ended.proofs.count == 2 && ended.proofs[0].password == nil && ended.proofs[1].password != nil)
  }

  @Test(
    "where such cards are not taken nothing is read, nobody is asked, and the server is told nothing",
    arguments: [nil, false] as [Bool?])
  func notTaken(takes: Bool?) async throws {
    let card = MemoryJPKICard()
    let ended = try await run(JPKICards(card), takes: takes)
    #expect(ended.fault == .myNumberCard(.notTaken) && ended.proofs.isEmpty && ended.events.isEmpty)
    #expect(card.commands.count == 1 && card.commands[0].starts(with: [0x00, 0xA4, 0x04, 0x0C]))
  }

  @Test("a wrong PIN is told with the tries that are left, and reported; the last try waits for a word")
  func pins() async throws {
    let card = MemoryJPKICard()
    let wrong = try await run(JPKICards(card), MemoryPerson(pin: "0000"))
    #expect(wrong.fault == .pinWrong(triesLeft: 2) && wrong.proofs.isEmpty)
    #expect(wrong.events.map(\.kind) == ["wrongPIN"] && wrong.events.first?.triesLeft == 2)
    let last = MemoryJPKICard(tries: 1)
    let unsaid = try await run(JPKICards(last))
    #expect(unsaid.fault == .lastTryNotConfirmed && last.pinsSent == 0)
    let blocking = try await run(JPKICards(last), MemoryPerson(pin: "0000", confirms: true))
    #expect(blocking.fault == .myNumberCard(.pinBlocked) && blocking.events.map(\.kind) == ["pinBlocked"])
    let blocked = try await run(JPKICards(last), MemoryPerson(pin: "4649", confirms: true))
    #expect(blocked.fault == .myNumberCard(.pinBlocked) && last.pinsSent == 1 && blocked.events.isEmpty)
    let kept = MemoryJPKICard(tries: 1)
    #expect(try await run(JPKICards(kept), MemoryPerson(pin: "4649", confirms: true)).outcome.get().session == "s-1")
  }

  @Test("what is not four digits is not sent: the long password above all", arguments: ["246810", "123", "ABC123", "12345"])
  func form(typed: String) async throws {
    let card = MemoryJPKICard()
    let ended = try await run(JPKICards(card), MemoryPerson(pin: typed))
    #expect(ended.fault == .myNumberCard(.pinForm) && card.pinsSent == 0 && ended.proofs.isEmpty)
  }

  @Test("another person's card, put there while the PIN was typed, does not get it")
  func exchanged() async throws {
    let (mine, other) = (MemoryJPKICard(), MemoryJPKICard(mark: 2))
    let cards = JPKICards(mine)
    let ended = try await run(cards, MemoryPerson(pin: "4649") { cards.card.withLock { $0 = other } })
    #expect(ended.fault == .otherCard && ended.proofs.isEmpty)
    #expect(mine.pinsSent == 0 && other.pinsSent == 0 && other.signatures == 0)
  }

  @Test("a PIV key that is insisted on, or no way with a card: this card is no help")
  func noWay() async throws {
    let slot = try await run(
      JPKICards(MemoryJPKICard()), MemoryPerson(pin: "4649"),
      LogonWish(purpose: .logon, slot: .authentication, waitSeconds: 0))
    #expect(slot.fault == .noUsableCombination(offered: [["card", "pin"], ["card", "password"]]) && slot.proofs.isEmpty)
    let none = try await run(JPKICards(MemoryJPKICard()), combinations: [["password"]])
    #expect(none.fault == .noUsableCombination(offered: [["password"]]))
  }

  private static let uid: [UInt8] = [0x04, 0xA1, 0xB2, 0xC3]

  @Test("where such cards are not taken, citizens' cards stand in no staff card's way", arguments: [true, false])
  func citizens(areFirst: Bool) async throws {
    let citizens = [MemoryJPKICard(), MemoryJPKICard(mark: 2)]
    func readers(_ staff: TellingCard) -> MemoryReaders {
      let others = citizens.map { MemoryReaders.Card.personal($0) }
      return MemoryReaders(areFirst ? others + [.telling(staff)] : [.telling(staff)] + others)
    }
    let number = try await run(readers(TellingCard(Self.uid)), takes: nil, needsPassword: true, numbers: true)
    #expect(try number.outcome.get().session == "s-1")
    #expect(number.proofs.first?.number?.number == Data(Self.uid) && number.proofs.allSatisfy { $0.card == nil })
    let shared = TellingCard(
      [0x01, 0x12, 0x0D, 0x8A, 0xA1, 0xB2, 0xC3, 0xD4], chip: [0x00, 0xF1, 0x00, 0x00, 0x00, 0x01, 0x43, 0x00])
    let script = Data(try NumberCardLogonTests.liteScript().canonicalBytes)
    let asked = try await run(readers(shared), takes: false, scripts: [script])
    #expect(asked.fault == .commandNotAllowed && shared.talks.withLock { $0 } == 1)
    #expect(citizens.allSatisfy { $0.commands.allSatisfy { $0.starts(with: [0x00, 0xA4, 0x04, 0x0C]) } }, "nothing was read")
  }

  @Test("alone it is told to be one, and its number is nobody's, though its reader tells it")
  func itsNumber() async throws {
    let alone = try await run(MemoryReaders([.personal(MemoryJPKICard())]), takes: false, numbers: true)
    #expect(alone.fault == .myNumberCard(.notTaken) && alone.proofs.isEmpty)
  }

  @Test("where both are taken, it and a staff card are one too many; a card that is not taken here is none")
  func besideStaffCard() async throws {
    let card = MemoryJPKICard()
    let readers = MemoryReaders([.telling(TellingCard(Self.uid)), .personal(card)])
    let both = try await run(readers, numbers: true)
    #expect(both.fault == .card(.ambiguousCard) && both.proofs.isEmpty && card.pinsSent == 0)
    let one = try await run(readers)
    #expect(try one.outcome.get().session == "s-1" && one.proofs.first?.card?.profile == "jpki")
  }

  @Test("one without its certificate ends a look only where nothing else can be used")
  func withoutCertificate() async throws {
    let card = MemoryReaders.Card.personal(MemoryJPKICard(), hasCertificate: false)
    let beside = try await run(
      MemoryReaders([card, .telling(TellingCard(Self.uid))]), needsPassword: true, numbers: true)
    #expect(try beside.outcome.get().session == "s-1" && beside.proofs.first?.number?.number == Data(Self.uid))
    #expect(try await run(MemoryReaders([card]), numbers: true).fault == .card(.missingObject))
  }

  @Test("each refusal has its code, its exit and sentences in both languages", arguments: MyNumberCardRefusal.allCases)
  func sentences(refusal: MyNumberCardRefusal) {
    let fault = AgentFault.myNumberCard(refusal)
    let sentence = fault.sentence
    #expect(refusal.code.wholeMatch(of: /SA1(19|20|21)/) != nil)
    #expect(sentence.ja.hasSuffix("。") && sentence.nextStepJa.hasSuffix("。"))
    #expect((sentence.en + sentence.nextStepEn).utf8.allSatisfy { $0 < 0x80 })
    #expect([AgentExit.card, .badInput, .pinBlocked].contains(AgentExit(fault)))
  }
}
