import Storage
import Testing

@Suite("names as people search them")
struct SearchTextTests {
  /// A character that folding drops, and that makes it take the long way.
  private static let nothing = "\u{200B}"

  @Test("kana, kanji and ASCII, alone and together, are folded at once to what the long way makes of them")
  func plain() {
    let scalars = [0x20...0x7E, 0x3000...0x3000, 0x3041...0x3096, 0x30A1...0x30FA, 0x30FC...0x30FC, 0x4E00...0x9FA5]
      .joined().compactMap { Unicode.Scalar(UInt32($0)) }
    #expect(scalars.count > 21_000)
    let different = scalars.map { String($0) }.filter { SearchText.fold($0) != SearchText.fold($0 + Self.nothing) }
    #expect(different == [])
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
        scalars.randomElement(using: &random).map { String($0) }
      }.joined()
      #expect(
        Array(SearchText.fold(text).utf8) == Array(SearchText.fold(Self.nothing + text).utf8), "\(text.debugDescription)")
    }
  }

  @Test(
    "width, case, script and variants do not matter",
    arguments: [
      ("さとう　はなこ", "サトウハナコ"), ("ｻﾄｳ ﾊﾅｺ", "サトウハナコ"), ("Sato Hanako", "satohanako"), ("ＳＡＴＯ", "sato"), ("髙橋", "高橋"),
      ("山﨑", "山崎"), ("渡邉", "渡辺"), ("か\u{3099}", "ガ"), ("𠮷田", "吉田"), ("\u{FA19}", "神"),
    ])
  func same(one: String, other: String) {
    #expect(Array(SearchText.fold(one).utf8) == Array(other.utf8))
  }
}
