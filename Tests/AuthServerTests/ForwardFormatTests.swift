import AuditLog
import AuthPolicy
import AuthServer
import AuthTerms
import Foundation
import Fuzzing
import Testing

/// Rows as collectors read them: golden messages, and messages read back by a parser that knows the standards and not us.
@Suite("rows of the log for collectors")
struct ForwardFormatTests {
  private static let instance = "lgwan-1"
  private static let host = "lgwan-1.city.example"

  private static func full() throws -> AuditRow {
    var record = AuditRecord(time: 1_775_001_234_567, eventClass: .ceremony, action: "logon", outcome: .denied)
    record.person = try PersonID(parsing: "p-000042")
    record.workstation = try WorkstationID(parsing: "LGWAN-PC-0042")
    record.segment = .lgwan
    record.scenario = .logon
    record.card = try CardID(parsing: "c-1")
    record.factors = ["card", "pin"]
    record.proofClass = .publicKeyWithPIN
    record.assurance = .aal3
    record.code = .factorMissing
    record.rule = RuleID(file: "lgwan.yaml", line: 12)
    record.reference = try Reference(parsing: "048291")
    record.latencyMilliseconds = 35
    record.note = "a|b=c\\d \"e\" [f] 三門\r\ng"
    return AuditRow(sequence: 41, record: record)
  }

  private static func forwarded(_ row: AuditRow) throws -> ForwardedRow {
    try ForwardedRow(row, instance: instance, host: host)
  }

  private static func text(_ row: AuditRow, _ format: ForwardFormat) throws -> String {
    String(decoding: SyslogMessage.encode(try forwarded(row), as: format), as: UTF8.self)
  }

  private static let head = "<84>1 2026-03-31T23:53:54.567Z lgwan-1.city.example sanmond - logon "

  @Test("golden: RFC 5424, with every field in the structured data and the note as its text")
  func structured() throws {
    let row = try Self.full()
    let leaf = try TreeHash.leaf(RecordEncoding.encode(row.record)).description
    let expected =
      Self.head + "[sanmon@32473 instance=\"lgwan-1\" sequence=\"41\" leaf=\"\(leaf)\" time=\"1775001234567\""
      + " class=\"ceremony\" action=\"logon\" outcome=\"denied\" person=\"p-000042\" workstation=\"LGWAN-PC-0042\""
      + " segment=\"lgwan\" scenario=\"logon\" card=\"c-1\" factors=\"card,pin\" proofClass=\"pk-pin\" assurance=\"AAL3\""
      + " code=\"AP101\" rule=\"lgwan.yaml:12\" reference=\"048291\" latencyMilliseconds=\"35\" count=\"1\"]"
      + " \u{FEFF}logon denied: a|b=c\\d \"e\" [f] 三門<U+000D><U+000A>g"
    #expect(try Self.text(row, .rfc5424) == expected)
  }

  @Test("golden: CEF in a syslog message, its signs escaped")
  func cef() throws {
    let row = try Self.full()
    let leaf = try TreeHash.leaf(RecordEncoding.encode(row.record)).description
    let expected =
      Self.head + "[sanmon@32473 instance=\"lgwan-1\" sequence=\"41\" leaf=\"\(leaf)\"] "
      + "CEF:0|Sanmon|sanmond|\(Release.version)|logon|logon denied|6|dvchost=lgwan-1 externalId=41 sanmonLeaf=\(leaf)"
      + " rt=1775001234567 cat=ceremony act=logon outcome=denied suser=p-000042 shost=LGWAN-PC-0042 sanmonSegment=lgwan"
      + " sanmonScenario=logon sanmonCard=c-1 sanmonFactors=card,pin sanmonProofClass=pk-pin sanmonAssurance=AAL3 reason=AP101"
      + " sanmonRule=lgwan.yaml:12 sanmonReference=048291 sanmonLatencyMilliseconds=35 cnt=1"
      + " msg=a|b\\=c\\\\d \"e\" [f] 三門<U+000D><U+000A>g"
    #expect(try Self.text(row, .cef) == expected)
  }

