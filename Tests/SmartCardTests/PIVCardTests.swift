import AuthTerms
import SmartCard
import Testing

@Suite("The PIV profile, against answers")
struct PIVCardTests {
  private static let template: [UInt8] = [
    0x61, 0x11, 0x4F, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x79, 0x07, 0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08,
  ]

  private func card(_ answers: [UInt8]...) -> PIVCard<ScriptedCard> { PIVCard(channel: ScriptedCard(answers: answers)) }

  @Test("a PIV card names PIV")
  func select() throws {
    var good = card(Self.template + [0x90, 0x00])
    try good.select()
    #expect(good.channel.commands == [[0x00, 0xA4, 0x04, 0x00, 0x0B, 0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0, 0x00]])
  }

  @Test("other cards are told from broken ones")
  func selectRefused() {
    for status in [[0x6A, 0x82], [0x6A, 0x81], [0x6D, 0x00], [0x6E, 0x00]] as [[UInt8]] {
      var other = card(status)
      #expect(failure { () throws(CardFailure) in try other.select() } == .unsupportedCard)
    }
    var sayer = card([0x61, 0x02, 0x79, 0x00, 0x90, 0x00])
    #expect(failure { () throws(CardFailure) in try sayer.select() } == .unsupportedCard)
    var stranger = card([0x61, 0x04, 0x4F, 0x02, 0xA0, 0x00, 0x90, 0x00])
    #expect(failure { () throws(CardFailure) in try stranger.select() } == .unsupportedCard)
    var mumbler = card([0x90, 0x00])
    #expect(isMalformed(failure { () throws(CardFailure) in try mumbler.select() }))
    var ill = card([0x6F, 0x00])
    #expect(failure { () throws(CardFailure) in try ill.select() } == .refused(StatusWord(rawValue: 0x6F00)))
  }

  @Test("a certificate comes out of its object")
  func certificate() throws {
    var good = card([0x53, 0x09, 0x70, 0x02, 0x30, 0x00, 0x71, 0x01, 0x00, 0xFE, 0x00, 0x90, 0x00])
    #expect(try good.certificate(slot: .authentication) == [0x30, 0x00])
    #expect(good.channel.commands == [[0x00, 0xCB, 0x3F, 0xFF, 0x05, 0x5C, 0x03, 0x5F, 0xC1, 0x05, 0x00]])
    var other = card([0x53, 0x07, 0x70, 0x02, 0x30, 0x00, 0x71, 0x01, 0x00, 0x90, 0x00])
    #expect(try other.certificate(slot: .cardAuthentication) == [0x30, 0x00])
    #expect(other.channel.commands[0][7...9] == [0x5F, 0xC1, 0x01])
  }

