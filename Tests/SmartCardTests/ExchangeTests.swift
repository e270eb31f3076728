import AuthTerms
import SmartCard
import Testing

@Suite("Commands and answers")
struct ExchangeTests {
  private func command(_ data: [UInt8] = [], expecting length: Int? = 256) throws(CardFailure) -> CommandAPDU {
    try CommandAPDU(instruction: 0xCB, parameter1: 0x3F, parameter2: 0xFF, data: data, expectedLength: length)
  }

  @Test("the four cases of a short command")
  func cases() throws {
    #expect(try command(expecting: nil).links == [[0x00, 0xCB, 0x3F, 0xFF]])
    #expect(try command(expecting: 256).links == [[0x00, 0xCB, 0x3F, 0xFF, 0x00]])
    #expect(try command([1, 2], expecting: nil).links == [[0x00, 0xCB, 0x3F, 0xFF, 0x02, 1, 2]])
    #expect(try command([1, 2], expecting: 16).links == [[0x00, 0xCB, 0x3F, 0xFF, 0x02, 1, 2, 16]])
  }

  @Test("data beyond 255 bytes go as a chain", arguments: [(255, 1), (256, 2), (266, 2), (510, 2), (511, 3), (4096, 17)])
  func chain(count: Int, links: Int) throws {
    let data = (0..<count).map { UInt8($0 % 251) }
    let made = try command(data).links
    #expect(made.count == links)
    #expect(made.dropLast().allSatisfy { $0[0] == 0x10 && $0.count == 260 })
    #expect(made.last?.first == 0x00)
    #expect(made.flatMap { $0.dropFirst(5).prefix(Int($0[4])) } == data)
  }

  @Test("limits of a command")
  func commandLimits() {
    #expect(failure { () throws(CardFailure) in try command([UInt8](repeating: 0, count: 4097)) } == .malformedCommand)
    #expect(failure { () throws(CardFailure) in try command(expecting: 257) } == .malformedCommand)
    #expect(failure { () throws(CardFailure) in try command(expecting: 0) } == .malformedCommand)
  }

  @Test("an answer has a status word: nothing at all is a card that left")
  func answers() throws {
    #expect(failure { () throws(CardFailure) in try ResponseAPDU(parsing: []) } == .cardRemoved)
    #expect(isMalformed(failure { () throws(CardFailure) in try ResponseAPDU(parsing: [0x90]) }))
    #expect(isMalformed(failure { () throws(CardFailure) in try ResponseAPDU(parsing: [UInt8](repeating: 0, count: 259)) }))
    #expect(try ResponseAPDU(parsing: [UInt8](repeating: 7, count: 256) + [0x90, 0x00]).data.count == 256)
    #expect(try ResponseAPDU(parsing: [0x69, 0x82]).status == .securityStatusNotSatisfied)
  }

  @Test("61xx is followed to its end")
  func gathers() throws {
    var card = ScriptedCard(answers: [[1, 2, 0x61, 0x03], [3, 0x61, 0x02], [4, 5, 0x90, 0x00]])
    let answer = try card.send(try command())
    #expect(answer.data == [1, 2, 3, 4, 5])
    #expect(answer.status == .success)
    #expect(card.commands.dropFirst() == [[0x00, 0xC0, 0, 0, 3], [0x00, 0xC0, 0, 0, 2]])
  }

  @Test("6Cxx is obeyed once")
  func exactLength() throws {
    var card = ScriptedCard(answers: [[0x6C, 0x02], [8, 9, 0x90, 0x00]])
    #expect(try card.send(try command()).data == [8, 9])
    #expect(card.commands.last?.last == 2)
    var stubborn = ScriptedCard(answers: [[0x6C, 0x02], [0x6C, 0x02], [1, 2, 0x90, 0x00]])
    #expect(try stubborn.send(try command()).status.exactLength == 2)
    #expect(stubborn.commands.count == 2)
  }

  @Test("an answer that does not end is given up, within its limits", arguments: [0, 1, 16, 256])
  func endless(piece: Int) throws {
    var card = ScriptedCard { (_, _) throws(CardFailure) in [UInt8](repeating: 0x53, count: piece) + [0x61, 0xFF] }
    let wrong = failure { () throws(CardFailure) in try card.send(try command()) }
    #expect(isMalformed(wrong))
    #expect(card.commands.count <= 130)
  }

  @Test("a limit below 16 KiB holds")
  func tighter() throws {
    var card = ScriptedCard(answers: [
      [UInt8](repeating: 1, count: 256) + [0x61, 0x10], [UInt8](repeating: 1, count: 16) + [0x90, 0],
    ])
    #expect(isMalformed(failure { () throws(CardFailure) in try card.send(try command(), limit: 260) }))
  }

  @Test("a link refused ends the chain")
  func refusedLink() throws {
    var card = ScriptedCard(answers: [[0x68, 0x84]])
    let wrong = failure { () throws(CardFailure) in try card.send(try command([UInt8](repeating: 1, count: 300))) }
    #expect(wrong == .refused(StatusWord(rawValue: 0x6884)))
    #expect(card.commands.count == 1)
  }

  @Test("a command shows its instruction and nothing of its data")
  func silence() throws {
    let pin = try CommandAPDU(instruction: 0x20, parameter1: 0, parameter2: 0x80, data: Array("246810".utf8))
    var shown = ""
    dump(pin, to: &shown)
    shown += String(describing: pin) + String(reflecting: pin)
    #expect(!shown.contains("50") && !shown.contains("246810"))
    #expect(shown.contains("INS 20"))
  }

  @Test("status words in words")
  func statusWords() {
    #expect(StatusWord(rawValue: 0x63C2).triesLeft == 2)
    #expect(StatusWord(rawValue: 0x63C0).triesLeft == 0)
    #expect(StatusWord(rawValue: 0x6300).triesLeft == nil)
    #expect(StatusWord(rawValue: 0x6100).moreBytes == 256)
    #expect(StatusWord(rawValue: 0x9000).moreBytes == nil)
    #expect(StatusWord.success.description == "9000")
    #expect(StatusWord(rawValue: 0x0001).description == "0001")
  }
}
