import AuthTerms
import SmartCard
import Testing

@Suite("The JPKI profile, against answers")
struct JPKICardTests {
  private static let ok: [UInt8] = [0x90, 0x00]
  private static let aid: [UInt8] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]
  private static let digest = [UInt8](repeating: 0xD1, count: 32)

  private func card(_ answers: [UInt8]...) -> JPKICard<ScriptedCard> { JPKICard(channel: ScriptedCard(answers: answers)) }

  private func pin(_ text: String) -> Secret<PIN> { Secret(copying: Array(text.utf8)) }

  @Test("the application is selected by its whole name, without asking what it says of itself")
  func select() throws {
    var good = card(Self.ok)
    try good.select()
    let header: [UInt8] = [0x00, 0xA4, 0x04, 0x0C, 0x0A]
    #expect(good.channel.commands == [header + Self.aid])
    for status in [[0x6A, 0x82], [0x6A, 0x81], [0x6D, 0x00], [0x6E, 0x00]] as [[UInt8]] {
      var other = card(status)
      #expect(failure { () throws(CardFailure) in try other.select() } == .unsupportedCard)
    }
    var ill = card([0x6F, 0x00])
    #expect(failure { () throws(CardFailure) in try ill.select() } == .refused(StatusWord(rawValue: 0x6F00)))
  }

  @Test("a certificate is read in pieces, as long as it says itself, and no byte more")
  func certificate() throws {
    let whole = try Samples.rsaCertificate
    var good = JPKICard(
      channel: ScriptedCard { (_, command) throws(CardFailure) in
        guard command[1] == 0xB0 else { return Self.ok }
        let offset = Int(command[2]) << 8 | Int(command[3])
        let count = command[4] == 0 ? 256 : Int(command[4])
        return Array(whole[offset..<min(whole.count, offset + count)]) + Self.ok
      })
    #expect(try good.certificate() == whole)
    let asked = good.channel.commands
    #expect(asked[0] == [0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x0A] && asked[1] == [0x00, 0xB0, 0x00, 0x00, 0x04])
    #expect(asked.count == 2 + (whole.count - 4 + 255) / 256 && asked[2] == [0x00, 0xB0, 0x00, 0x04, 0x00])
  }

  @Test(
    "what says another length, or gives another, is no certificate",
    arguments: [
      [0x30, 0x82, 0x01], [0x30, 0x82, 0x00, 0xFF], [0x30, 0x82, 0x0F, 0xFD], [0x30, 0x82, 0xFF, 0xFF],
      [0x30, 0x81, 0xFF, 0x00],
      [0x30, 0x80, 0x00, 0x00], [0x30, 0x83, 0x00, 0x01], [0x31, 0x82, 0x01, 0x10], [0, 0, 0, 0], [],
    ] as [[UInt8]])
  func badLengths(head: [UInt8]) {
    let zeros = [UInt8](repeating: 0, count: 256)
    var bad = card(Self.ok, head + Self.ok, zeros + Self.ok)
    #expect(isMalformed(failure { () throws(CardFailure) in try bad.certificate() }))
    #expect(bad.channel.commands.count == 2, "nothing more is read")
  }

  @Test("a piece that is shorter than asked, no file, a file behind a PIN, a card that left")
  func badFiles() {
    let (head, zeros): ([UInt8], [UInt8]) = ([0x30, 0x82, 0x01, 0x10, 0x90, 0x00], [UInt8](repeating: 0, count: 256))
    var short = card(Self.ok, head, [1, 2, 3, 0x90, 0x00])
    #expect(isMalformed(failure { () throws(CardFailure) in try short.certificate() }))
    var endless = card(Self.ok, head, zeros + [0x61, 0x00])
    #expect(isMalformed(failure { () throws(CardFailure) in try endless.certificate() }))
    var none = card([0x6A, 0x82])
    #expect(failure { () throws(CardFailure) in try none.certificate() } == .missingObject)
    var behind = card(Self.ok, [0x69, 0x82])
    #expect(failure { () throws(CardFailure) in try behind.certificate() } == .pinRequired)
    var gone = card(Self.ok)
    #expect(failure { () throws(CardFailure) in try gone.certificate() } == .cardRemoved)
  }

  @Test(
    "tries are asked for without a try",
    arguments: [([0x63, 0xC3], 3), ([0x63, 0xC1], 1), ([0x63, 0xC0], 0), ([0x69, 0x83], 0)] as [([UInt8], Int)])
  func tries(status: [UInt8], left: Int) throws {
    var asked = card(Self.ok, status)
    #expect(try asked.pinTriesLeft() == left)
    #expect(asked.channel.commands == [[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x18], [0x00, 0x20, 0x00, 0x80]])
  }

  @Test("somebody else's PIN does not count: the card is to be reset")
  func carried() {
    var verified = card(Self.ok, Self.ok)
    #expect(failure { () throws(CardFailure) in try verified.pinTriesLeft() } == .cardReset)
  }

  @Test(
    "a PIN is sent once, four digits with their length",
    arguments: [
      ([0x90, 0x00], .verified), ([0x63, 0xC2], .wrong(triesLeft: 2)), ([0x63, 0xC0], .blocked), ([0x69, 0x83], .blocked),
    ] as [([UInt8], PINOutcome)])
  func verify(status: [UInt8], outcome: PINOutcome) throws {
    var asked = card(Self.ok, status)
    #expect(try asked.verifyPIN(pin("4649")) == outcome)
    #expect(asked.channel.commands.last == [0x00, 0x20, 0x00, 0x80, 0x04, 0x34, 0x36, 0x34, 0x39])
    #expect(asked.channel.commands.count == 2)
  }

  @Test(
    "nothing that is not four digits is sent, above all nothing empty",
    arguments: ["", "1", "123", "12345", "246810", "12a4", "１２３４"])
  func unusable(text: String) {
    var asked = card(Self.ok, Self.ok)
    #expect(failure { () throws(CardFailure) in try asked.verifyPIN(pin(text)) } == .unusablePIN)
    #expect(asked.channel.commands.isEmpty)
  }

  @Test("the card gets the DigestInfo of a SHA-256 and gives 256 bytes")
  func sign() throws {
    let signature = (0..<256).map { UInt8(truncatingIfNeeded: $0) }
    var good = card(Self.ok, signature + Self.ok)
    #expect(try good.sign(digest: Self.digest) == signature)
    let info: [UInt8] = [
      0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
    ]
    #expect(good.channel.commands[0] == [0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x17])
    var expected: [UInt8] = [0x80, 0x2A, 0x00, 0x80, 0x33]
    expected += info
    expected += Self.digest
    expected.append(0x00)
    #expect(good.channel.commands[1] == expected)
    // A reader of T=0 says where the answer waits.
    var pieces = card(Self.ok, [0x61, 0x00], signature + Self.ok)
    #expect(try pieces.sign(digest: Self.digest) == signature)
    for count in [0, 31, 33, 48] {
      var wrong = card(Self.ok)
      let digest = [UInt8](repeating: 1, count: count)
      #expect(failure { () throws(CardFailure) in try wrong.sign(digest: digest) } == .malformedCommand)
      #expect(wrong.channel.commands.isEmpty)
    }
  }

  @Test(
    "a key that does not sign",
    arguments: [
      ([0x69, 0x82], .pinRequired), ([0x69, 0x83], .pinBlocked), ([0x6A, 0x88], .missingObject),
      ([0x6F, 0x00], .refused(StatusWord(rawValue: 0x6F00))),
    ] as [([UInt8], CardFailure)])
  func refused(status: [UInt8], expected: CardFailure) {
    var asked = card(Self.ok, status)
    #expect(failure { () throws(CardFailure) in try asked.sign(digest: Self.digest) } == expected)
    var short = card(Self.ok, [UInt8](repeating: 7, count: 255) + Self.ok)
    #expect(isMalformed(failure { () throws(CardFailure) in try short.sign(digest: Self.digest) }))
  }

  /// A card that works, or does what a test says.
  private func working(_ certificate: [UInt8], guards: Bool = true) -> JPKICard<ScriptedCard> {
    var isVerified = false
    return JPKICard(
      channel: ScriptedCard { (_, command) throws(CardFailure) in
        switch (command[0], command[1]) {
        case (0x00, 0xA4): return Self.ok
        case (0x00, 0xB0):
          let offset = Int(command[2]) << 8 | Int(command[3])
          let count = command[4] == 0 ? 256 : Int(command[4])
          return Array(certificate[offset..<min(certificate.count, offset + count)]) + Self.ok
        case (0x00, 0x20) where command.count == 4: return [0x63, 0xC3]
        case (0x00, 0x20):
          isVerified = Array(command.suffix(4)) == Array("4649".utf8)
          return isVerified ? Self.ok : [0x63, 0xC2]
        case (0x80, 0x2A): return isVerified || !guards ? [UInt8](repeating: 5, count: 256) + Self.ok : [0x69, 0x82]
        default: return [0x6D, 0x00]
        }
      })
  }

  @Test("the desk sees the key refuse without its PIN, and sign with it; one that does not refuse is not given the PIN")
  func enrolment() throws {
    let certificate = try Samples.rsaCertificate
    var good = working(certificate)
    guard case .proven(let evidence) = try good.prove(seen: certificate, pin: pin("4649"), digest: Self.digest) else {
      Issue.record("not proven")
      return
    }
    #expect(evidence.refusedWithoutPIN && evidence.certificate == certificate && evidence.signature.count == 256)
    var wrong = working(certificate)
    #expect(try wrong.prove(seen: certificate, pin: pin("0000"), digest: Self.digest) == .wrongPIN(triesLeft: 2))
    var open = working(certificate, guards: false)
    guard case .proven(let careless) = try open.prove(seen: certificate, pin: pin("4649"), digest: Self.digest) else {
      Issue.record("not proven")
      return
    }
    #expect(!careless.refusedWithoutPIN)
    #expect(open.channel.commands.allSatisfy { $0[1] != 0x20 || $0.count == 4 })
    var other = working(certificate)
    #expect(try other.prove(seen: [1], pin: pin("4649"), digest: Self.digest) == .otherCard)
    #expect(other.channel.commands.allSatisfy { $0[1] != 0x20 })
    let curve = try Samples.certificate
    var unknown = working(curve)
    let found = failure { () throws(CardFailure) in try unknown.prove(seen: curve, pin: pin("4649"), digest: Self.digest) }
    #expect(found == .unsupportedCard)
  }

  @Test("no file is ever named but the certificate, the key and its PIN, and no application but this one")
  func names() throws {
    let certificate = try Samples.rsaCertificate
    var card = working(certificate)
    _ = try card.prove(seen: certificate, pin: pin("4649"), digest: Self.digest)
    let selected = card.channel.commands.filter { $0[1] == 0xA4 }
    #expect(selected.first?.dropFirst(5).elementsEqual(Self.aid) == true)
    let files: Set<[UInt8]> = [[0x00, 0x0A], [0x00, 0x17], [0x00, 0x18]]
    #expect(Set(selected.dropFirst().map { Array($0.suffix(2)) }) == files)
  }
}
