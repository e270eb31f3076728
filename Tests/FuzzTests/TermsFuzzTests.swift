import AuthTerms
import Biometric
import Foundation
import Fuzzing
import Sealing
import Testing

/// Words, names and sealed values.
@Suite("Fuzz: terms, sealed values, templates", .serialized)
struct TermsFuzzTests {
  private static func utf8(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test("hexadecimal and base64 have one spelling of each value")
  func encodings() throws {
    let tally = try Fuzzer("hex", corpus: Self.utf8(["00ff10", "deadbeef", ""]), share: 0.5).run { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      guard let read = try? Hex.decode(text) else { return false }
      guard Array(Hex.encode(read).utf8) == bytes else { throw Fuzzer.Broken("two spellings") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
    let other = try Fuzzer("base64", corpus: Self.utf8(["AAECAw==", "/+8=", "c2FubW9u"]), share: 0.5).run { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      guard let read = try? Base64.decode(text) else { return false }
      guard Array(Base64.encode(read).utf8) == bytes else { throw Fuzzer.Broken("two spellings") }
      return true
    }
    #expect(other.accepted > 50 && other.refused > 1000)
  }

  @Test("names: what is accepted shows itself, and is read again as the same")
  func names() throws {
    let corpus = Self.utf8(["p-000042", "LGWAN-PC-0042", "lgwan", "123456", "sato.hanako", "SANMON\\佐藤", "髙橋@sanmon.example"])
    let words = ["\u{202E}", "\u{0}", "\r\n", "\u{3099}", "ﾊﾞ", "\u{FF0E}", "\u{E0100}"]
    let tally = try Fuzzer("names", corpus: corpus, words: words).run { bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else { return false }
      let id = try? PersonID(parsing: text)
      let segment = try? Segment(parsing: text)
      if let id, id.text != text || !text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
        throw Fuzzer.Broken("an identifier that needs quoting")
      }
      if let segment, segment.name != text { throw Fuzzer.Broken("a segment with two spellings") }
      if let reference = try? Reference(parsing: text), reference.description != text {
        throw Fuzzer.Broken("a reference with two spellings")
      }
      if let remark = try? Remark(parsing: text), VisibleText.marking(remark.text) != text {
        throw Fuzzer.Broken("a remark that does not show itself")
      }
      let account = try? AccountName(parsing: text)
      if let account, try AccountName(parsing: account.canonical) != account {
        throw Fuzzer.Broken("folding twice changes an account")
      }
      return id != nil || segment != nil || account != nil
    }
    #expect(tally.accepted > 500 && tally.refused > 500)
  }

  @Test("length-prefixed fields: what was read is what is written")
  func fields() throws {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon")
    writer.field(UInt64.max)
    writer.field([])
    writer.field(Array(repeating: UInt8(7), count: 300))
    let tally = try Fuzzer("fields", corpus: [writer.bytes]).run { bytes in
      var reader = LengthPrefixedReader(bytes, subject: "fuzz", limit: 512)
      var again = LengthPrefixedWriter()
      while !reader.isAtEnd {
        guard let field = try? reader.field() else { return false }
        again.field(field)
      }
      guard again.bytes == bytes else { throw Fuzzer.Broken("read and written differ") }
      return true
    }
    #expect(tally.accepted > 500 && tally.refused > 500)
  }

  @Test("a sealed column opens as it was sealed, or not at all")
  func sealed() throws {
    let keys = try ColumnKeys(
      current: ColumnKey(id: 2, key: Secret(copying: [UInt8](repeating: 1, count: 32))),
      older: [ColumnKey(id: 1, key: Secret(copying: [UInt8](repeating: 2, count: 32)))])
    let place = ColumnPlace(table: "passwords", row: "p-000042", version: 1)
    let plain = Array("$argon2id$v=19$…".utf8)
    let sealed = try SealedColumn.seal(plain, under: keys, at: place)
    let tally = try Fuzzer("sealed", corpus: [sealed]).run { bytes in
      guard let opened = try? SealedColumn.open(bytes, with: keys, at: place) else { return false }
      guard bytes == sealed, opened == plain else { throw Fuzzer.Broken("opened something else") }
      return true
    }
    #expect(tally.refused > 1000)
  }

  @Test("a password hash of any text: parameters within their limits, or refused")
  func hashes() throws {
    let salt = "c29tZXNhbHRzb21lc2FsdA"
    let hash = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    let corpus = Self.utf8(["$argon2id$v=19$m=19456,t=2,p=1$\(salt)$\(hash)"])
    // Asking for renewal reads the whole text and computes nothing.
    let tally = try Fuzzer("phc", corpus: corpus, words: ["$", "m=", ",t=", "p=0", "=", "v=16", "argon2i"]).run { bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else { return false }
      return (try? PasswordHash.needsRenewal(text)) != nil
    }
    #expect(tally.refused > 1000)
  }

  @Test("a template is refused or reads back as it was")
  func templates() throws {
    var mask = [UInt64](repeating: 0, count: 64)
    for row in 4..<60 { mask[row] = .max }
    // Orientation 001 in every valid cell.
    let code = mask + [UInt64](repeating: 0, count: 128)
    let template = try #require(
      VeinTemplate(
        hand: .left, quality: 87, filterBank: 1, protectionKey: 7, alignmentWindow: 3, code: code, mask: mask))
    let tally = try Fuzzer("template", corpus: [template.encoded], count: 4000).run { bytes in
      guard let read = try? VeinTemplate(decoding: bytes) else { return false }
      guard read.encoded == bytes else { throw Fuzzer.Broken("two spellings of one template") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }
}
