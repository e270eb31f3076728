import AuditLog
import AuthAPI
import AuthTerms
import CardsInMemory
import Crypto
import Foundation
import SSOVault
import SmartCard
import Testing

@Suite("the vault drives exchanges with shared-key cards")
struct SharedCardTests {
  let city: SharedCardCity
  init() throws { city = try SharedCardCity() }

  private static func short(_ number: [UInt8]) -> String { Hex.encode(Array(SHA256.hash(data: number).prefix(8))) }

  private func alarms(_ action: String) throws -> [VaultAlarm] {
    guard case .alarms(let alarms) = city.office.ask(.upkeep(.listAlarms(after: 0))) else { throw Office.Unexpected() }
    return alarms.filter { $0.action == action }
  }

  @Test("a card of each kind is proven, and a row names script, card and counter, and neither number nor key")
  func proven() throws {
    var felica = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &felica, number: felica.number) == "proven 299")
    var desfire = try SharedCardCity.desfireCard()
    #expect(try city.run(city.desfire, &desfire, number: desfire.number) == "proven")
    let rows = try city.rows("vault.card.proven")
    #expect(
      rows.map(\.note) == [
        "branch-lite-s card \(Self.short(felica.number)) counter 299",
        "hall-desfire card \(Self.short(desfire.number)) counter -",
      ])
    #expect(rows.map(\.proofClass) == [.symmetric3DES, .symmetricAES] && rows.allSatisfy { $0.eventClass == .session })
    #expect(try city.city.tamper("SELECT kind, counter FROM card_counters") == "felica-lite-s|299\n")
  }

  @Test("another city's card is refused with the exchange's word, and with the card's own where it has one")
  func refused() throws {
    var felica = try SharedCardCity.liteSCard(master: Numbers.secret(9, count: 24))
    #expect(try city.run(city.liteS, &felica, number: felica.number) == "wrong-mac")
    var desfire = try SharedCardCity.desfireCard(master: Numbers.secret(9))
    #expect(try city.run(city.desfire, &desfire, number: desfire.number) == "card-refused 91ae")
    var other = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &other, number: [UInt8](repeating: 1, count: 8)) == "identifier-changed")
    var old = try SharedCardCity.liteSCard()
    old.parameters[1] = 0xF0
    #expect(try city.run(city.liteS, &old, number: old.number) == "chip-too-old")
    let begun = city.begin(city.liteS, old.number)
    #expect(SharedCardCity.word(city.step(begun.exchange, [])) == "malformed-answer")
    let long = [UInt8](repeating: 0, count: CardExchangeAnswer.longest)
    #expect(SharedCardCity.word(city.step(city.begin(city.liteS, old.number).exchange, [long])) == "answer-too-long")
    #expect(try city.rows("vault.card.proven").isEmpty)
  }

  @Test("what was refused has a row a minute for each cause, which counts the rest")
  func coalesced() throws {
    func wrong(_ number: UInt8) {
      let handle = city.begin(city.desfire, [UInt8](repeating: number, count: 7)).exchange
      #expect(SharedCardCity.word(city.step(handle, [])) == "malformed-answer")
    }
    for number in 0..<5 { wrong(UInt8(number)) }
    #expect(try city.rows("vault.card.refused").map(\.count) == [1])
    city.office.clock.advance(seconds: 60)
    wrong(7)
    let rows = try city.rows("vault.card.refused")
    #expect(rows.map(\.count) == [1, 5] && rows.allSatisfy { $0.note == "malformed-answer" && $0.outcome == .refused })
  }

  @Test("a card behind its counter is a clone: refused, an alarm, and one row a minute")
  func clone() throws {
    var card = try SharedCardCity.liteSCard()
    var copy = card
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    let alarms = try city.office.status().alarms
    for _ in 0..<3 { #expect(try city.run(city.liteS, &copy, number: copy.number) == "clone-suspected") }
    let rows = try city.rows("vault.card.clone")
    #expect(rows.map(\.note) == ["branch-lite-s card \(Self.short(card.number))"])
    #expect(try city.office.status().alarms == alarms + 1)
    city.office.clock.advance(seconds: 60)
    #expect(try city.run(city.liteS, &copy, number: copy.number) == "clone-suspected")
    #expect(try city.rows("vault.card.clone").map(\.count) == [1, 3])
    #expect(try self.alarms("card.clone").map(\.times) == [4], "one alarm, however often")
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 300", "the one that is ahead goes on")
  }

  @Test("a counter that another exchange has shown meanwhile is looked at again before the yes")
  func counterMeanwhile() throws {
    let once = try SharedCardCity.liteSScript(id: "once", rounds: 1)
    try city.city.expectNoted(city.setting(SharedCardCity.liteSMaster, for: once))
    var copy = try SharedCardCity.liteSCard()
    let begun = city.begin(once, copy.number)
    guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(commands, to: &copy)
    var card = try SharedCardCity.liteSCard()
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    #expect(SharedCardCity.word(city.step(begun.exchange, answers)) == "clone-suspected")
    #expect(try city.city.tamper("SELECT counter FROM card_counters") == "299\n")
  }

  @Test("a script without the counter is proven, and moves none")
  func withoutCounter() throws {
    let plain = try SharedCardCity.liteSScript(id: "plain", readsCounter: false, rounds: 1)
    try city.city.expectNoted(city.setting(SharedCardCity.liteSMaster, for: plain))
    var card = try SharedCardCity.liteSCard()
    #expect(try city.run(plain, &card, number: card.number) == "proven")
    #expect(try city.city.tamper("SELECT * FROM card_counters").isEmpty)
  }

  @Test("a handle is good for one exchange: after its end, and for answers that were used, there is none")
  func replay() throws {
    var card = try SharedCardCity.liteSCard()
    let begun = city.begin(city.liteS, card.number)
    guard case .commands(let first) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(first, to: &card)
    let second = city.step(begun.exchange, answers)
    guard case .commands(let commands) = second.outcome else { throw Office.Unexpected() }
    #expect(second.exchange == begun.exchange && begun.exchange.count == 16)
    let last = try SharedCardCity.carry(commands, to: &card)
    #expect(SharedCardCity.word(city.step(begun.exchange, last)) == "proven 299")
    #expect(SharedCardCity.word(city.step(begun.exchange, last)) == "V188")
    // The first round's answers do not do for the second, and end it.
    let again = city.begin(city.liteS, card.number)
    guard case .commands(let anew) = again.outcome else { throw Office.Unexpected() }
    let fresh = try SharedCardCity.carry(anew, to: &card)
    #expect(SharedCardCity.word(city.step(again.exchange, fresh)) == "commands")
    #expect(SharedCardCity.word(city.step(again.exchange, fresh)) == "malformed-answer")
    #expect(SharedCardCity.word(city.step(again.exchange, fresh)) == "V188")
    #expect(SharedCardCity.word(city.step([UInt8](repeating: 0, count: 16), [])) == "V188")
  }

  @Test("answers to another exchange's random number are no answers: of the same card, and recorded from before")
  func otherExchange() throws {
    var card = try SharedCardCity.liteSCard()
    let (one, other) = (city.begin(city.liteS, card.number), city.begin(city.liteS, card.number))
    guard case .commands(let first) = one.outcome, case .commands(let second) = other.outcome else {
      throw Office.Unexpected()
    }
    #expect(first != second && one.exchange != other.exchange, "each has a random number and a handle of its own")
    let answers = try SharedCardCity.carry(first, to: &card)
    #expect(SharedCardCity.word(city.step(other.exchange, answers)) == "wrong-mac")
    #expect(SharedCardCity.word(city.step(one.exchange, answers)) == "commands")
  }

  @Test("thirty seconds from the beginning, and not one more", arguments: [(29, "commands"), (30, "V188")])
  func expired(seconds: Int64, expected: String) throws {
    var card = try SharedCardCity.liteSCard()
    let begun = city.begin(city.liteS, card.number)
    guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(commands, to: &card)
    city.office.clock.advance(seconds: seconds)
    #expect(SharedCardCity.word(city.step(begun.exchange, answers)) == expected)
    // The second round has no thirty seconds of its own.
    city.office.clock.advance(seconds: 1)
    #expect(SharedCardCity.word(city.step(begun.exchange, answers)) == (seconds == 29 ? "V188" : expected))
  }

  @Test("the wall clock decides nothing: set back, an exchange ends when it would have")
  func monotonic() throws {
    let begun = city.begin(city.liteS, try SharedCardCity.liteSCard().number)
    city.office.clock.advance(seconds: 30)
    city.office.clock.setBack(seconds: 3600)
    #expect(SharedCardCity.word(city.step(begun.exchange, [])) == "V188")
  }

  @Test("a vault that was started anew knows none of the exchanges, and all of the counters")
  func restarted() throws {
    var card = try SharedCardCity.liteSCard()
    let copy = card
    let begun = city.begin(city.liteS, card.number)
    guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(commands, to: &card)
    city.office.restart(try city.office.reopen())
    #expect(SharedCardCity.word(city.step(begun.exchange, answers)) == "V188")
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    city.office.restart(try city.office.reopen())
    var behind = copy
    #expect(try city.run(city.liteS, &behind, number: behind.number) == "clone-suspected")
    #expect(try city.rows("vault.register.changed").isEmpty)
  }

  // MARK: Limits

  @Test("at most 1,024 are open; those that lapsed make room")
  func full() throws {
    let number = try SharedCardCity.liteSCard().number
    for _ in 0..<1024 { #expect(SharedCardCity.word(city.begin(city.liteS, number)) == "commands") }
    #expect(SharedCardCity.word(city.begin(city.liteS, number)) == "V189")
    city.office.clock.advance(seconds: 30)
    #expect(SharedCardCity.word(city.begin(city.liteS, number)) == "commands")
  }

  @Test("two thousand are begun within a minute, by whomever; then none, with an alarm, until the minute is over")
  func flood() throws {
    let alarms = try city.office.status().alarms
    func begin(_ count: Int) {
      for number in 0..<count {
        let begun = city.begin(city.desfire, (0..<7).map { UInt8(truncatingIfNeeded: number >> (8 * min($0, 3))) })
        _ = city.step(begun.exchange, [])
      }
    }
    begin(2000)
    var card = try SharedCardCity.liteSCard()
    for _ in 0..<3 { #expect(try city.run(city.liteS, &card, number: card.number) == "V192") }
    let rows = try city.rows("vault.cards.flooded")
    #expect(rows.map(\.note) == ["refused: 2000 were begun within a minute"])
    #expect(try city.office.status().alarms == alarms + 1)
    city.office.clock.advance(seconds: 60)
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
    // Again, with another count: the two that had no row yet, and this one.
    begin(1999)
    #expect(try city.run(city.liteS, &card, number: card.number) == "V192")
    #expect(try city.rows("vault.cards.flooded").map(\.count) == [1, 3])
    #expect(try self.alarms("cards.flooded").map(\.times) == [4], "one alarm, however often")
  }

  @Test("ten times wrong within a minute pauses this card for a minute, its open exchanges too, and no other card")
  func paused() throws {
    var card = try SharedCardCity.liteSCard()
    var other = try SharedCardCity.desfireCard()
    let waiting = city.begin(city.liteS, card.number)
    guard case .commands(let commands) = waiting.outcome else { throw Office.Unexpected() }
    for time in 0..<10 {
      if time == 9 { #expect(SharedCardCity.word(city.begin(city.liteS, card.number)) == "commands", "nine are none too many") }
      #expect(SharedCardCity.word(city.step(city.begin(city.liteS, card.number).exchange, [])) == "malformed-answer")
    }
    #expect(try city.run(city.liteS, &card, number: card.number) == "V191")
    #expect(SharedCardCity.word(city.step(waiting.exchange, try SharedCardCity.carry(commands, to: &card))) == "V191")
    #expect(try city.run(city.desfire, &other, number: other.number) == "proven")
    city.office.clock.advance(seconds: 59)
    #expect(try city.run(city.liteS, &card, number: card.number) == "V191")
    city.office.clock.advance(seconds: 1)
    #expect(try city.run(city.liteS, &card, number: card.number) == "proven 299")
  }

  @Test("ten times wrong in more than a minute pause nobody")
  func slowlyWrong() throws {
    let card = try SharedCardCity.liteSCard()
    for _ in 0..<12 {
      #expect(SharedCardCity.word(city.step(city.begin(city.liteS, card.number).exchange, [])) == "malformed-answer")
      city.office.clock.advance(seconds: 7)
    }
  }
}
