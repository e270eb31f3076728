import AuthTerms
import Testing

@Suite("Base64 has one spelling")
struct Base64Tests {
  @Test(
    "RFC 4648 §10",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, text: String) throws {
    #expect(Base64.encode(Array(plain.utf8)) == text)
    #expect(try Base64.decode(text) == Array(plain.utf8))
    let bare = text.replacing("=", with: "")
    #expect(Base64.encode(Array(plain.utf8), isPadded: false) == bare)
    #expect(try Base64.decode(bare, isPadded: false) == Array(plain.utf8))
  }

  @Test("there and back, every length and byte")
  func roundTrip() throws {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
      #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }

  @Test(
    "other spellings are refused",
    arguments: [
      "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n", " Zg==", "Zg===", "====", "=", "Zm-v", "Zm_v", "Zm9v=", "Z=g=", "ａ===",
    ])
  func malformed(text: String) {
    #expect(throws: MalformedInput.self) { try Base64.decode(text) }
  }
}
