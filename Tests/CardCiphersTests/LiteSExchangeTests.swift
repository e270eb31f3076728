import AuthTerms
import CardCiphers
import CardsInMemory
import Foundation
import SmartCard
import Testing

@Suite("an exchange with a FeliCa Lite-S")
struct LiteSExchangeTests {
  /// Internal authentication alone, as on cards whose STATE takes no MAC.
  private static func internalOnly() throws -> CardScript {
    let text = try ExchangeBench.text("felica-lite-s")
    let second = try #require(text.range(of: "  # 庁側"))
    return try ExchangeBench.script("felica-lite-s", replacing: String(text[second.lowerBound...]), with: "")
  }

  @Test("the card proves its key in one round trip, and both prove it in two")
  func proven() throws {
    var card = try ExchangeBench.liteS()
    let once = try ExchangeBench.run(try ExchangeBench.exchange(try Self.internalOnly(), number: card.number), &card)
    #expect(once.rounds == 1 && once.proven?.proofClass == .symmetric3DES && once.proven?.counter == 0x12A)
    let twice = try ExchangeBench.run(
      try ExchangeBench.exchange(try ExchangeBench.script("felica-lite-s"), number: card.number, known: 0x12A), &card)
    #expect(twice.rounds == 2 && twice.proven?.number == card.number)
    #expect(twice.proven?.counter == 0x12B, "the write of STATE is counted by the card")
  }

  @Test("everything that leaves passes the agent's gate, and nothing of a key is in it")
  func leaves() throws {
    var card = try ExchangeBench.liteS()
    let script = try ExchangeBench.script("felica-lite-s")
    let ended = try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card)
    let gate = CommandGate(script)
    #expect(ended.sent.count == 5 && ended.sent.allSatisfy(gate.admits))
    let keys = LiteSKeys(cipher: OpenSSLCardCipher())
    let nonce = Numbers.secret(9).withBytes { Array($0) }
    for secret in [ExchangeBench.liteSMaster, card.cardKey, try keys.sessionKey(cardKey: card.cardKey, nonce: nonce)] {
      let bytes = secret.withBytes { Array($0) }
      for start in stride(from: 0, through: bytes.count - 8, by: 4) {
        let piece = Array(bytes[start..<start + 8])
        for sent in ended.sent where sent.count >= 8 {
          for at in 0...sent.count - 8 {
            #expect(Array(sent[at..<at + 8]) != piece && Array(sent[at..<at + 8]) != Array(piece.reversed()))
          }
        }
      }
    }
  }

  @Test("another city's key, or another card's, is a wrong MAC")
  func wrongKey() throws {
    let script = try ExchangeBench.script("felica-lite-s")
    var card = try LiteSInMemory(master: Numbers.secret(3, count: 24))
    #expect(try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card).refusal == .wrongMAC)
    var other = try ExchangeBench.liteS()
    other.cardKey = Numbers.secret(4)
    #expect(try ExchangeBench.run(try ExchangeBench.exchange(script, number: other.number), &other).refusal == .wrongMAC)
  }

  @Test("a bit turned anywhere in a protected answer is a no", arguments: [2, 4])
  func everyBit(command: Int) throws {
    let script = try ExchangeBench.script("felica-lite-s")
    let length = 13 + 16 * 3
    // The last 8 bytes of MAC_A are no part of it.
    for bit in 0..<(length - 8) * 8 {
      var card = try ExchangeBench.liteS()
      let ended = try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card) { index, answer in
        guard index == command else { return answer }
        var changed = answer
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        return changed
      }
      #expect(ended.refusal != nil, "bit \(bit)")
    }
  }

  @Test(
    "a card whose counter went back is a copy", arguments: [(0x12A, true), (0x129, true), (0x12B, false), (0xFFFFFF, false)])
  func counter(known: UInt32, isProven: Bool) throws {
    var card = try ExchangeBench.liteS()
    let script = try Self.internalOnly()
    let ended = try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number, known: known), &card)
    #expect(ended.proven != nil ? isProven : !isProven)
    #expect(isProven || ended.refusal == .cloneSuspected)
  }

  @Test("a counter that goes back inside an exchange is a copy in the field")
  func counterWithin() throws {
    var (one, two) = (try ExchangeBench.liteS(), try ExchangeBench.liteS())
    one.counter = 0x200
    var exchange = try ExchangeBench.exchange(try ExchangeBench.script("felica-lite-s"), number: one.number)
    guard case .send(let first) = try exchange.begin() else { throw Unexpected() }
    guard case .send(let second) = try exchange.step(try first.map { try one.answer($0) }) else { throw Unexpected() }
    // The copy was given the same random number, and takes over.
    two.counter = 0x1FF
    for command in first { _ = try two.answer(command) }
    let answers = [try one.answer(second[0]), try two.answer(second[1])]
    #expect(try exchange.step(answers) == .refused(.cloneSuspected))
  }

  @Test("another number in any frame is another card", arguments: 0..<5)
  func numberChanged(command: Int) throws {
    var card = try ExchangeBench.liteS()
    let script = try ExchangeBench.script("felica-lite-s")
    let ended = try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card) { index, answer in
      var changed = answer
      if index == command { changed[9] ^= 1 }
      return changed
    }
    #expect(ended.refusal == .identifierChanged)
  }

  @Test("an ID block that names another card is another card, whatever its MAC says")
  func idOfAnother() throws {
    var card = try ExchangeBench.liteS()
    card.id[0] ^= 1
    card.cardKey = try LiteSKeys(cipher: OpenSSLCardCipher()).cardKey(master: ExchangeBench.liteSMaster, id: card.id)
    let script = try ExchangeBench.script("felica-lite-s")
    #expect(try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card).refusal == .identifierChanged)
  }

  @Test(
    "the chip that says it is a Lite is too old; so is one that says it is something else", arguments: [0xF0, 0xF8, 0x01, 0xFF])
  func chip(type: UInt8) throws {
    var card = try ExchangeBench.liteS()
    card.parameters[1] = type
    let script = try ExchangeBench.script("felica-lite-s")
    #expect(try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card).refusal == .chipTooOld)
  }

  @Test("constants are compared, and only after the MAC")
  func constants() throws {
    let wanted = try ExchangeBench.script(
      "felica-lite-s", replacing: "answer: [any, counter, mac]",
      with: "answer: [\"01000000000000000000000000000000\", counter, mac]")
    var card = try ExchangeBench.liteS()
    #expect(try ExchangeBench.run(try ExchangeBench.exchange(wanted, number: card.number), &card).proven != nil)
    let other = try ExchangeBench.script(
      "felica-lite-s", replacing: "answer: [any, counter, mac]",
      with: "answer: [\"02000000000000000000000000000000\", counter, mac]")
    #expect(
      try ExchangeBench.run(try ExchangeBench.exchange(other, number: card.number), &card).refusal == .unexpectedValue)
  }

  @Test("one key for all cards, where a file says so")
  func sharedKey() throws {
    let script = try ExchangeBench.script("felica-lite-s", replacing: "method: lite-s-ck", with: "method: none")
    var card = try ExchangeBench.liteS()
    card.cardKey = Numbers.secret(6)
    let exchange = try ExchangeBench.exchange(script, number: card.number, master: Numbers.secret(6))
    #expect(try ExchangeBench.run(exchange, &card).proven != nil)
  }

  struct Unexpected: Error {}
}

