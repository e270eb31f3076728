import AuditLog
import AuthTerms
import Testing

@Suite("one record has one spelling")
struct RecordEncodingTests {
  /// Written by a program of its own, from docs/audit-format.md.
  private static let golden =
    "0000000e73616e6d6f6e2f61756469742f31000000080000018bcfe5680000000008636572656d6f6e79000000056c6f676f6e0000000664656e69"
    + "65640000000270310000000d4c4757414e2d50432d303034320000002001010101010101010101010101010101010101010101010101010101010101"
    + "01000000056c6777616e000000056c6f676f6e000000027331000000026331000000000000000f00000004636172640000000370696e00000006706b"
    + "2d70696e0000000441414c330000000541503130350000001a0000000a6c6777616e2e79616d6c00000008000000000000000c000000200202020202"
    + "020202020202020202020202020202020202020202020202020202000000063438323931330000000800000000000000230000000800000000000000"
    + "01000000100000000c696e74726f64756374696f6e00000006e5a4b1e58ab9"
  private static let goldenLeaf = "71f612fee7a9e8bfd4b0c54eda17da5dc404262575ab34308da249d0831bf83f"

  @Test("golden bytes, and the leaf over them")
  func goldenBytes() throws {
    let encoded = try RecordEncoding.encode(Samples.full())
    #expect(Hex.encode(encoded) == Self.golden)
    #expect(TreeHash.leaf(encoded).description == Self.goldenLeaf)
    #expect(try RecordEncoding.decode(Hex.decode(Self.golden)) == Samples.full())
  }

  @Test(
    "text comes back byte for byte",
    arguments: [
      "", "\u{0}", "a\u{0}b", "\r\n", "line\nline", "\u{202E}左から右\u{202C}", "e\u{301}", "é", "\u{FEFF}", "𠮷野家", "👩‍👩‍👧",
      "\u{10FFFF}",
      "\u{7F}\u{80}", "%s%n", "' OR 1=1 --", "</script>", String(repeating: "長", count: 3000),
    ])
  func textIsKept(text: String) throws {
    var record = Samples.row(1)
    record.note = text
    record.action = text
    record.factors = [text, "", text]
    record.waivers = [text]
    record.rule = RuleID(file: text, line: -1)
    let encoded = try RecordEncoding.encode(record)
    let decoded = try RecordEncoding.decode(encoded)
    #expect(decoded == record)
    #expect(Array(decoded.note.utf8) == Array(text.utf8))
    #expect(decoded.factors.map { Array($0.utf8) } == [text, "", text].map { Array($0.utf8) })
    #expect(try RecordEncoding.encode(decoded) == encoded)
  }

