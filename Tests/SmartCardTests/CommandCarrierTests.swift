import AuthTerms
import SmartCard
import Testing

@Suite("what an agent carries to a shared-key card, and back")
struct CommandCarrierTests {
  private static let number: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
  private static let read = FelicaFrame.read(number, blocks: [0x82, 0x91])
  private static let write = FelicaFrame.write(number, blocks: [0x80], contents: [[UInt8](repeating: 9, count: 16)])
  private static let done: [UInt8] = [12, 9] + number + [0, 0]
  private static let refused: [UInt8] = [12, 7] + number + [1, 0xB2]
  private static let sessionOK: [UInt8] = [0xC0, 3, 0, 0x90, 0, 0x90, 0]

  private static func wrapped(_ frame: [UInt8]) -> [UInt8] {
    [0xC0, 3, 0, 0x90, 0, 0x92, 1, 0, 0x96, 2, 0, 0, 0x97, UInt8(frame.count)] + frame + [0x90, 0]
  }

  private func carrier(
    _ kind: SharedKeyCardKind, _ family: FelicaReaderFamily = .transparentSession, commands: [CardCommandCode]? = nil,
    answers: [[UInt8]]
  ) -> CommandCarrier<ScriptedCard> {
    CommandCarrier(
      channel: ScriptedCard(answers: answers), kind: kind, commands: commands ?? kind.ceiling, family: family)
  }

  @Test("frames in a transparent session, which is closed again")
  func transparent() throws {
    var carrier = carrier(
      .felicaLiteS, answers: [Self.sessionOK, Self.wrapped(Self.done), Self.wrapped(Self.refused), Self.sessionOK])
    #expect(try carrier.carry([Self.write, Self.read]) == [Self.done, Self.refused])
    let sent = carrier.channel.commands
    #expect(sent.count == 4 && sent[0] == [0xFF, 0xC2, 0, 0, 2, 0x81, 0, 0] && sent[3] == [0xFF, 0xC2, 0, 0, 2, 0x82, 0, 0])
    let count = UInt8(Self.write.count)
    #expect(sent[1].prefix(7) == [0xFF, 0xC2, 0, 1, count + 2, 0x95, count])
    #expect(Array(sent[1].dropFirst(7)) == Self.write + [0])
  }

