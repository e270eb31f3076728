import DirectorySync
import Testing

@Suite("a transfer list as a spreadsheet writes it")
struct TransferListTests {
  private func read(_ text: String) throws -> [TransferList.Line] {
    try TransferList(SourceFile(name: "list.csv", bytes: Array(text.utf8))).lines
  }

  private func fault(_ text: String) -> DirectoryFault? {
    do {
      _ = try read(text)
      return nil
    } catch { return error as? DirectoryFault }
  }

  @Test("Japanese headers in any order, a byte order mark, spaces around values, empty rows behind the last person")
  func spreadsheet() throws {
    let lines = try read(
      "\u{FEFF}新所属,区分,職員番号,氏名,グループ\r\n0402;0103,異動,0042,佐藤　花子 ,\r\n,退職,　0043,,\r\n\"税務部/市民税課\",採用,0900,新人 一郎,ka-0301;telework\r\n,,,,\r\n"
    )
    #expect(lines.map(\.number) == ["0042", "0043", "0900"] && lines.map(\.kind) == [.move, .leave, .join])
    #expect(lines[0].departments == ["0402", "0103"] && lines[0].groups == nil && lines[0].name == "佐藤　花子")
    #expect(lines[1].departments.isEmpty && lines[1].name.isEmpty && lines[1].line == 3)
    #expect(lines[2].departments == ["税務部/市民税課"] && lines[2].groups == ["ka-0301", "telework"])
  }

  @Test("English headers; without a kind it is a move")
  func english() throws {
    #expect(try read("number,name,department,kind\n1,,0401,\n2,,,leave\n").map(\.kind) == [.move, .leave])
  }

  @Test(
    "what is no such table is refused with its place",
    arguments: [
      ("職員番号,氏名\n1,佐藤\n", DirectoryFault.Code.headerMissing, 1), ("職員番号,氏名,新所属,住所\n", .headerUnknown, 1),
      ("職員番号,number,氏名,新所属\n", .headerTwice, 1), ("職員番号,氏名,新所属\n1,佐藤\n", .fieldCount, 2),
      ("職員番号,氏名,新所属,区分\n1,,0401,転居\n", .transferKind, 2), ("職員番号,氏名,新所属\n,佐藤,0401\n", .name, 2),
      ("職員番号,氏名,新所属\n1,佐\u{202E}藤,0401\n", .name, 2), ("職員番号,氏名,新所属\n1,,0401;0401\n", .list, 2),
      ("職員番号,氏名,新所属\n", .empty, 0), ("", .empty, 0), ("職員番号,氏名,新所属\n1,\"佐藤,0401\n", .quoting, 2),
    ])
  func refused(text: String, code: DirectoryFault.Code, line: Int) throws {
    let found = try #require(fault(text))
    #expect(found.code == code && found.line == line && !found.ja.isEmpty && !found.en.isEmpty)
  }

  @Test("bytes that are not UTF-8 are refused")
  func encoding() {
    #expect(throws: DirectoryFault.self) {
      try TransferList(SourceFile(name: "list.csv", bytes: [0x90, 0x45, 0x88, 0xF5]))
    }
  }

  @Test("a spreadsheet's Shift_JIS is read with its extensions; what is neither is nothing")
  func codePage() throws {
    // 職員番号,髙橋①,ｱ in code page 932
    let bytes: [UInt8] = [0x90, 0x45, 0x88, 0xF5, 0x94, 0xD4, 0x8D, 0x86, 0x2C, 0xFB, 0xFC, 0x8B, 0xB4, 0x87, 0x40, 0x2C, 0xB1]
    #expect(SpreadsheetText.decode(bytes) == "職員番号,髙橋①,ｱ")
    #expect(SpreadsheetText.decode(Array("職員番号,髙橋".utf8)) == "職員番号,髙橋" && SpreadsheetText.decode([]) == "")
    #expect(SpreadsheetText.decode([0x90]) == nil && SpreadsheetText.decode([0xFF, 0xFE, 0x41]) == nil)
  }

  @Test("twenty thousand people are a list, one more is none")
  func most() throws {
    let head = "number,name,department,kind\n"
    let rows = (0..<20_000).map { "\($0),,,leave\n" }.joined()
    #expect(try read(head + rows).count == 20_000)
    let found = try #require(fault(head + rows + "x,,,leave\n"))
    #expect(found.code == .tooManyRecords && found.line == 20_002 && found.detail == "20000")
  }
}