  @Test("every word of every closed list goes there and back")
  func closedLists() throws {
    var records: [AuditRecord] = []
    for value in EventClass.allCases { records.append(AuditRecord(time: 0, eventClass: value, action: "", outcome: .done)) }
    for value in AuditOutcome.allCases {
      records.append(AuditRecord(time: .min, eventClass: .session, action: "", outcome: value))
    }
    func add(_ edit: (inout AuditRecord) -> Void) {
      var record = AuditRecord(time: .max, eventClass: .session, action: "x", outcome: .done)
      edit(&record)
      records.append(record)
    }
    for value in Scenario.allCases { add { $0.scenario = value } }
    for value in ProofClass.allCases { add { $0.proofClass = value } }
    for value in AssuranceLevel.allCases { add { $0.assurance = value } }
    for value in DenialCode.allCases { add { $0.code = value } }
    for value in [Int64.min, -1, 0, 1, .max] { add { ($0.latencyMilliseconds, $0.count) = (value, value) } }
    for record in records { #expect(try RecordEncoding.decode(RecordEncoding.encode(record)) == record) }
    #expect(Set(try records.map(RecordEncoding.encode)).count == Set(records).count)
  }

  @Test("a record over the limits is refused")
  func limits() throws {
    var long = Samples.row(1)
    long.note = String(repeating: "x", count: RecordEncoding.limit)
    #expect(throws: MalformedInput.self) { try RecordEncoding.encode(long) }
    var wide = Samples.row(1)
    wide.factors = Array(repeating: "card", count: RecordEncoding.listLimit + 1)
    #expect(throws: MalformedInput.self) { try RecordEncoding.encode(wide) }
    wide.factors.removeLast()
    #expect(try RecordEncoding.decode(RecordEncoding.encode(wide)) == wide)
    #expect(throws: MalformedInput.self) { try RecordEncoding.decode([UInt8](repeating: 0, count: RecordEncoding.limit + 1)) }
  }

  @Test("64 KiB and 64 entries are the limits, and are let through")
  func atTheLimits() throws {
    #expect(RecordEncoding.limit == 65_536 && RecordEncoding.listLimit == 64)
    var record = Samples.row(1)
    record.note = ""
    let rest = RecordEncoding.limit - (try RecordEncoding.encode(record)).count
    record.note = String(repeating: "x", count: rest)
    let encoded = try RecordEncoding.encode(record)
    #expect(encoded.count == RecordEncoding.limit)
    #expect(try RecordEncoding.decode(encoded) == record)
    record.note += "x"
    #expect(throws: MalformedInput.self) { try RecordEncoding.encode(record) }
    record.note = ""
    record.waivers = Array(repeating: "w", count: RecordEncoding.listLimit)
    #expect(try RecordEncoding.decode(RecordEncoding.encode(record)) == record)
    record.waivers.append("w")
    #expect(throws: MalformedInput.self) { try RecordEncoding.encode(record) }
  }

  @Test("a query asks for everything, 200 rows at a time, the oldest first")
  func queryDefaults() {
    let query = AuditQuery()
    #expect(query.limit == 200 && !query.newestFirst)
    #expect(query.person == nil && query.workstation == nil && query.eventClass == nil && query.fromSequence == nil)
  }

  @Test("a list of more entries than are written is not read")
  func wideList() throws {
    var record = Samples.row(1)
    record.factors = Array(repeating: "card", count: RecordEncoding.listLimit)
    let encoded = try RecordEncoding.encode(record)
    // The list is a field of 64 fields "card"; one more in it, and its length 8 bytes more.
    let entry: [UInt8] = [0, 0, 0, 4] + Array("card".utf8)
    let list = Array(repeating: entry, count: RecordEncoding.listLimit).flatMap { $0 }
    let place = try #require(encoded.indices.first { encoded[$0...].starts(with: list) })
    var wide = encoded
    wide.insert(contentsOf: entry, at: place)
    wide.replaceSubrange(place - 2..<place, with: [0x02, 0x08])
    #expect(throws: MalformedInput.self) { try RecordEncoding.decode(wide) }
  }

  @Test("cut anywhere, or with anything behind it, a record is no record")
  func cuts() throws {
    let encoded = try RecordEncoding.encode(Samples.full())
    for end in 0..<encoded.count {
      #expect(throws: MalformedInput.self) { try RecordEncoding.decode(Array(encoded[..<end])) }
    }
    #expect(throws: MalformedInput.self) { try RecordEncoding.decode(encoded + [0]) }
    #expect(throws: MalformedInput.self) { try RecordEncoding.decode(encoded + [0, 0, 0, 0]) }
  }

  @Test("what decodes at all is what would be written: 40,000 damaged inputs")
  func damage() throws {
    let encoded = try RecordEncoding.encode(Samples.full())
    var random = SplitMix(state: 20_261_121)
    var accepted = 0
    for _ in 0..<40_000 {
      var bytes = encoded
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...3, using: &random), at: place)
        }
      }
      if let record = try? RecordEncoding.decode(bytes) {
        accepted += 1
        #expect(try RecordEncoding.encode(record) == bytes)
      }
    }
    // A changed letter of a free text is a record; most damage is not.
    #expect(accepted > 0 && accepted < 20_000)
  }

  @Test("spellings that mean the same are refused")
  func nonCanonical() throws {
    let encoded = try RecordEncoding.encode(Samples.full())
    func replaced(_ old: String, _ new: String) throws -> [UInt8] {
      let (old, new) = (Array(old.utf8), Array(new.utf8))
      let at = try #require(encoded.firstRange(of: old))
      return Array(encoded[..<at.lowerBound]) + new + Array(encoded[at.upperBound...])
    }
    // Same length each, so that only the meaning is at fault.
    for (old, new) in [
      ("sanmon/audit/1", "sanmon/audit/2"), ("ceremony", "CEREMONY"), ("denied", "Denied"), ("AP105", "AP999"),
      ("AAL3", "AAL9"),
      ("pk-pin", "pk-PIN"), ("482913", "48291a"), ("lgwan\u{0}", "Lgwan\u{0}"), ("p1", "-1"),
    ] {
      #expect(throws: MalformedInput.self) { try RecordEncoding.decode(replaced(old, new)) }
    }
    // A number where nothing or eight bytes belong, and text that is not UTF-8.
    var writer = LengthPrefixedWriter()
    writer.field(RecordEncoding.version)
    writer.field([0, 0, 0, 1])
    #expect(throws: MalformedInput.self) { try RecordEncoding.decode(writer.bytes) }
    var broken = encoded
    broken[broken.count - 1] = 0xFF
    #expect(throws: MalformedInput.self) { try RecordEncoding.decode(broken) }
  }
}
