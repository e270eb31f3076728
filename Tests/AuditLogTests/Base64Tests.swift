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

  @Test("each place of a text takes the characters of the alphabet alone, and says the same as a slow reading")
  func places() throws {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for (place, unit) in (0..<11).flatMap({ place in (0...127).map { (place, UInt8($0)) } }) {
      var units = Array("Zm9vYmFyMTg".utf8)
      units[place] = unit
      let bits = units.compactMap { unit in alphabet.firstIndex(of: unit).map { UInt32($0) } }
      let decoded = try? Base64.decode(String(decoding: units, as: UTF8.self), isPadded: false)
      guard bits.count == 11, bits[10] & 3 == 0 else {
        #expect(decoded == nil, "\(place) \(unit)")
        continue
      }
      let slow = (0..<8).map { byte in
        (0..<8).reduce(UInt8(0)) { value, bit in
          let at = byte * 8 + bit
          return value << 1 | UInt8(truncatingIfNeeded: bits[at / 6] >> UInt32(5 - at % 6) & 1)
        }
      }
      #expect(decoded == slow)
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
