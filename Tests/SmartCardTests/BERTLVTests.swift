import AuthTerms
import SmartCard
import Testing

@Suite("BER-TLV is read strictly")
struct BERTLVTests {
  @Test("short, one-byte and two-byte lengths in their shortest form")
  func lengths() throws {
    for count in [0, 1, 127, 128, 255, 256, 4000] {
      let prefix: [UInt8] =
        count < 128 ? [UInt8(count)] : count < 256 ? [0x81, UInt8(count)] : [0x82, UInt8(count / 256), UInt8(count % 256)]
      let value = [UInt8](repeating: 0xAB, count: count)
      let object = try BERTLV.parseOne([0x53] + prefix + value)
      #expect(object.tag == 0x53)
      #expect(object.value.elementsEqual(value))
      #expect(object.encoded.count == 1 + prefix.count + count)
    }
  }

  @Test(
    "tags of one to three bytes",
    arguments: [([0x53], 0x53), ([0x5F, 0x2F], 0x5F2F), ([0x7F, 0x49], 0x7F49), ([0x5F, 0xC1, 0x05], 0x5FC105)]
      as [([UInt8], UInt32)])
  func tags(bytes: [UInt8], tag: UInt32) throws {
    #expect(try BERTLV.parseOne(bytes + [0]).tag == tag)
  }

  @Test(
    "not canonical, not read",
    arguments: [
      ("nothing after the tag", [0x53]), ("indefinite", [0x53, 0x80, 0x00, 0x00]), ("81 for 127", [0x53, 0x81, 0x7F]),
      ("81 without its byte", [0x53, 0x81]), ("82 for 255", [0x53, 0x82, 0x00, 0xFF]), ("82 cut", [0x53, 0x82, 0x01]),
      ("three length bytes", [0x53, 0x83, 0x00, 0x00, 0x01, 0xAA]),
      ("four length bytes", [0x53, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]),
      ("the reserved FF", [0x53, 0xFF]), ("longer than what follows", [0x53, 0x02, 0xAA]), ("tag zero", [0x00, 0x00]),
      ("padding behind", [0x53, 0x01, 0xAA, 0x00]), ("tag 5F 1E should be one byte", [0x5F, 0x1E, 0x00]),
      ("tag 5F 80 01", [0x5F, 0x80, 0x01, 0x00]), ("a tag of four bytes", [0x5F, 0x81, 0x81, 0x01, 0x00]),
      ("a tag cut", [0x5F]),
    ] as [(String, [UInt8])])
  func malformed(what: String, bytes: [UInt8]) {
    #expect(throws: MalformedInput.self, "\(what)") { try BERTLV.parse(bytes) }
  }

  @Test("objects, size and depth have limits")
  func limits() throws {
    let object: [UInt8] = [0x81, 0x00]
    let most = [[UInt8]](repeating: object, count: BERTLV.countLimit).flatMap { $0 }
    #expect(try BERTLV.parse(most).count == BERTLV.countLimit)
    #expect(throws: MalformedInput.self) { try BERTLV.parse(most + object) }

    let size = BERTLV.sizeLimit
    let large = [0x53, 0x82, UInt8((size - 4) >> 8), UInt8((size - 4) & 0xFF)] + [UInt8](repeating: 0, count: size - 4)
    #expect(try BERTLV.parseOne(large).value.count == size - 4)
    #expect(throws: MalformedInput.self) { try BERTLV.parse(large + object) }

    var nested: [UInt8] = []
    for _ in 0..<BERTLV.depthLimit { nested = [0x30, UInt8(nested.count)] + nested }
    var level = try BERTLV.parseOne(nested)
    for _ in 1..<BERTLV.depthLimit { level = try #require(try level.children().first) }
    #expect(throws: MalformedInput.self) { try level.children() }
  }

  @Test("exactly one object where one is asked for")
  func one() {
    #expect(throws: MalformedInput.self) { try BERTLV.parseOne([]) }
    #expect(throws: MalformedInput.self) { try BERTLV.parseOne([0x53, 0x00, 0x53, 0x00]) }
  }
}
