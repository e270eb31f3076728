import AuthTerms
import DirectorySync
import Testing

@Suite("a list of certificates, and a list of people, as a spreadsheet writes them")
struct CertificateCardListTests {
  /// A SEQUENCE of so many bytes behind its header.
  private static func der(_ count: Int) -> [UInt8] {
    switch count {
    case 0..<0x80: [0x30, UInt8(count)] + [UInt8](repeating: 5, count: count)
    case 0x80..<0x100: [0x30, 0x81, UInt8(count)] + [UInt8](repeating: 5, count: count)
    default: [0x30, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + [UInt8](repeating: 5, count: count)
    }
  }

  private func lines(_ text: String) throws -> [CertificateCardList.Line] {
    try CertificateCardList(SourceFile(name: "issued.csv", bytes: Array(text.utf8))).lines
  }

  @Test("base64 and names of files, Japanese headers, spaces and empty rows")
  func spreadsheet() throws {
    let der = Self.der(700)
    let text = "\u{FEFF}証明書,職員番号\r\n\(Base64.encode(der)), p-000042 \r\ncards/0007.PEM,p-000007\r\n,\r\n"
    let list = try CertificateCardList(SourceFile(name: "issued.csv", bytes: Array(text.utf8)))
    #expect(list.cards.map(\.person.text) == ["p-000042", "p-000007"] && list.cards.map(\.line) == [2, 3])
    #expect(list.cards.map(\.source) == [.der(der), .file("cards/0007.PEM")])
  }

  @Test(
    "a wrong line is named and leaves the others",
    arguments: [
      ("p 1,a.pem", CertificateCardList.Flaw.staffNumber), (",a.pem", .staffNumber), ("p-1,", .certificate),
      ("p-1,card.p12", .certificate), ("p-1,/etc/a.pem", .certificate), ("p-1,../a.pem", .certificate),
      ("p-1,x/../a.pem", .certificate), ("p-1,x//a.pem", .certificate), ("p-1,./a.pem", .certificate),
      ("p-1,x\\a.pem", .certificate), ("p-1,MIIC", .certificate), ("p-1,MIICAA==", .certificate),
      ("p-1,-----BEGIN CERTIFICATE-----", .certificate),
    ])
  func wrong(line: String, flaw: CertificateCardList.Flaw) throws {
    let found = try lines("number,certificate\n" + line + "\np-9,good.cer\n")
    #expect(found.first == .wrong(line: 2, flaw) && found.count == 2)
  }

  @Test("the same certificate twice, by its bytes or by its file")
  func twice() throws {
    let text = Base64.encode(Self.der(300))
    #expect(try lines("number,certificate\np-1,\(text)\np-2,\(text)\n").last == .wrong(line: 3, .cardTwice(line: 2)))
    #expect(try lines("number,certificate\np-1,a.der\np-2,a.der\n").last == .wrong(line: 3, .cardTwice(line: 2)))
  }

  @Test("one DER structure of its own length, up to 8 KiB")
  func whole() {
    for count in [2, 0x7F, 0x80, 0xFF, 0x100, 8188] { #expect(CertificateCardList.isWhole(Self.der(count)), "\(count)") }
    for count in [0, 1, 8189] { #expect(!CertificateCardList.isWhole(Self.der(count)), "\(count)") }
    #expect(!CertificateCardList.isWhole(Self.der(300) + [0]) && !CertificateCardList.isWhole(Self.der(300).dropLast()))
    #expect(!CertificateCardList.isWhole([]) && !CertificateCardList.isWhole([0x31, 2, 5, 5]))
    #expect(!CertificateCardList.isWhole([0x30, 0x81, 2, 5, 5]), "a long form that is not needed")
  }

  @Test("no table, another header, and no line are faults", arguments: ["", "number,uid\np-1,a.pem\n", "number,certificate\n"])
  func faults(text: String) {
    #expect(throws: DirectoryFault.self) { try lines(text) }
  }

  @Test("people: in their order, each once, or the whole list is refused")
  func people() throws {
    func people(_ text: String) throws -> [String] {
      try StaffNumberList(SourceFile(name: "people.csv", bytes: Array(text.utf8))).people.map(\.text)
    }
    #expect(try people("\u{FEFF}職員番号,氏名\r\np-2,佐藤\r\np-1,鈴木\r\n,\r\n") == ["p-2", "p-1"])
    #expect(try people("number\np-1\n") == ["p-1"])
    for wrong in ["", "number\n", "number\np 1\n", "number\np-1\np-1\n", "name\nx\n", "number,name\n,x\n"] {
      #expect(throws: DirectoryFault.self, "\(wrong)") { try people(wrong) }
    }
  }
}