  @Test("golden: one JSON object in a syslog message, nothing marked and nothing lost")
  func json() throws {
    let row = try Self.full()
    let leaf = try TreeHash.leaf(RecordEncoding.encode(row.record)).description
    let expected =
      Self.head + "[sanmon@32473 instance=\"lgwan-1\" sequence=\"41\" leaf=\"\(leaf)\"] "
      + "{\"instance\":\"lgwan-1\",\"sequence\":41,\"leaf\":\"\(leaf)\",\"time\":1775001234567,\"class\":\"ceremony\","
      + "\"action\":\"logon\",\"outcome\":\"denied\",\"person\":\"p-000042\",\"workstation\":\"LGWAN-PC-0042\","
      + "\"segment\":\"lgwan\",\"scenario\":\"logon\",\"card\":\"c-1\",\"factors\":\"card,pin\",\"proofClass\":\"pk-pin\","
      + "\"assurance\":\"AAL3\",\"code\":\"AP101\",\"rule\":\"lgwan.yaml:12\",\"reference\":\"048291\","
      + "\"latencyMilliseconds\":35,\"count\":1,\"note\":\"a|b=c\\\\d \\\"e\\\" [f] 三門\\u000d\\u000ag\"}"
    #expect(try Self.text(row, .json) == expected)
  }

  @Test("a frame says how many bytes follow, whatever stands in them")
  func frame() {
    #expect(SyslogMessage.frame(Array("a\n三".utf8)) == Array("5 a\n三".utf8))
    #expect(SyslogMessage.frame([]) == Array("0 ".utf8))
  }

  // MARK: Read back

  private static let pieces = [
    "佐藤", "\r\n", "\0", "\u{202E}", "\"", "\\", "]", "[", "|", "=", " ", "a", "<U+000D>", "<", "U+", "\u{FEFF}", "𠮷",
    "e\u{301}",
    "\u{85}", "\u{10FFFF}", "{", "}", "%s", "\u{1B}[2J", "suser=x", "5 <13>1 ", "\n<13>1 - - - - - - forged",
  ]

