import AuthTerms
import Testing

@Suite("numbers of cards")
struct CardNumberTests {
  private func bytes(_ count: Int) -> [UInt8] { (1...UInt8(count)).map { $0 } }

  @Test("the length says the kind", arguments: [(4, NumberCardKind.iso14443), (7, .iso14443), (8, .felica), (10, .iso14443)])
  func kinds(count: Int, kind: NumberCardKind) throws {
    let number = try CardNumber(parsing: bytes(count))
    #expect(number.kind == kind && number.bytes == bytes(count))
  }

  @Test(
    "no number: other lengths, one byte repeated, and what a chip or a telephone makes anew each time",
    arguments: [
      [], [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 0, 0],
      [UInt8](repeating: 0xFF, count: 8), [0x08, 2, 3, 4], [0x01, 0xFE, 3, 4, 5, 6, 7, 8], [0x02, 0xFE, 3, 4, 5, 6, 7, 8],
    ] as [[UInt8]])
  func refused(bytes: [UInt8]) {
    #expect(throws: MalformedInput.self) { try CardNumber(parsing: bytes) }
  }

  @Test("only of four bytes is '08' a number of the moment; an IDm that a city gave itself is one")
  func neighbours() throws {
    #expect(try CardNumber(parsing: [0x08, 2, 3, 4, 5, 6, 7]).kind == .iso14443)
    #expect(try CardNumber(parsing: [0x03, 0xFE, 3, 4, 5, 6, 7, 8]).kind == .felica)
  }

  @Test(
    "as lists write it: capital or small, together or with one separator",
    arguments: ["012E4CD8a1b2c3d4", "01:2e:4c:d8:a1:b2:c3:d4", "01-2E-4C-D8-A1-B2-C3-D4", "01 2e 4c d8 a1 b2 c3 d4"])
  func spellings(text: String) throws {
    #expect(try CardNumber(text: text).bytes == [0x01, 0x2E, 0x4C, 0xD8, 0xA1, 0xB2, 0xC3, 0xD4])
  }

  @Test(
    "and what is no such text: half bytes, separators that change or are missing, a spreadsheet's power of ten",
    arguments: [
      "", "012E4CD8a1b2c3d", "01:2e-4c:d8:a1:b2:c3:d4", "01:2e4cd8", "01:2e:4c:d8:", ":01:2e:4c:d8", "4.12E+15", "0x01020304",
      " 01020304", "０１020304",
    ])
  func otherTexts(text: String) {
    #expect(throws: MalformedInput.self) { try CardNumber(text: text) }
  }

  @Test("what is hashed has a domain, the kind and the length in it")
  func canonicalBytes() throws {
    let number = try CardNumber(parsing: [1, 2, 3, 4])
    #expect(
      Hex.encode(number.canonicalBytes)
        == "0000001473616e6d6f6e2f6e756d6265722d636172642f310000000869736f313434343300000004" + "01020304")
  }

  @Test(
    "a chip's generation by its IC type; what is not in the table is none",
    arguments: [
      (0x01, FelicaGeneration.des), (0x20, .des), (0xF0, .des), (0xF1, .liteS), (0xF2, .liteS), (0x32, .aes), (0x46, .aes),
      (0x21, nil), (0x31, nil), (0x50, nil), (0xFF, nil),
    ] as [(UInt8, FelicaGeneration?)])
  func generations(type: UInt8, generation: FelicaGeneration?) {
    #expect(FelicaGeneration(pmm: [0x03, type, 0, 0, 0, 0, 0, 0]) == generation)
    #expect(FelicaGeneration(pmm: [0x03, type]) == nil && FelicaGeneration(pmm: [UInt8]()) == nil)
  }

  @Test("generations in order, by the words of the rules")
  func words() {
    #expect(FelicaGeneration.allCases.sorted().map(\.name) == ["des", "lite-s", "aes"])
    for generation in FelicaGeneration.allCases { #expect(FelicaGeneration(name: generation.name) == generation) }
    for wrong in ["", "AES", "lite", "3des"] { #expect(FelicaGeneration(name: wrong) == nil) }
  }
}
