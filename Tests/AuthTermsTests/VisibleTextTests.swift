import AuthTerms
import Foundation
import Testing

@Suite("What of a text can be seen")
struct VisibleTextTests {
  /// Line breaks of several alphabets, NUL, an escape, C1 controls, direction marks, an invisible space, no character at all.
  static let hostile: [String] = [
    "a\r\nb", "a\nb", "a\u{0}b", "\u{1B}[2Jb", "a\u{7F}b", "a\u{85}b", "a\u{9B}2Jb", "a\u{2028}b", "a\u{2029}b", "a\u{200B}b",
    "a\u{200F}b", "a\u{202E}b", "a\u{2066}b", "a\u{FEFF}b", "a\u{E0041}b", "a\u{FFFE}b",
  ]

  @Test("is everything a Japanese name may hold: rare characters, variants, composed and decomposed, the city's own")
  func names() {
    for text in ["髙橋 はな子", "𠮷田", "葛\u{E0100}城", "カ\u{3099}ラス", "外字\u{E000}", "O'Brien-渡邉", "Ünal", "　全角　"] {
      #expect(text.unicodeScalars.allSatisfy(VisibleText.shows), "\(text)")
      #expect(VisibleText.marking(text).unicodeScalars.elementsEqual(text.unicodeScalars))
      #expect(VisibleText.escaping(json: text).unicodeScalars.elementsEqual(text.unicodeScalars))
    }
  }

  @Test("is not what breaks lines, ends texts, steers terminals or turns the direction", arguments: hostile)
  func marked(text: String) throws {
    #expect(!text.unicodeScalars.allSatisfy(VisibleText.shows))
    let marked = VisibleText.marking(text)
    #expect(marked.unicodeScalars.allSatisfy(VisibleText.shows) && marked.contains("<U+"))
    #expect(throws: MalformedInput.self) { try Remark(parsing: text) }
    // The same value for a program.
    let json = VisibleText.escaping(json: String(decoding: try JSONEncoder().encode([text]), as: UTF8.self))
    #expect(json.unicodeScalars.allSatisfy(VisibleText.shows))
    let read = try JSONDecoder().decode([String].self, from: Data(json.utf8))
    #expect(read.first.map { Array($0.utf8) } == Array(text.utf8))
  }

  @Test("marks have four digits or more")
  func spelling() {
    #expect(VisibleText.marking("a\u{A}b\u{202E}c\u{E0041}") == "a<U+000A>b<U+202E>c<U+E0041>")
    #expect(VisibleText.escaping(json: "\"\u{202E}\u{E0041}\"") == #""\u202e\udb40\udc41""#)
  }

  @Test("a remark has at most 500 bytes")
  func remark() throws {
    #expect(try Remark(parsing: "").text == "")
    #expect(try Remark(parsing: String(repeating: "あ", count: 166)).text.utf8.count == 498)
    #expect(throws: MalformedInput.self) { try Remark(parsing: String(repeating: "あ", count: 167)) }
    #expect(try Remark(parsing: String(repeating: "a", count: 500)).text.utf8.count == 500)
    #expect(throws: MalformedInput.self) { try Remark(parsing: String(repeating: "a", count: 501)) }
  }
}
