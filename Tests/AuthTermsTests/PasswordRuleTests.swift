import AuthTerms
import Testing

@Suite("passwords of applications")
struct PasswordRuleTests {
  /// SplitMix64: the same bytes every time.
  private struct Source {
    var state: UInt64 = 20_261_122

    mutating func bytes(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt8(truncatingIfNeeded: mixed ^ (mixed >> 31))
      }
    }
  }

  private func text(_ secret: Secret<ApplicationPassword>) -> String {
    secret.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func accepts(_ rule: PasswordRule, _ text: String) -> Bool {
    rule.accepts(Secret<TypedPassword>(copying: Array(text.utf8)))
  }

  @Test(
    "lengths, classes and symbols that can be meant",
    arguments: [
      (8, 8, 1, "", true), (8, 256, 4, "!", true), (7, 8, 1, "", false), (8, 257, 1, "", false), (9, 8, 1, "", false),
      (8, 8, 0, "", false), (8, 8, 5, "!", false), (8, 8, 3, "", true), (8, 8, 4, "", false), (8, 8, 1, "a", false),
      (8, 8, 1, "0", false), (8, 8, 1, " ", false), (8, 8, 1, "!!", false), (8, 8, 1, "！", false), (8, 8, 1, "\u{7F}", false),
      (8, 8, 1, "\n", false), (8, 8, 4, ##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##, true),
    ])
  func limits(minimum: Int, maximum: Int, classes: Int, symbols: String, isTaken: Bool) {
    let isRule = Applications.isTaken {
      _ = try PasswordRule(minimum: minimum, maximum: maximum, classes: classes, symbols: symbols)
    }
    #expect(isRule == isTaken)
  }

  @Test("what an application would take")
  func accepted() throws {
    let rule = try PasswordRule(minimum: 8, maximum: 10, classes: 3, symbols: "-_")
    for text in ["abcdeF12", "abcdefG-", "abcdef1_", "ABCDEF1-", "aaaaaaaA1-"] { #expect(accepts(rule, text), "\(text)") }
    for text in [
      "", "abcdF12", "abcdefghF12", "abcdefgh", "abcdefgH", "abcdefg1", "abcdeF1!", "abcdeF1 ", "abcdeF12\n", "abcdeF1\u{0}",
      "abcdeF1é", "パスワードA1",
    ] { #expect(!accepts(rule, text), "\(text)") }
    let weak = try PasswordRule(minimum: 8, maximum: 8, classes: 1, symbols: "")
    #expect(accepts(weak, "aaaaaaaa") && accepts(weak, "00000000") && !accepts(weak, "aaaaaaa-"))
  }

  @Test(
    "what is generated is taken, has the usual length where it may, and is another one each time",
    arguments: [
      (8, 8, 4, "!", 8), (8, 64, 3, "", 24), (8, 20, 4, "-_.", 20), (120, 120, 4, "!#%", 120), (30, 256, 1, "", 30),
      (8, 256, 4, ##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##, 24),
    ])
  func generated(minimum: Int, maximum: Int, classes: Int, symbols: String, length: Int) throws {
    let rule = try PasswordRule(minimum: minimum, maximum: maximum, classes: classes, symbols: symbols)
    var source = Source()
    var seen: Set<String> = []
    for _ in 0..<300 {
      let secret = try rule.generate { source.bytes($0) }
      #expect(secret.count == length && rule.accepts(secret))
      seen.insert(text(secret))
    }
    #expect(seen.count == 300)
  }

  /// Without the rejection of 248…255 the first eight letters come 25 % more often; χ² of 61 degrees of freedom is then near 500.
  @Test("no character is favoured")
  func fair() throws {
    let rule = try PasswordRule(minimum: 8, maximum: 256, classes: 1, symbols: "")
    var source = Source()
    var counts: [Character: Int] = [:]
    for _ in 0..<2000 { for letter in text(try rule.generate { source.bytes($0) }) { counts[letter, default: 0] += 1 } }
    let expected = 48_000.0 / 62
    let square = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    #expect(counts.count == 62 && square < 110, "\(square): one in 10,000 is above")
  }

  @Test("a password in which a class is missing is thrown away as a whole, and the next one is taken")
  func wholeOnes() throws {
    let rule = try PasswordRule(minimum: 8, maximum: 8, classes: 3, symbols: "")
    // 0 is a, 26 is A, 52 is 0.
    var drafts: [[UInt8]] = [[0, 0, 0, 0, 0, 0, 0, 0], [0, 26, 0, 26, 0, 26, 0, 26], [0, 26, 52, 1, 27, 53, 248, 2], [61]]
    let secret = try rule.generate { _ in drafts.removeFirst() }
    #expect(text(secret) == "aA0bB1c9" && drafts.isEmpty, "248 would favour a letter: one byte more is asked for")
  }

  @Test("a source that gives the wrong number of bytes, or always the same, is a fault and no password")
  func brokenSource() throws {
    let rule = try PasswordRule(minimum: 8, maximum: 8, classes: 2, symbols: "")
    let sources: [(Int) -> [UInt8]] = [
      { _ in [] }, { [UInt8](repeating: 1, count: $0 - 1) }, { [UInt8](repeating: 1, count: $0 + 1) },
      { [UInt8](repeating: 0, count: $0) }, { [UInt8](repeating: 255, count: $0) },
    ]
    for source in sources { #expect(throws: MalformedInput.self) { try rule.generate(random: source) } }
    // Wrong once is wrong: what comes later is not looked at.
    for first in [[], [UInt8](repeating: 1, count: 7), [UInt8](repeating: 1, count: 9)] as [[UInt8]] {
      var calls = 0
      #expect(throws: MalformedInput.self) {
        try rule.generate { count in
          calls += 1
          return calls == 1 ? first : (0..<count).map { UInt8($0 * 26) }
        }
      }
      #expect(calls == 1)
    }
    var calls = 0
    #expect(throws: MalformedInput.self) {
      try rule.generate { count in
        calls += 1
        return calls <= 64 ? [UInt8](repeating: 255, count: count) : (0..<count).map { UInt8($0 * 26) }
      }
    }
    #expect(calls == 64)
  }

  @Test("it cannot be printed")
  func unprintable() throws {
    var source = Source()
    let secret = try Applications.password().generate { source.bytes($0) }
    #expect(!"\(secret)".contains(text(secret)) && Mirror(reflecting: secret).children.isEmpty)
  }
}