  @Test("all rounds in one session; each round is held against the gate before any of it is sent")
  func rounds() throws {
    let frames = [Self.sessionOK, Self.wrapped(Self.done), Self.wrapped(Self.done), Self.sessionOK]
    var whole = carrier(.felicaLiteS, answers: frames)
    var left = [[Self.write]]
    var said: [[[UInt8]]] = []
    try whole.carry(first: [Self.write]) { answers throws(CardFailure) in
      said.append(answers)
      return left.popLast()
    }
    #expect(said == [[Self.done], [Self.done]] && whole.channel.commands.count == 4)
    #expect(whole.channel.commands.last == [0xFF, 0xC2, 0, 0, 2, 0x82, 0, 0])

    var second = carrier(.felicaLiteS, commands: [.write], answers: [Self.sessionOK, Self.wrapped(Self.done), Self.sessionOK])
    #expect(
      failure { () throws(CardFailure) in
        try second.carry(first: [Self.write]) { _ throws(CardFailure) in [Self.write, Self.read] }
      } == .malformedCommand)
    #expect(second.channel.commands.count == 3, "opened, one round, closed")
    var failing = carrier(.felicaLiteS, answers: [Self.sessionOK, Self.wrapped(Self.done), Self.sessionOK])
    #expect(
      failure { () throws(CardFailure) in
        try failing.carry(first: [Self.write]) { _ throws(CardFailure) in throw .timedOut }
      } == .timedOut)
    #expect(failing.channel.commands.count == 3)
  }

  @Test("how a reader passes frames is found out without a word to the card")
  func family() throws {
    var session = ScriptedCard(answers: [Self.sessionOK, Self.sessionOK])
    #expect(try FelicaReaderFamily.find(through: &session) == .transparentSession)
    #expect(session.commands == [[0xFF, 0xC2, 0, 0, 2, 0x81, 0, 0], [0xFF, 0xC2, 0, 0, 2, 0x82, 0, 0]])
    var other = ScriptedCard(answers: [[0x6A, 0x81]])
    #expect(try FelicaReaderFamily.find(through: &other) == .pn532)
    #expect(other.commands.count == 1)
  }

  @Test("frames to a PN532")
  func pn532() throws {
    var carrier = carrier(.felicaLiteS, .pn532, answers: [[0xD5, 0x43, 0] + Self.done + [0x90, 0]])
    #expect(try carrier.carry([Self.write]) == [Self.done])
    #expect(carrier.channel.commands == [[0xFF, 0, 0, 0, UInt8(Self.write.count + 2), 0xD4, 0x42] + Self.write])
  }

  @Test("after a card's no, nothing more is sent but the end of the session")
  func stops() throws {
    var felica = carrier(.felicaLiteS, answers: [Self.sessionOK, Self.wrapped(Self.refused), Self.sessionOK])
    #expect(try felica.carry([Self.read, Self.write]) == [Self.refused])
    #expect(felica.channel.commands.count == 3)
    var desfire = carrier(.desfireEV2, answers: [[0x91, 0xA0]])
    #expect(try desfire.carry([[0x90, 0x5A, 0, 0, 3, 1, 2, 3, 0], [0x90, 0x60, 0, 0, 0]]) == [[0x91, 0xA0]])
    #expect(desfire.channel.commands.count == 1)
  }

  @Test("a command that does not pass the gate keeps all of its round from being sent")
  func gate() {
    let changeKey: [UInt8] = [0x90, 0xC4, 0, 0, 1, 0, 0]
    for commands in [
      [changeKey], [[0x90, 0x60, 0, 0, 0], changeKey], [], [[UInt8]](repeating: [0x90, 0x60, 0, 0, 0], count: 9),
    ] as [[[UInt8]]] {
      var desfire = carrier(.desfireEV2, answers: [[0x91, 0]])
      #expect(failure { () throws(CardFailure) in try desfire.carry(commands) } == .malformedCommand)
      #expect(desfire.channel.commands.isEmpty)
    }
    var reads = carrier(.felicaLiteS, commands: [.read], answers: [])
    #expect(failure { () throws(CardFailure) in try reads.carry([Self.read, Self.write]) } == .malformedCommand)
    #expect(reads.channel.commands.isEmpty)
  }

  @Test("a reader that says no card answered, and answers in no form", arguments: FelicaReaderFamily.allCases)
  func broken(family: FelicaReaderFamily) {
    let isSession = family == .transparentSession
    let gone: [UInt8] = isSession ? [0xC0, 3, 1, 0x64, 1, 0x90, 0] : [0xD5, 0x43, 1, 0x90, 0]
    let bad: [[UInt8]] =
      isSession
      ? [
        [0x90, 0], [0x97, 1, 12, 0x90, 0], [0xC0, 3, 0, 0x90, 0, 0x90, 0], [0xC0, 2, 0, 0, 0x97, 0, 0x90, 0],
        [0xC0, 3, 0, 0x90, 0, 0x97, 9, 1, 0x90, 0], [0xC0, 3, 0, 0x90, 0, 0x97, 0, 0x97, 0, 0x90, 0],
      ]
      : [[0x90, 0], [0xD5, 0x43, 0x90, 0], [0xD5, 0x41, 0, 0x90, 0], [0xD4, 0x43, 0, 0x90, 0]]
    func outcome(_ answer: [UInt8]) -> CardFailure? {
      var carrier = carrier(.felicaLiteS, family, answers: (isSession ? [Self.sessionOK] : []) + [answer, Self.sessionOK])
      let found = failure { () throws(CardFailure) in try carrier.carry([Self.read]) }
      #expect(carrier.channel.commands.count == (isSession ? 3 : 1), "the session is closed whatever happened")
      return found
    }
    #expect(outcome(gone) == .cardRemoved)
    #expect(outcome([0x63, 0x00]) == .refused(StatusWord(rawValue: 0x6300)))
    for answer in bad { #expect(isMalformed(outcome(answer)), "\(answer)") }
  }

  @Test("a reader without transparent sessions says so, and no frame is sent")
  func noSession() {
    var carrier = carrier(.felicaLiteS, answers: [[0x6A, 0x81]])
    #expect(
      failure { () throws(CardFailure) in try carrier.carry([Self.read]) } == .refused(StatusWord(rawValue: 0x6A81)))
    #expect(carrier.channel.commands.count == 1)
  }

  @Test("numbers of the kind's length")
  func numbers() throws {
    var felica = carrier(.felicaLiteS, answers: [Self.number + [0x90, 0]])
    #expect(try felica.number() == Self.number)
    for answer in [Array(Self.number.dropLast()) + [0x90, 0], [0x90, 0]] {
      var other = carrier(.felicaLiteS, answers: [answer])
      #expect(failure { () throws(CardFailure) in try other.number() } == .unsupportedCard)
    }
    var none = carrier(.desfireEV2, answers: [[0x6A, 0x81]])
    #expect(failure { () throws(CardFailure) in try none.number() } == .refused(.functionNotSupported))
  }
}
