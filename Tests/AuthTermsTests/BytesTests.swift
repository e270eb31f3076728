import AuthTerms
import Testing

@Suite("bytes and their limits")
struct BytesTests {
  @Test("hexadecimal reads what it writes, and nothing else")
  func hex() throws {
    let all = (0...255).map { UInt8($0) }
    #expect(try Hex.decode(Hex.encode(all)) == all)
    #expect(Hex.encode([0x0F, 0xA0]) == "0fa0")
    #expect(try Hex.decode("").isEmpty && Hex.encode([]).isEmpty)
    for wrong in ["0", "0F", "0g", " 00", "00 ", "0x00", "００"] {
      #expect(throws: MalformedInput.self) { try Hex.decode(wrong) }
    }
  }

  @Test("a reader ends where the bytes end")
  func reader() throws {
    var reader = ByteReader([1, 2, 3, 4, 5], subject: "test")
    #expect(try reader.byte() == 1)
    #expect(try reader.unsigned(bytes: 2) == 0x0203)
    #expect(reader.remaining == 2 && !reader.isAtEnd)
    #expect(throws: MalformedInput.self) { try reader.take(3) }
    #expect(throws: MalformedInput.self) { try reader.take(-1) }
    #expect(throws: MalformedInput.self) { try reader.take(.max) }
    #expect(throws: MalformedInput.self) { try reader.unsigned(bytes: 8) }
    #expect(throws: MalformedInput.self) { try reader.requireEnd() }
    #expect(reader.remaining == 2, "a failed read consumes nothing")
    #expect(try reader.take(2) == [4, 5])
    #expect(try reader.take(0).isEmpty)
    try reader.requireEnd()
    #expect(throws: MalformedInput.self) { try reader.byte() }
  }

  @Test("eight bytes are the widest number")
  func widest() throws {
    var reader = ByteReader([UInt8](repeating: 0xFF, count: 8), subject: "test")
    #expect(try reader.unsigned(bytes: 8) == .max)
  }

  @Test("fields have one spelling: length and bytes")
  func golden() {
    var writer = LengthPrefixedWriter()
    writer.field("三")
    writer.field([] as [UInt8])
    writer.field(UInt64(0x0102_0304_0506_0708))
    writer.field(Int64(-1))
    #expect(Hex.encode(writer.bytes) == "00000003e4b889" + "00000000" + "000000080102030405060708" + "00000008ffffffffffffffff")
  }

  @Test("two lists of fields never have the same bytes")
  func unambiguous() {
    func bytes(_ fields: [String]) -> [UInt8] {
      var writer = LengthPrefixedWriter()
      for field in fields { writer.field(field) }
      return writer.bytes
    }
    let lists = [
      ["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], ["a", "b", "c"], [], [""], ["\u{0}\u{0}\u{0}\u{0}"],
      ["", ""],
    ]
    #expect(Set(lists.map(bytes)).count == lists.count)
  }

  @Test("500 random lists read back")
  func roundTrip() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      let fields = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      let number = Int64.random(in: .min ... .max, using: &random)
      var writer = LengthPrefixedWriter()
      for field in fields { writer.field(field) }
      writer.field(number)
      writer.field("終")
      var reader = LengthPrefixedReader(writer.bytes, subject: "test")
      for field in fields { #expect(try reader.field() == field) }
      #expect(try reader.signed() == number)
      #expect(!reader.isAtEnd)
      #expect(try reader.text() == "終")
      try reader.requireEnd()
    }
  }

  @Test(
    "lengths are not believed",
    arguments: ["00", "000000", "00000001", "0000000201", "ffffffff", "7fffffff00", "0000000461626364", "00000005616263646566"])
  func malformed(hex: String) throws {
    var reader = LengthPrefixedReader(try Hex.decode(hex), subject: "test", limit: 3)
    #expect(throws: MalformedInput.self) { try reader.field() }
  }

  @Test("the limit is the largest field; text is UTF-8; numbers are eight bytes")
  func kinds() throws {
    var atLimit = LengthPrefixedReader(try Hex.decode("00000003616263"), subject: "test", limit: 3)
    #expect(try atLimit.text() == "abc")
    for wrong in ["00000001ff", "00000002c080", "00000003eda080"] {
      var reader = LengthPrefixedReader(try Hex.decode(wrong), subject: "test")
      #expect(throws: MalformedInput.self) { try reader.text() }
    }
    for wrong in ["0000000700000000000000", "00000009000000000000000000", "00000000"] {
      var reader = LengthPrefixedReader(try Hex.decode(wrong), subject: "test")
      #expect(throws: MalformedInput.self) { try reader.unsigned() }
    }
    var trailing = LengthPrefixedReader(try Hex.decode("0000000000"), subject: "test")
    _ = try trailing.field()
    #expect(throws: MalformedInput.self) { try trailing.requireEnd() }
  }
}

/// What this suite cannot show is the wiping itself: reading freed memory is undefined, so the last owner's `explicit_bzero` is
/// held by review of `Secret.deinit` alone.
@Suite("secrets do not print")
struct SecretTests {
  @Test("the mirror is empty and no text of it has a byte")
  func silent() {
    let secret = Secret<PIN>(copying: Array("246802".utf8))
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(Mirror(reflecting: secret).children.isEmpty)
    for text in [
      String(describing: secret), String(reflecting: secret), "\(secret)", "\([secret])", "\(Optional(secret) as Any)", dumped,
    ] {
      #expect(!text.contains("246802") && !text.contains("50, 52") && !text.contains("3234"))
    }
  }

  @Test("bytes go in and are lent out", arguments: [0, 1, 15, 16, 17, 4096])
  func lent(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let secret = Secret<KeyMaterial>(copying: bytes)
    #expect(secret.count == count)
    #expect(secret.withBytes { Array($0) } == bytes)
  }

  @Test("memory is zeroed before it is filled, and a failed filling makes no secret")
  func filling() {
    struct Refused: Error {}
    let secret = Secret<TypedPassword>(count: 32) { _ in }
    #expect(secret.withBytes { $0.allSatisfy { $0 == 0 } })
    #expect(throws: Refused.self) { try Secret<TypedPassword>(count: 32) { _ in throw Refused() } }
  }

  @Test("what reading throws comes through")
  func throwing() {
    struct Refused: Error {}
    let secret = Secret<TypedPassword>(copying: [1])
    #expect(throws: Refused.self) { try secret.withBytes { _ in throw Refused() } }
  }
}
