import AuthTerms
import Biometric
import Testing

@Suite("the template format SVT1/CC6x64")
struct VeinTemplateTests {
  /// A canonical palm: orientations from a fixed sequence, the outer 4 rows masked.
  private func sample(key: UInt32 = 0) throws -> VeinTemplate {
    let codes: [UInt64] = [0b000, 0b001, 0b011, 0b111, 0b110, 0b100]
    var code = [UInt64](repeating: 0, count: 192)
    var mask = [UInt64](repeating: 0, count: 64)
    for row in 4..<60 {
      mask[row] = .max
      for cell in 0..<64 {
        let value = codes[(row * 7 + cell * 5) % 6]
        for plane in 0..<3 { code[plane * 64 + row] |= (value >> UInt64(plane) & 1) << UInt64(cell) }
      }
    }
    return try #require(
      VeinTemplate(
        hand: .left, quality: 87, filterBank: 0x0102, protectionKey: key, alignmentWindow: 0x0304, code: code, mask: mask))
  }

  @Test("the header is where docs/vein-template.md says")
  func header() throws {
    let bytes = try sample(key: 0x0A0B_0C0D).encoded
    #expect(bytes.count == 2080 && VeinTemplate.encodedBytes == 2080)
    #expect(
      Hex.encode(bytes[..<32]) == "53565431" + "01014003" + "0257" + "0201" + "0d0c0b0a" + "0403"
        + String(repeating: "0", count: 28))
    // Row 4 of the mask: plane 3, all cells valid; row 3: none.
    #expect(bytes[1568 + 3 * 8..<1568 + 4 * 8].allSatisfy { $0 == 0 })
    #expect(bytes[1568 + 4 * 8..<1568 + 5 * 8].allSatisfy { $0 == 0xFF })
    // Row 4 begins with code (4 * 7) % 6 = 4 → 110: planes 1 and 2 set, plane 0 clear, at bit 0.
    #expect(bytes[32 + 4 * 8] & 1 == 0 && bytes[544 + 4 * 8] & 1 == 1 && bytes[1056 + 4 * 8] & 1 == 1)
  }

  @Test("what is written reads back", arguments: [0, 7, UInt32.max])
  func roundTrip(key: UInt32) throws {
    let template = try sample(key: key)
    #expect(try VeinTemplate(decoding: template.encoded) == template)
    #expect(template.validCells == 56 * 64)
  }

  @Test(
    "each field is held to its limits",
    arguments: [
      (0, 0x54, "magic"), (4, 2, "version"), (4, 0, "version"), (5, 2, "algorithm"), (6, 32, "grid"), (7, 4, "planes"),
      (8, 0, "hand"), (8, 3, "hand"), (9, 101, "quality"), (18, 1, "reserved"), (31, 1, "reserved"),
      (1568, 1, ""),  // valid cells of code 000: canonical, so only the mask changes
      (32, 1, "canonical"),  // a code in a masked cell
    ])
  func limits(offset: Int, value: UInt8, field: String) throws {
    var bytes = try sample().encoded
    bytes[offset] = value
    if field.isEmpty {
      #expect(try VeinTemplate(decoding: bytes) != sample())
    } else {
      #expect { try VeinTemplate(decoding: bytes) } throws: { ($0 as? MalformedInput)?.expected.contains(field) == true }
    }
  }

  @Test("no filter bank, no alignment window", arguments: [10, 16])
  func zero(offset: Int) throws {
    var bytes = try sample().encoded
    bytes[offset] = 0
    bytes[offset + 1] = 0
    #expect(throws: MalformedInput.self) { try VeinTemplate(decoding: bytes) }
  }

  @Test("the codes 010 and 101 mean nothing, unless a key hides the codes")
  func meaningless() throws {
    for key in [0, 9] as [UInt32] {
      for (low, middle, high) in [(0, 1, 0), (1, 0, 1)] as [(UInt8, UInt8, UInt8)] {
        var bytes = try sample(key: key).encoded
        for (plane, bit) in [(0, low), (1, middle), (2, high)] {
          bytes[32 + plane * 512 + 4 * 8] = bytes[32 + plane * 512 + 4 * 8] & 0xFE | bit
        }
        if key == 0 {
          #expect(throws: MalformedInput.self) { try VeinTemplate(decoding: bytes) }
        } else {
          #expect(try VeinTemplate(decoding: bytes).protectionKey == key)
        }
      }
    }
  }

  @Test("1,024 valid cells are enough, 1,023 are not: an empty mask would agree with everybody")
  func validCells() throws {
    let code = [UInt64](repeating: 0, count: 192)
    var mask = [UInt64](repeating: 0, count: 64)
    for row in 0..<16 { mask[row] = .max }
    func made(_ mask: [UInt64]) -> VeinTemplate? {
      VeinTemplate(hand: .right, quality: 0, filterBank: 1, protectionKey: 1, alignmentWindow: 1, code: code, mask: mask)
    }
    #expect(made(mask)?.validCells == 1024)
    mask[0] = .max >> 1
    #expect(made(mask) == nil)
    #expect(made([]) == nil && made(Array(repeating: .max, count: 65)) == nil)
  }

  @Test("any other length is refused", arguments: [0, 1, 31, 32, 2048, 2079, 2081, 4160])
  func length(count: Int) throws {
    let bytes = try sample().encoded
    #expect(throws: MalformedInput.self) { try VeinTemplate(decoding: (0..<count).map { bytes[$0 % bytes.count] }) }
  }

  @Test("20,000 damaged templates are refused or read back as they were")
  func damaged() throws {
    var random = SystemRandomNumberGenerator()
    let whole = try sample(key: 5).encoded
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: 0..<40, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let template = try? VeinTemplate(decoding: bytes) { #expect(template.encoded == bytes) }
    }
    for _ in 0..<500 {
      #expect(throws: MalformedInput.self) {
        try VeinTemplate(decoding: (0..<2080).map { _ in UInt8.random(in: 0...255, using: &random) })
      }
    }
  }

  @Test("no plane is printed")
  func silent() throws {
    let template = try sample()
    var dumped = ""
    dump(template, to: &dumped)
    for text in ["\(template)", String(reflecting: template), dumped] {
      #expect(text.utf8.count < 80 && !text.contains(String(template.code[4])))
    }
  }
}
