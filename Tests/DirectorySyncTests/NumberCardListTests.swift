import AuthTerms
import DirectorySync
import Testing

@Suite("a list of cards as a spreadsheet writes it")
struct NumberCardListTests {
  private func lines(_ text: String) throws -> [NumberCardList.Line] {
    try NumberCardList(SourceFile(name: "cards.csv", bytes: Array(text.utf8))).lines
  }

  @Test("Japanese headers in any order, a byte order mark, spaces around values, empty rows behind the last person")
  func spreadsheet() throws {
    let text =
      "\u{FEFF}カード番号,職員番号,世代,種類\r\n012E4CD8A1B2C3D4,p-000042,aes,felica\r\n 04:A1:B2:C3 ,　p-000007,,\r\n,,,\r\n"
    let list = try NumberCardList(SourceFile(name: "cards.csv", bytes: Array(text.utf8)))
    #expect(list.cards.map(\.person.text) == ["p-000042", "p-000007"] && list.cards.map(\.line) == [2, 3])
    #expect(list.cards.map(\.number.kind) == [.felica, .iso14443] && list.cards.map(\.generation) == [.aes, nil])
    #expect(list.lines.count == 2)
  }

  @Test("English headers; two cards of one person are two cards")
  func english() throws {
    #expect(try lines("number,uid\np-1,01020304\np-1,01020305\n").count == 2)
  }

  @Test(
    "a wrong line is named and leaves the others",
    arguments: [
      ("p 1,01020304,,,", NumberCardList.Flaw.staffNumber), (",01020304,,,", .staffNumber), ("p-1,,,,", .cardNumber),
      ("p-1,010203,,,", .cardNumber), ("p-1,4.12E+15,,,", .cardNumber), ("p-1,08020304,,,", .cardNumber),
      ("p-1,01020304,felica,,", .kind), ("p-1,01020304,mifare,,", .kind), ("p-1,01020304,,aes,", .generation),
      ("p-1,012e4cd8a1b2c3d4,,AES,", .generation), ("p-1,MIIBszCCAVmgAwIBAgIU,,,", .certificate),
      ("p-1,\"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\",,,", .certificate),
      ("p-1,01020304,,,MIIB", .certificate),
    ])
  func wrong(line: String, flaw: NumberCardList.Flaw) throws {
    let found = try lines("number,uid,kind,generation,certificate\n" + line + "\np-9,0a0b0c0d,,,\n")
    #expect(found.first == .wrong(line: 2, flaw) && found.count == 2)
    guard case .card(let card) = found[1] else {
      Issue.record("the other line is one")
      return
    }
    #expect(card.person.text == "p-9")
  }

  @Test("the same card twice, however it is written, for whomever")
  func twice() throws {
    let found = try lines("number,uid\np-1,01020304\np-2,0a0b0c0d\np-3,01:02:03:04\np-1,0A0B0C0D\n")
    #expect(found[2] == .wrong(line: 4, .cardTwice(line: 2)) && found[3] == .wrong(line: 5, .cardTwice(line: 3)))
  }

  @Test(
    "what is no such table is refused with its place",
    arguments: [
      ("職員番号\np-1\n", DirectoryFault.Code.headerMissing, 1), ("職員番号,カード番号,住所\n", .headerUnknown, 1),
      ("number,職員番号,uid\n", .headerTwice, 1), ("number,uid\np-1\n", .fieldCount, 2), ("number,uid\n", .empty, 0),
      ("", .empty, 0), ("number,uid\np-1,\"01020304\n", .quoting, 2),
    ])
  func refused(text: String, code: DirectoryFault.Code, line: Int) throws {
    let fault = #expect(throws: DirectoryFault.self) { try lines(text) }
    #expect(fault?.code == code && fault?.line == line)
  }

  @Test("20,000 cards, and not one more")
  func most() throws {
    func text(_ count: Int) -> String {
      let cards = (1...count).map { Hex.encode([1, 2, UInt8($0 >> 8 & 255), UInt8($0 & 255)]) }
      return "number,uid\n" + cards.map { "p-1,\($0)\n" }.joined()
    }
    #expect(try lines(text(NumberCardList.most)).count == NumberCardList.most)
    let fault = #expect(throws: DirectoryFault.self) { try lines(text(NumberCardList.most + 1)) }
    #expect(fault?.code == .tooManyRecords)
  }
}
