import AuthTerms
import SmartCard
import Synchronization
import Testing
import Workstation

/// A person at the keyboard who knows what was set, or does not.
private final class Typing: PINAsking {
  let present: String
  let new: [String]
  let confirms: Bool
  let onNew: @Sendable () -> Void
  let asked = Mutex<[String]>([])

  init(_ present: String, _ new: String..., confirms: Bool = false, onNew: @escaping @Sendable () -> Void = {}) {
    self.present = present
    self.new = new
    self.confirms = confirms
    self.onNew = onNew
  }

  func presentPIN(triesLeft: Int) async throws(AgentFault) -> Secret<PIN> {
    asked.withLock { $0.append("pin \(triesLeft)") }
    return Secret(copying: Array(present.utf8))
  }
  func puk() async throws(AgentFault) -> Secret<PUK> {
    asked.withLock { $0.append("puk") }
    return Secret(copying: Array(present.utf8))
  }
  func newPIN() async throws(AgentFault) -> Secret<PIN> {
    asked.withLock { $0.append("new") }
    onNew()
    if Set(new).count > 1 { throw .pinChange(.notTheSame) }
    return Secret(copying: Array((new.first ?? "").utf8))
  }
  func confirmLastTry() async -> Bool { confirms }
  func tell(_ message: AgentMessage) async {}
}

@Suite("a new PIN at the workstation and at the desk")
struct PINChangerTests {
  private static let surroundings = Surroundings(
    now: { Moment(wallMilliseconds: 1_786_752_000_000, boot: "boot-1", monotonicMilliseconds: 10_000_000) },
    random: { [UInt8](repeating: 0, count: $0) })

  private func changer(_ cards: MemoryCards, _ typing: Typing) -> PINChanger {
    PINChanger(cards: cards, asking: typing, surroundings: Self.surroundings)
  }

  private func changed(_ cards: MemoryCards, _ typing: Typing) async -> AgentFault? {
    let changer = changer(cards, typing)
    do throws(AgentFault) {
      try await changer.change(try await changer.waitForCard(seconds: 0))
      return nil
    } catch { return error }
  }

  private func reset(_ cards: MemoryCards, _ typing: Typing) async -> AgentFault? {
    let changer = changer(cards, typing)
    do throws(AgentFault) {
      try await changer.reset(try await changer.waitForCard(seconds: 0))
      return nil
    } catch { return error }
  }

  private func pin(_ card: MemoryCard) -> String { String(decoding: card.memory.withLock { $0.pin }, as: UTF8.self) }

  @Test("the card takes the new PIN for the present one")
  func change() async throws {
    let card = try MemoryCard()
    let typing = Typing("246810", "902817")
    #expect(await changed(MemoryCards(card), typing) == nil)
    #expect(pin(card) == "902817" && typing.asked.withLock { $0 } == ["pin 3", "new"])
    // The former one is wrong from now on.
    #expect(await changed(MemoryCards(card), Typing("246810", "550172")) == .pinChange(.wrongPIN(triesLeft: 2)))
    #expect(pin(card) == "902817")
  }

  @Test("what cannot be a new PIN is refused before the card is asked: no try is lost")
  func unfit() async throws {
    let card = try MemoryCard()
    for (new, fault) in [("24681", .form), ("246810", .same), ("123456", .trivial)] as [(String, NewPINFault)] {
      #expect(await changed(MemoryCards(card), Typing("246810", new)) == .pinChange(.unfit(fault)))
    }
    #expect(await changed(MemoryCards(card), Typing("246810", "902817", "902818")) == .pinChange(.notTheSame))
    #expect(await changed(MemoryCards(card), Typing("12", "902817")) == .card(.unusablePIN))
    #expect(pin(card) == "246810" && card.memory.withLock { $0.tries } == 3)
  }