  @Test(
    "certificate objects that are not read",
    arguments: [
      ("compressed", [0x53, 0x07, 0x70, 0x02, 0x1F, 0x8B, 0x71, 0x01, 0x01], .compressedCertificate),
      ("empty slot", [0x53, 0x00], .missingObject),
      ("empty certificate", [0x53, 0x05, 0x70, 0x00, 0x71, 0x01, 0x00], .missingObject),
      ("no information byte", [0x53, 0x04, 0x70, 0x02, 0x30, 0x00], nil),
      ("two certificates", [0x53, 0x09, 0x70, 0x01, 0x30, 0x70, 0x01, 0x31, 0x71, 0x01, 0x00], nil),
      ("error detection in use", [0x53, 0x08, 0x70, 0x01, 0x30, 0x71, 0x01, 0x00, 0xFE, 0x01, 0x00], nil),
      ("another wrapping", [0x54, 0x00], nil), ("nothing", [], nil),
    ] as [(String, [UInt8], CardFailure?)])
  func badObjects(what: String, object: [UInt8], expected: CardFailure?) {
    var bad = card(object + [0x90, 0x00])
    let found = failure { () throws(CardFailure) in try bad.certificate(slot: .authentication) }
    if let expected { #expect(found == expected, "\(what)") } else { #expect(isMalformed(found), "\(what)") }
  }

  @Test("status words of GET DATA")
  func objectStatus() {
    for (status, expected) in [
      ([0x6A, 0x82], .missingObject), ([0x6A, 0x88], .missingObject), ([0x69, 0x82], .pinRequired),
      ([0x6F, 0x00], .refused(StatusWord(rawValue: 0x6F00))), ([], .cardRemoved),
    ] as [([UInt8], CardFailure)] {
      var bad = card(status)
      #expect(failure { () throws(CardFailure) in try bad.guid() } == expected)
    }
  }

  @Test("the GUID has 16 bytes")
  func guid() throws {
    let guid = (1...16).map { UInt8($0) }
    var good = card([0x53, 0x16, 0x30, 0x02, 0xAA, 0xBB, 0x34, 0x10] + guid + [0x90, 0x00])
    #expect(try good.guid() == guid)
    var short = card([0x53, 0x03, 0x34, 0x01, 0x01, 0x90, 0x00])
    #expect(isMalformed(failure { () throws(CardFailure) in try short.guid() }))
  }

  @Test(
    "a card tells its own number, or none; a card that goes is neither",
    arguments: [
      ("a number", [0x53, 0x12, 0x34, 0x10] + [UInt8](repeating: 0xD4, count: 16) + [0x90, 0x00], 16),
      ("sixteen zero bytes", [0x53, 0x12, 0x34, 0x10] + [UInt8](repeating: 0, count: 16) + [0x90, 0x00], 0),
      ("too short", [0x53, 0x03, 0x34, 0x01, 0x01, 0x90, 0x00], 0), ("no tag 34", [0x53, 0x00, 0x90, 0x00], 0),
      ("not TLV", [0xFF, 0x90, 0x00], 0), ("no CHUID", [0x6A, 0x82], 0), ("behind the PIN", [0x69, 0x82], 0),
      ("some status", [0x6F, 0x00], 0), ("pulled", [], nil),
    ] as [(String, [UInt8], Int?)])
  func ownNumber(what: String, answer: [UInt8], count: Int?) throws {
    var asked = card(Self.template + [0x90, 0x00], answer)
    if let count {
      #expect(try asked.ownNumber()?.bytes.count ?? 0 == count, "\(what)")
    } else {
      #expect(failure { () throws(CardFailure) in try asked.ownNumber() } == .cardRemoved)
    }
  }

  // MARK: PIN

  @Test(
    "what the card says to a PIN",
    arguments: [
      ([0x90, 0x00], .verified), ([0x63, 0xC2], .wrong(triesLeft: 2)), ([0x63, 0xC1], .wrong(triesLeft: 1)),
      ([0x63, 0xC0], .blocked), ([0x69, 0x83], .blocked),
    ] as [([UInt8], PINOutcome)])
  func outcomes(answer: [UInt8], outcome: PINOutcome) throws {
    var asked = card(answer)
    #expect(try asked.verifyPIN(Secret<PIN>(copying: Array("123456".utf8))) == outcome)
    #expect(asked.channel.commands == [[0x00, 0x20, 0x00, 0x80, 0x08, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0xFF, 0xFF]])
  }

  @Test("no answer is not a wrong PIN")
  func noAnswer() {
    var gone = card()
    #expect(failure { () throws(CardFailure) in try gone.verifyPIN(Secret<PIN>(copying: Array("1234".utf8))) } == .cardRemoved)
    var odd = card([0x6F, 0x00])
    #expect(
      failure { () throws(CardFailure) in try odd.verifyPIN(Secret<PIN>(copying: Array("1234".utf8))) }
        == .refused(StatusWord(rawValue: 0x6F00)))
  }

  @Test(
    "what is no PIN is never sent: it would cost a try, or ask the counter",
    arguments: ["", "123", "123456789", "12345a", "１２３４", "1234\n", " 1234"])
  func unusable(text: String) {
    var asked = card([0x90, 0x00])
    #expect(failure { () throws(CardFailure) in try asked.verifyPIN(Secret<PIN>(copying: Array(text.utf8))) } == .unusablePIN)
    #expect(asked.channel.commands.isEmpty)
    #expect(!PINRule.accepts(Secret<PIN>(copying: Array(text.utf8))))
  }

  @Test("4 and 8 digits may be sent")
  func usable() throws {
    for text in ["1234", "12345678"] {
      var asked = card([0x90, 0x00])
      #expect(try asked.verifyPIN(Secret<PIN>(copying: Array(text.utf8))) == .verified)
      #expect(asked.channel.commands[0].count == 13)
    }
  }

  @Test("the counter is asked without a try")
  func counter() throws {
    var some = card([0x63, 0xC3])
    #expect(try some.pinTriesLeft() == 3)
    #expect(some.channel.commands == [[0x00, 0x20, 0x00, 0x80]])
    var none = card([0x69, 0x83])
    #expect(try none.pinTriesLeft() == 0)
    var without = card([0x6A, 0x88])
    #expect(failure { () throws(CardFailure) in try without.pinTriesLeft() } == .unsupportedCard)
  }

  @Test("somebody else's PIN is logged out, never used")
  func foreignPIN() throws {
    var open = card([0x90, 0x00], [0x90, 0x00], [0x63, 0xC3])
    #expect(try open.pinTriesLeft() == 3)
    #expect(open.channel.commands[1] == [0x00, 0x20, 0xFF, 0x80])
    var stuck = card([0x90, 0x00], [0x6A, 0x86], [0x90, 0x00])
    #expect(failure { () throws(CardFailure) in try stuck.pinTriesLeft() } == .cardReset)
  }

  // MARK: Slots

  @Test("slots by their names")
  func slots() {
    #expect(PIVSlot(name: "9a") == .authentication)
    #expect(PIVSlot(name: "9e") == .cardAuthentication)
    #expect(PIVSlot(name: "9A") == nil)
    #expect(PIVSlot.authentication.bestProofClass == .publicKeyWithPIN)
    #expect(PIVSlot.cardAuthentication.bestProofClass == .publicKey)
  }
}