  private static func hostile(_ random: inout some RandomNumberGenerator) -> String {
    (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }

  /// Scalar by scalar: `==` of strings takes several spellings for one.
  private static func same(_ one: String?, _ other: String) -> Bool { one.map { Array($0.utf8) == Array(other.utf8) } ?? false }

  private static func expectReadable(_ row: AuditRow) throws {
    let forwarded = try forwarded(row)
    let all = forwarded.identity + forwarded.fields
    for format in ForwardFormat.allCases {
      let bytes = SyslogMessage.encode(forwarded, as: format)
      let parsed = try ParsedSyslog(bytes)
      #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a message is one line")
      #expect(parsed.dataID == "sanmon@32473" && parsed.application == "sanmond" && parsed.process == "-")
      #expect(parsed.priority == (row.record.outcome == .denied || row.record.outcome == .refused ? 84 : 86))
      #expect(parsed.sequence == Int(row.sequence) && parsed["instance"] == instance)
      #expect(parsed["leaf"] == forwarded.leaf.description && parsed["cut"] == nil)
      switch format {
      case .rfc5424:
        #expect(parsed.hasMark && parsed.parameters.map { $0.name } == all.map(\.name))
        for (parameter, field) in zip(parsed.parameters, all) {
          #expect(same(ParsedSyslog.unmarked(parameter.value), field.value), "\(field.name)")
        }
        let said = "\(row.record.action) \(row.record.outcome.rawValue)"
        let note = row.record.note.isEmpty ? "" : ": \(row.record.note)"
        #expect(same(ParsedSyslog.unmarked(parsed.text), said + note))
      case .cef:
        let (header, found) = try ParsedSyslog.cef(parsed.text)
        #expect(!parsed.hasMark && header.prefix(3) == ["CEF:0", "Sanmon", "sanmond"])
        #expect(same(ParsedSyslog.unmarked(header[4]), row.record.action))
        let expected = (all + [forwarded.note]).filter { !$0.value.isEmpty }
        #expect(found.map { $0.key } == expected.map { SyslogMessage.cefKey($0.name) })
        for (pair, field) in zip(found, expected) {
          #expect(same(ParsedSyslog.unmarked(pair.value), field.value), "\(field.name)")
        }
      case .json:
        let object = try #require(try JSONSerialization.jsonObject(with: Data(parsed.text.utf8)) as? [String: Any])
        #expect(!parsed.hasMark && object.count == all.count + 1)
        for field in all + [forwarded.note] {
          let value = (object[field.name] as? String) ?? (object[field.name] as? NSNumber)?.stringValue
          #expect(same(value, field.value), "\(field.name)")
        }
      }
    }
  }

  @Test("whatever stands in a row, it stays one message and comes back as it was")
  func readBack() throws {
    try Self.expectReadable(Self.full())
    var random = SystemRandomNumberGenerator()
    for sequence in 0..<500 {
      var record = AuditRecord(
        time: Int64.random(in: 0...4_000_000_000_000, using: &random), eventClass: .administration,
        action: "a" + Self.hostile(&random), outcome: AuditOutcome.allCases.randomElement(using: &random) ?? .done)
      record.note = Self.hostile(&random)
      record.factors = [Self.hostile(&random)]
      record.waivers = [Self.hostile(&random), "w"]
      record.rule = RuleID(file: Self.hostile(&random), line: 3)
      record.count = Int64.random(in: 0...9, using: &random)
      try Self.expectReadable(AuditRow(sequence: UInt64(sequence), record: record))
    }
  }

  @Test("a message stays below 8,192 bytes, and says what it cut; text is cut between characters")
  func cut() throws {
    for filler in ["x", "]", "\u{0}", "三", "\\", "=", "|"] {
      var row = try Self.full()
      let long = String(repeating: filler, count: 5000)
      row.record.action = long
      row.record.note = long
      row.record.factors = [long]
      row.record.waivers = [String(long.prefix(2000))]
      row.record.rule = RuleID(file: String(long.prefix(2000)), line: 1)
      row.record.session = try SessionID(parsing: String(repeating: "s", count: 64))
      row.record.operatorID = try OperatorID(parsing: String(repeating: "o", count: 64))
      row.record.workstationCertificate = try CertificateFingerprint(parsing: [UInt8](repeating: 255, count: 32))
      for format in ForwardFormat.allCases {
        let bytes = SyslogMessage.encode(try Self.forwarded(row), as: format)
        #expect(bytes.count <= 8192, "\(filler.debugDescription) \(format)")
        let parsed = try ParsedSyslog(bytes)
        let cut =
          switch format {
          case .rfc5424: parsed["cut"]
          case .cef: try ParsedSyslog.cef(parsed.text).extensions.last { $0.key == "sanmonCut" }?.value
          case .json: (try JSONSerialization.jsonObject(with: Data(parsed.text.utf8)) as? [String: Any])?["cut"] as? String
          }
        #expect(cut.map { Set($0.split(separator: ",")) } == ["action", "factors", "rule", "waivers", "note"])
      }
    }
  }

  @Test("a row that a wrong clock dated beyond four digits of a year has no time")
  func noTime() throws {
    for time in [Int64.min, -1, 253_402_300_800_000, .max] {
      let row = AuditRow(sequence: 0, record: AuditRecord(time: time, eventClass: .session, action: "lock", outcome: .done))
      #expect(try ParsedSyslog(Array(Self.text(row, .rfc5424).utf8)).time == "-")
    }
  }

  // MARK: The position

  @Test("a position is read back as it was written, whole or not at all")
  func position() throws {
    let path = NSTemporaryDirectory() + "sanmon-position-\(UInt32.random(in: 0...UInt32.max))"
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try ForwardPosition.read(path) == nil)
    var position = ForwardPosition()
    try position.write(path)
    #expect(try ForwardPosition.read(path) == position)
    position.epoch = 3
    position.next = .max
    position.leaf = [UInt8](0..<32)
    position.awaySince = 1_775_001_234_567
    position.isOverdueSaid = true
    try position.write(path)
    #expect(try ForwardPosition.read(path) == position)
    try Data(position.encoded.dropLast()).write(to: URL(filePath: path))
    #expect(throws: MalformedInput.self) { try ForwardPosition.read(path) }
  }

  @Test("a damaged position is refused, or is written back as the same")
  func damaged() throws {
    var position = ForwardPosition()
    position.next = 7
    position.leaf = [UInt8](0..<32)
    let tally = try Fuzzer("forwardPosition", corpus: [position.encoded, ForwardPosition().encoded]).run { bytes in
      guard let read = try? ForwardPosition(decoding: bytes) else { return false }
      guard read.encoded == bytes else { throw Fuzzer.Broken("what was read is not what is written") }
      return true
    }
    #expect(tally.accepted > 10 && tally.refused > 1000)
  }
}
