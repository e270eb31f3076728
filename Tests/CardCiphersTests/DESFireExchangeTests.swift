import AuthTerms
import CardCiphers
import CardsInMemory
import SmartCard
import Testing

@Suite("an exchange with a DESFire EV2")
struct DESFireExchangeTests {
  private func run(
    _ card: inout DESFireInMemory, script: CardScript? = nil, change: (Int, [UInt8]) -> [UInt8] = { $1 }
  ) throws -> ExchangeBench.Ended {
    let script = try script ?? ExchangeBench.script("desfire-ev2")
    return try ExchangeBench.run(try ExchangeBench.exchange(script, number: card.number), &card, change: change)
  }

  @Test("card and city prove the key to each other in two round trips")
  func proven() throws {
    var card = try ExchangeBench.desfire()
    let ended = try run(&card)
    #expect(ended.rounds == 2 && ended.proven?.number == card.number && ended.proven?.proofClass == .symmetricAES)
    #expect(ended.proven?.counter == nil)
    let gate = CommandGate(try ExchangeBench.script("desfire-ev2"))
    #expect(ended.sent.count == 6 && ended.sent.allSatisfy(gate.admits))
    #expect(ended.sent[4] == [0x90, 0x71, 0, 0, 2, 1, 0, 0])
    #expect(ended.sent[5].count == 38)
  }

  @Test("a card with another key refuses ours, as a card does: 91AE")
  func wrongKey() throws {
    var card = try ExchangeBench.desfire()
    card.key = Numbers.secret(5)
    #expect(try run(&card).refusal == .cardRefused(0x91AE))
  }

  @Test("a number that is not the key's own: the same key answers for one number only")
  func wrongNumber() throws {
    var card = try ExchangeBench.desfire()
    card.number[6] ^= 1
    #expect(try run(&card).refusal == .cardRefused(0x91AE))
  }

  @Test("a card that proves another number than ours was asked before")
  func falseProof() throws {
    var card = try ExchangeBench.desfire()
    card.falseProof = Numbers.secret(42)
    #expect(try run(&card).refusal == .wrongMAC)
  }

  @Test("a bit turned in either sealed answer is a no", arguments: [4, 5])
  func everyBit(command: Int) throws {
    for bit in 0..<(command == 4 ? 16 : 20) * 8 {
      var card = try ExchangeBench.desfire()
      let ended = try run(&card) { index, answer in
        guard index == command else { return answer }
        var changed = answer
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        return changed
      }
      // Bits of the transaction identifier alone would not be seen, but CBC spreads each over its block.
      #expect(ended.refusal == (command == 4 ? .cardRefused(0x91AE) : .wrongMAC), "bit \(bit)")
    }
  }

  @Test(
    "generations",
    arguments: [(0x01, "ev2", false), (0x12, "ev2", true), (0x33, "ev2", true), (0x12, "ev3", false), (0x33, "ev3", true)])
  func generations(major: UInt8, asked: String, isProven: Bool) throws {
    var card = try ExchangeBench.desfire()
    card.major = major
    let script = try ExchangeBench.script("desfire-ev2", replacing: "generation: ev2", with: "generation: \(asked)")
    let ended = try run(&card, script: script)
    #expect(isProven ? ended.proven != nil : ended.refusal == .chipTooOld)
  }

  @Test(
    "status words that the script does not foresee",
    arguments: [(0, 0x917E), (3, 0x91A0), (4, 0x9140), (4, 0x9100), (5, 0x91AF)])
  func statuses(command: Int, status: Int) throws {
    var card = try ExchangeBench.desfire()
    let ended = try run(&card) { index, answer in
      index == command ? Array(answer.dropLast(2)) + [UInt8(status >> 8), UInt8(status & 0xFF)] : answer
    }
    #expect(ended.refusal == .cardRefused(UInt16(status)))
  }

  @Test("answers a byte too short or too long", arguments: [0, 3, 4, 5], [-1, 1])
  func lengths(command: Int, by: Int) throws {
    guard command != 3 || by > 0 else { return }
    var card = try ExchangeBench.desfire()
    let ended = try run(&card) { index, answer in
      guard index == command else { return answer }
      let data = answer.dropLast(2)
      return (by < 0 ? Array(data.dropLast()) : Array(data) + [0]) + answer.suffix(2)
    }
    #expect(ended.refusal == .malformedAnswer)
  }
}