@Suite("what no exchange takes")
struct ExchangeLimitTests {
  @Test("answers that are none", arguments: ["felica-lite-s", "desfire-ev2"])
  func malformed(name: String) throws {
    let script = try ExchangeBench.script(name)
    let number = [UInt8](repeating: 4, count: script.kind.numberLength)
    for bad in [[], [0x90], [UInt8](repeating: 0, count: 258), [18, 1]] as [[UInt8]] {
      var exchange = try ExchangeBench.exchange(script, number: number)
      guard case .send(let sent) = try exchange.begin() else { throw LiteSExchangeTests.Unexpected() }
      let refusal: Set<String> = ["malformed-answer", "card-refused"]
      guard case .refused(let found) = try exchange.step([bad] + sent.dropFirst().map { _ in [] }) else {
        throw LiteSExchangeTests.Unexpected()
      }
      #expect(refusal.contains(found.code))
    }
    for long in [259, 300, 65_538] {
      var exchange = try ExchangeBench.exchange(script, number: number)
      _ = try exchange.begin()
      #expect(try exchange.step([[UInt8](repeating: 0, count: long)]) == .refused(.answerTooLong))
    }
  }

  @Test("fewer or more answers than commands")
  func count() throws {
    let script = try ExchangeBench.script("felica-lite-s")
    for count in [0, 1, 2, 4] {
      var card = try ExchangeBench.liteS()
      var exchange = try ExchangeBench.exchange(script, number: card.number)
      guard case .send(let commands) = try exchange.begin() else { throw LiteSExchangeTests.Unexpected() }
      let answers = try (commands + commands).prefix(count).map { try card.answer($0) }
      #expect(try exchange.step(answers) == .refused(.malformedAnswer))
    }
  }

  @Test("a card's own no is told, and an agent that stops there is understood")
  func cardRefuses() throws {
    let card = try ExchangeBench.liteS()
    var exchange = try ExchangeBench.exchange(try ExchangeBench.script("felica-lite-s"), number: card.number)
    _ = try exchange.begin()
    let polled: [UInt8] = [18, 1] + card.number + card.parameters
    let refused: [UInt8] = [12, 9] + card.number + [0x01, 0xA8]
    #expect(try exchange.step([polled, refused]) == .refused(.cardRefused(0x01A8)))
  }

  @Test("an exchange is used once", arguments: ["felica-lite-s", "desfire-ev2"])
  func once(name: String) throws {
    let script = try ExchangeBench.script(name)
    var exchange = try ExchangeBench.exchange(script, number: [UInt8](repeating: 1, count: script.kind.numberLength))
    #expect(try exchange.step([]) == .refused(.outOfTurn), "before its beginning")
    #expect(try exchange.begin() == .refused(.outOfTurn), "and that was its end")
    var second = try ExchangeBench.exchange(script, number: [UInt8](repeating: 1, count: script.kind.numberLength))
    _ = try second.begin()
    #expect(try second.begin() == .refused(.outOfTurn), "a second set of commands is never made")
    #expect(try second.step([]) == .refused(.outOfTurn))
  }

  @Test("numbers, keys and random numbers of another length")
  func lengths() throws {
    let script = try ExchangeBench.script("felica-lite-s")
    for (number, master, random) in [(7, 24, 16), (8, 16, 16), (8, 24, 15)] {
      #expect(throws: MalformedInput.self) {
        try CardExchange(
          script: script, number: [UInt8](repeating: 0, count: number), knownCounter: nil,
          masterKey: Numbers.secret(1, count: master), random: Numbers.secret(1, count: random), cipher: OpenSSLCardCipher())
      }
    }
  }

  @Test("an exchange shows nothing of what it holds")
  func silence() throws {
    let script = try ExchangeBench.script("felica-lite-s")
    var exchange = try ExchangeBench.exchange(script, number: [UInt8](repeating: 0xAB, count: 8))
    _ = try exchange.begin()
    var shown = ""
    dump(exchange, to: &shown)
    #expect(shown.split(separator: "\n").count == 1)
    #expect(Mirror(reflecting: exchange).children.isEmpty)
  }
}
