import AuthTerms

/// A row's line, taken apart and not yet believed.
struct PackLine {
  let number: UInt64
  let leaf: TreeHash
  let encoded: [UInt8]

  private static let begin = Array("<p id=\"r".utf8)
  private static let beforeLeaf = Array("\" data-leaf=\"".utf8)
  private static let beforeBytes = Array("\" data-bytes=\"".utf8)
  private static let behindBytes = Array("\"><b>".utf8)

  static func isOne(_ line: [UInt8]) -> Bool { line.starts(with: begin) }

  /// - Returns: `nil` for what is no such line, and for one that says two numbers.
  init?(parsing line: [UInt8]) {
    var rest = line[...]
    guard Self.take(Self.begin, from: &rest), let first = Self.word(until: 0x22, from: &rest),
      Self.take(Self.beforeLeaf, from: &rest), let leafText = Self.word(until: 0x22, from: &rest),
      Self.take(Self.beforeBytes, from: &rest), let bytesText = Self.word(until: 0x22, from: &rest),
      Self.take(Self.behindBytes, from: &rest), let second = Self.word(until: 0x3C, from: &rest), first == second,
      let number = Self.number(first), let hash = try? Base64.decode(leafText), let leaf = try? TreeHash(parsing: hash),
      let bytes = try? Base64.decode(bytesText)
    else { return nil }
    self.number = number
    self.leaf = leaf
    self.encoded = bytes
  }

  /// Whether the line says of the row what its bytes say, in the one spelling there is.
  func isWritten(_ line: [UInt8]) -> Bool {
    guard let text = try? PackText.row(number, leaf: leaf, encoded: encoded) else { return false }
    return line.elementsEqual(text.utf8)
  }

  /// One spelling, below 2^63.
  static func number(_ text: String) -> UInt64? {
    guard let number = UInt64(text), String(number) == text, number <= UInt64(Int64.max) else { return nil }
    return number
  }

  /// Hashes and the one over them; `nil` when the line is none, and `isRight` false when one of them was changed.
  static func hashes(_ line: [UInt8]) -> (hashes: [TreeHash], isRight: Bool)? {
    guard line.count <= 16 * 1024, let text = String(validating: line, as: UTF8.self) else { return nil }
    let begin = "<p class=\"proof\">"
    guard line.starts(with: begin.utf8) else { return nil }
    var hashes: [TreeHash] = []
    for word in text.utf8.dropFirst(begin.utf8.count).split(separator: 0x20, omittingEmptySubsequences: false) {
      guard let bytes = try? Base64.decode(String(Substring(word))), let hash = try? TreeHash(parsing: bytes) else {
        return nil
      }
      hashes.append(hash)
    }
    guard hashes.popLast() != nil else { return nil }
    return (hashes, Array(PackText.proof(hashes).utf8) == line)
  }

  /// The first row, and the one behind the last.
  static func span(_ line: [UInt8]) -> Range<UInt64>? {
    let begin = "<p class=\"span\">"
    guard line.count <= 100, line.starts(with: begin.utf8), let text = String(validating: line, as: UTF8.self) else {
      return nil
    }
    let words = text.utf8.dropFirst(begin.utf8.count).split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 2, let first = number(String(Substring(words[0]))), let end = number(String(Substring(words[1]))),
      first < end
    else { return nil }
    return first..<end
  }

  private static func take(_ expected: [UInt8], from rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.starts(with: expected) else { return false }
    rest = rest.dropFirst(expected.count)
    return true
  }

  /// What ends the word stays for the next part.
  private static func word(until end: UInt8, from rest: inout ArraySlice<UInt8>) -> String? {
    guard let place = rest.firstIndex(of: end), let word = String(validating: rest[..<place], as: UTF8.self) else { return nil }
    rest = rest[place...]
    return word
  }
}
