import AuthTerms
import SmartCard
import Testing

@Suite("A new PIN: what is asked and what is taken")
struct PINChangeTests {
  private static func pin(_ text: String) -> Secret<PIN> { Secret(copying: Array(text.utf8)) }
  private static func puk(_ text: String) -> Secret<PUK> { Secret(copying: Array(text.utf8)) }

  private func card(_ answers: [UInt8]...) -> PIVCard<ScriptedCard> { PIVCard(channel: ScriptedCard(answers: answers)) }

  @Test("old and new PIN go in one command, each filled up to eight bytes")
  func change() throws {
    var asked = card([0x90, 0x00])
    #expect(try asked.changePIN(from: Self.pin("1234"), to: Self.pin("24681012")) == .changed)
    #expect(
      asked.channel.commands == [
        [0x00, 0x24, 0x00, 0x80, 0x10] + Array("1234".utf8) + [0xFF, 0xFF, 0xFF, 0xFF] + Array("24681012".utf8)
      ])
  }

  @Test("PUK and new PIN likewise")
  func reset() throws {
    var asked = card([0x90, 0x00])
    #expect(try asked.resetPIN(puk: Self.puk("k7!Qz9x"), to: Self.pin("246810")) == .changed)
    #expect(
      asked.channel.commands == [
        [0x00, 0x2C, 0x00, 0x80, 0x10] + Array("k7!Qz9x".utf8) + [0xFF] + Array("246810".utf8) + [0xFF, 0xFF]
      ])
  }

  @Test(
    "what the card says",
    arguments: [
      ([0x90, 0x00], .changed), ([0x63, 0xC2], .wrong(triesLeft: 2)), ([0x63, 0xC0], .blocked), ([0x69, 0x83], .blocked),
      ([0x6A, 0x80], .unfit), ([0x6D, 0x00], .notSupported), ([0x6A, 0x81], .notSupported), ([0x6A, 0x88], .notSupported),
      ([0x6E, 0x00], .notSupported),
    ] as [([UInt8], PINChangeOutcome)])
  func outcomes(answer: [UInt8], outcome: PINChangeOutcome) throws {
    var one = card(answer)
    #expect(try one.changePIN(from: Self.pin("123456"), to: Self.pin("246810")) == outcome)
    var other = card(answer)
    #expect(try other.resetPIN(puk: Self.puk("12345678"), to: Self.pin("246810")) == outcome)
  }

  @Test("no answer, or one that is not foreseen, is no outcome; nothing is sent again")
  func noAnswer() {
    for (answer, expected) in [
      ([], .cardRemoved), ([0x6F, 0x00], .refused(StatusWord(rawValue: 0x6F00))),
    ] as [([UInt8], CardFailure)] {
      var asked = card(answer, [0x90, 0x00])
      let found = failure { () throws(CardFailure) in try asked.changePIN(from: Self.pin("123456"), to: Self.pin("246810")) }
      #expect(found == expected && asked.channel.commands.count == 1)
    }
  }

  @Test(
    "a new PIN that is not taken is never sent: it would cost a try",
    arguments: [
      ("", .form), ("24681", .form), ("246810246", .form), ("24681a", .form), ("２４６８１０", .form), ("246810\n", .form),
      ("135790", .same), ("111111", .trivial), ("00000000", .trivial), ("123456", .trivial), ("234567", .trivial),
      ("890123", .trivial), ("987654", .trivial), ("654321", .trivial), ("13579135", .trivial), ("121212", .trivial),
      ("246246", .trivial), ("24682468", .trivial), ("567890", .trivial),
    ] as [(String, NewPINFault)])
  func unfit(text: String, fault: NewPINFault) {
    let old = Self.pin("135790")
    #expect(NewPINRule.fault(Self.pin(text), old: old) == fault)
    var asked = card([0x90, 0x00])
    #expect(failure { () throws(CardFailure) in try asked.changePIN(from: old, to: Self.pin(text)) } == .unusablePIN)
    if fault != .same {
      #expect(
        failure { () throws(CardFailure) in try asked.resetPIN(puk: Self.puk("12345678"), to: Self.pin(text)) } == .unusablePIN)
    }
    #expect(asked.channel.commands.isEmpty)
  }

  @Test("others are taken, 6 to 8 digits", arguments: ["246810", "2468102", "24681013", "112233", "100001"])
  func fit(text: String) {
    #expect(NewPINRule.fault(Self.pin(text)) == nil)
    #expect(NewPINRule.fault(Self.pin(text), old: Self.pin("975310")) == nil)
  }

  @Test("an old PIN and a PUK that are none are never sent", arguments: ["", "123", "12345", "123456789", "12345 7", "１２３４５６"])
  func unusable(text: String) {
    var asked = card([0x90, 0x00])
    #expect(
      failure { () throws(CardFailure) in try asked.resetPIN(puk: Self.puk(text), to: Self.pin("246810")) } == .unusablePIN)
    if text.utf8.count < 4 || text.utf8.count > 8 || text.contains(" ") {
      #expect(
        failure { () throws(CardFailure) in try asked.changePIN(from: Self.pin(text), to: Self.pin("246810")) } == .unusablePIN)
    }
    #expect(asked.channel.commands.isEmpty)
  }

  @Test("two that were typed are the same or not")
  func equal() {
    #expect(NewPINRule.areEqual(Self.pin("246810"), Self.pin("246810")))
    for other in ["246811", "24681", "2468100", ""] { #expect(!NewPINRule.areEqual(Self.pin("246810"), Self.pin(other))) }
  }
}
