import AuthTerms
import Foundation
import Testing

@Suite("one person, one account name")
struct AccountNameTests {
  private func canonical(_ text: String) throws -> String { try AccountName(parsing: text).canonical }
  private func wide(_ text: String) -> String {
    var wide = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      wide.append((33...126).contains(scalar.value) ? Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar : scalar)
    }
    return String(wide)
  }

  @Test("more than 200 spellings of sato.hanako are one name, to the byte")
  func spellings() throws {
    let names = ["sato.hanako", "SATO.HANAKO", "Sato.Hanako", "sATO.hANAKO"]
    let frames = [
      "*", "CITY\\*", "city.example\\*", "三門\\*", "*@city.example", "*@CITY", "*@三門市.example", " *", "* ", "\t*\u{3000}",
      "\u{A0}*\u{200B}", "\u{FEFF}*",
    ]
    var typed: Set<[UInt8]> = []
    for name in names {
      for frame in frames {
        let whole = frame.replacing("*", with: name)
        for spelling in [
          whole, wide(whole), frame.replacing("*", with: wide(name)), wide(frame).replacing("＊", with: name),
          whole.replacing(".", with: " . "), whole.replacing("a", with: "a\u{AD}"), whole.replacing("n", with: "n\u{FE0F}"),
        ] {
          typed.insert(Array(spelling.utf8))
          #expect(try Array(canonical(spelling).utf8) == Array("sato.hanako".utf8))
        }
      }
    }
    #expect(typed.count > 200)
  }

  @Test(
    "composed and decomposed, half width and full width, old forms of one character",
    arguments: [
      ("が", "か\u{3099}"), ("ガ", "ｶﾞ"), ("パス", "ﾊﾟｽ"), ("é", "e\u{301}"), ("É", "é"), ("ﬁ", "fi"), ("㈱", "(株)"), ("①", "1"),
      ("神", "\u{FA19}"), ("Å", "\u{212B}"), ("ΣΑΣ", "σας"), ("Ⅻ", "xii"), ("K", "\u{212A}"),
    ])
  func compositions(one: String, other: String) throws {
    #expect(try Array(canonical(one).utf8) == Array(canonical(other).utf8))
    #expect(try AccountName(parsing: "x." + one) == AccountName(parsing: "x." + other))
  }

  @Test("what is ASCII already is folded as its full width is, which takes the long way")
  func plain() throws {
    var random = SystemRandomNumberGenerator()
    let printable = (UInt8(0x21)...0x7E).filter { $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "@") }
    for unit in printable {
      let one = String(decoding: [unit], as: UTF8.self)
      #expect(try canonical(one) == canonical(wide(one)), "\(one)")
    }
    for length in [1, 2, 15, 16, 127, 128] {
      let name = String(decoding: (0..<length).compactMap { _ in printable.randomElement(using: &random) }, as: UTF8.self)
      #expect(try canonical(name) == canonical(wide(name)) && canonical(name) == name.lowercased(), "\(name)")
    }
    let long = String(repeating: "a", count: 129)
    #expect(throws: MalformedInput.self) { try canonical(long) }
    for text in ["", " ", "\u{7F}", "a\u{7F}", "a\u{0}", "a\nb\u{1B}"] {
      #expect(throws: MalformedInput.self, "\(text.debugDescription)") { try canonical(text) }
    }
  }

  @Test(
    "look-alikes and variant characters stay different people",
    arguments: [
      ("sato", "sаto"), ("sato", "satо"), ("髙橋", "高橋"), ("山﨑", "山崎"), ("渡邉", "渡辺"), ("𠮷田", "吉田"), ("l", "1"), ("o", "0"),
      ("ニ", "二"),
      ("へ", "ヘ"), ("が", "か"), ("e", "é"), ("sato.hanako", "sato-hanako"), ("ß", "ss"),
    ])
  func different(one: String, other: String) throws {
    #expect(try AccountName(parsing: one) != AccountName(parsing: other))
  }

  @Test(
    "no name, two domains, control characters, characters of no meaning",
    arguments: [
      "", " ", "\u{3000}", "\u{200B}", "CITY\\", "@city", "\\", "＠", "a\\b\\c", "a@b@c", "CITY\\a@b", "a@b\\c", "a\u{0}b",
      "a\u{7}b", "\u{1B}[2J",
      "a\u{E000}", "a\u{FFFF}", "a\u{378}", "\u{301}", "\u{301}sato", "CITY\\\u{301}sato", "\u{3099}x",
      String(repeating: "a", count: 129), String(repeating: "あ", count: 342),
    ])
  func refused(typed: String) { #expect(throws: MalformedInput.self) { try AccountName(parsing: typed) } }

  @Test("128 characters are a name; so is one; a mark does not hide a separator")
  func limits() throws {
    #expect(try canonical(String(repeating: "Ａ", count: 128)) == String(repeating: "a", count: 128))
    #expect(try canonical("課") == "課")
    #expect(try canonical("sato@\u{301}city") == "sato")
  }

  @Test("folding twice changes nothing, for every character there is")
  func idempotent() throws {
    for value in 0...0x2FFFF as ClosedRange<UInt32> {
      guard let scalar = Unicode.Scalar(value) else { continue }
      guard let name = try? AccountName(parsing: "a\(scalar)") else { continue }
      let again = try AccountName(parsing: name.canonical)
      if !again.canonical.utf8.elementsEqual(name.canonical.utf8) { Issue.record("U+\(String(value, radix: 16))") }
    }
  }

  @Test("the short way for ASCII comes to what the long way does: each name written wide goes the long one")
  func shortWay() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      let typed = (0..<Int.random(in: 0...14, using: &generator)).map { _ in UInt32.random(in: 0...0x7F, using: &generator) }
      func text(_ scalars: [UInt32]) -> String {
        String(String.UnicodeScalarView(scalars.compactMap { Unicode.Scalar($0) }))
      }
      // U+FF01 to U+FF5E stand for ! to ~; a word joiner is nothing, and makes any name the long one's.
      let wide = text(typed.map { (0x21...0x7E).contains($0) ? $0 + 0xFEE0 : $0 } + [0x2060])
      #expect((try? AccountName(parsing: text(typed))) == (try? AccountName(parsing: wide)), "\(typed)")
    }
  }

  @Test("a refusal does not quote what was typed")
  func silent() {
    do throws(MalformedInput) { _ = try AccountName(parsing: "geheim\u{0}") } catch { #expect(!"\(error)".contains("geheim")) }
  }
}