  @Test("the last try is for those who say so; a blocked PIN is not asked for")
  func lastTry() async throws {
    let card = try MemoryCard(tries: 1)
    let typing = Typing("246810", "902817")
    #expect(await changed(MemoryCards(card), typing) == .lastTryNotConfirmed)
    #expect(typing.asked.withLock { $0.isEmpty })
    #expect(await changed(MemoryCards(card), Typing("111112", "902817", confirms: true)) == .pinBlocked)
    let after = Typing("246810", "902817", confirms: true)
    #expect(await changed(MemoryCards(card), after) == .pinBlocked)
    #expect(after.asked.withLock { $0.isEmpty } && pin(card) == "246810")
    // Tries that went while the person typed: the last one is not taken from her unasked.
    let other = try MemoryCard(tries: 2)
    let late = Typing("246810", "902817", onNew: { other.memory.withLock { $0.tries = 1 } })
    #expect(await changed(MemoryCards(other), late) == .lastTryNotConfirmed)
    #expect(other.memory.withLock { $0.tries } == 1)
  }

  @Test("another card in the reader gets nothing", arguments: [false, true])
  func exchanged(isReset: Bool) async throws {
    let (mine, other) = (try MemoryCard(), try MemoryCard())
    let cards = MemoryCards(mine)
    let typing = Typing(isReset ? "k7!Qz9x4" : "246810", "902817", onNew: { cards.card.withLock { $0 = other } })
    let found = await (isReset ? reset(cards, typing) : changed(cards, typing))
    #expect(found == .pinChange(.otherCard) && pin(mine) == "246810" && pin(other) == "246810")
    let gone = MemoryCards(mine)
    let slow = Typing(isReset ? "k7!Qz9x4" : "246810", "902817", onNew: { gone.card.withLock { $0 = nil } })
    let removed = await (isReset ? reset(gone, slow) : changed(gone, slow))
    #expect(removed == .card(.cardRemoved))
  }

  @Test("the PUK unblocks: counter and PIN are new")
  func unblock() async throws {
    let card = try MemoryCard(tries: 0)
    let typing = Typing("k7!Qz9x4", "902817")
    #expect(await reset(MemoryCards(card), typing) == nil)
    #expect(pin(card) == "902817" && card.memory.withLock { $0.tries } == 3 && typing.asked.withLock { $0 } == ["puk", "new"])
  }

  @Test("a wrong PUK is counted by the card; at zero the card is to be replaced")
  func wrongPUK() async throws {
    let card = try MemoryCard(tries: 0)
    for left in [2, 1] {
      #expect(await reset(MemoryCards(card), Typing("00000000", "902817")) == .pinChange(.wrongPUK(triesLeft: left)))
    }
    #expect(await reset(MemoryCards(card), Typing("00000000", "902817")) == .pinChange(.pukBlocked))
    #expect(await reset(MemoryCards(card), Typing("k7!Qz9x4", "902817")) == .pinChange(.pukBlocked))
    #expect(pin(card) == "246810")
    // What cannot be a PUK, or a new PIN, costs none of its tries.
    let fresh = try MemoryCard(tries: 0)
    #expect(await reset(MemoryCards(fresh), Typing("123", "902817")) == .badInput(expected: "PUK: 6 to 8 characters"))
    #expect(await reset(MemoryCards(fresh), Typing("00000000", "111111")) == .pinChange(.unfit(.trivial)))
    #expect(fresh.memory.withLock { $0.pukTries } == 3)
  }

  @Test("a card without PUK, and one with rules of its own, say so")
  func notSupported() async throws {
    let card = try MemoryCard(tries: 0)
    card.memory.withLock { $0.puk = nil }
    #expect(await reset(MemoryCards(card), Typing("00000000", "902817")) == .pinChange(.notSupported))
    card.memory.withLock { $0.tries = 3 }
    for (answer, expected) in [
      ([0x6D, 0x00], .notSupported), ([0x6A, 0x80], .unfit(.refusedByCard)),
    ] as [([UInt8], PINChangeRefusal)] {
      card.memory.withLock { $0.toNewPIN = answer }
      #expect(await changed(MemoryCards(card), Typing("246810", "902817")) == .pinChange(expected))
      #expect(await reset(MemoryCards(card), Typing("k7!Qz9x4", "902817")) == .pinChange(expected))
    }
  }

  @Test("codes stand for one cause each, and never change")
  func codes() {
    #expect(
      PINChangeRefusal.samples.map(\.code) == [
        "SA109", "SA111", "SA112", "SA113", "SA114", "SA115", "SA110", "SA110", "SA110", "SA110",
      ])
  }
}
