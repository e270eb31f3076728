import Foundation

/// Swift source with its comments and string contents blanked out, line for line, so that a word inside a comment or a
/// message is not taken for code. It understands `//`, nested `/* */`, `"…"`, `"""…"""` and their `#` forms; code inside
/// an interpolation is blanked with its string, which loses nothing that these tests look for.
struct SwiftText {
  /// Code only; the same number of lines as the file.
  let code: [Substring]
  /// For each line: whether a comment stands on it.
  let commented: [Bool]

  init(_ source: String) {
    var out: [UInt8] = []
    var marks: [Bool] = [false]
    let bytes = Array(source.utf8)
    out.reserveCapacity(bytes.count)
    var i = 0
    var depth = 0  // of block comments
    var lineComment = false
    var closing: [UInt8] = []  // of the string we are in
    func at(_ k: Int, _ word: [UInt8]) -> Bool { k + word.count <= bytes.count && Array(bytes[k..<k + word.count]) == word }

    while i < bytes.count {
      let byte = bytes[i]
      if byte == UInt8(ascii: "\n") {
        out.append(byte)
        marks.append(depth > 0)
        lineComment = false
        if closing.count > 0, !closing.starts(with: Array("\"\"\"".utf8)) { closing = [] }  // an unclosed "…" ends here
        i += 1
      } else if lineComment {
        i += 1
      } else if depth > 0 {
        if at(i, Array("/*".utf8)) {
          depth += 1
          i += 2
        } else if at(i, Array("*/".utf8)) {
          depth -= 1
          i += 2
        } else {
          i += 1
        }
      } else if !closing.isEmpty {
        if at(i, closing) {
          out.append(UInt8(ascii: "\""))
          i += closing.count
          closing = []
        } else if byte == UInt8(ascii: "\\"), !closing.contains(UInt8(ascii: "#")) {
          i += i + 1 < bytes.count && bytes[i + 1] == UInt8(ascii: "\n") ? 1 : 2
        } else {
          i += 1
        }
      } else if at(i, Array("//".utf8)) {
        marks[marks.count - 1] = true
        lineComment = true
      } else if at(i, Array("/*".utf8)) {
        marks[marks.count - 1] = true
        depth = 1
        i += 2
      } else if let (opening, end) = Self.stringOpening(bytes, i) {
        out.append(UInt8(ascii: "\""))
        closing = end
        i += opening
      } else {
        out.append(byte)
        i += 1
      }
    }
    code = String(decoding: out, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    commented = marks
  }

  /// Length of an opening quote at `i` and what closes it.
  private static func stringOpening(_ bytes: [UInt8], _ i: Int) -> (Int, [UInt8])? {
    var hashes = 0
    while i + hashes < bytes.count, bytes[i + hashes] == UInt8(ascii: "#") { hashes += 1 }
    let quote = i + hashes
    guard quote < bytes.count, bytes[quote] == UInt8(ascii: "\"") else { return nil }
    let triple = quote + 2 < bytes.count && bytes[quote + 1] == UInt8(ascii: "\"") && bytes[quote + 2] == UInt8(ascii: "\"")
    let quotes = [UInt8](repeating: UInt8(ascii: "\""), count: triple ? 3 : 1)
    return (hashes + quotes.count, quotes + [UInt8](repeating: UInt8(ascii: "#"), count: hashes))
  }

  /// An `import` and the line it stands on, counted from 1.
  struct Import: Equatable {
    let module: String
    let testable: Bool
    let line: Int
  }

  /// Every import, whatever stands before it (`public`, `@preconcurrency`, `@_exported`) and whichever form it has
  /// (`import X`, `import struct X.Y`).
  var imports: [Import] {
    var found: [Import] = []
    for (index, line) in code.enumerated() {
      var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ";" })
      var testable = false
      while let word = words.first, word.hasPrefix("@") || Self.accessLevels.contains(String(word)) {
        testable = testable || word.hasPrefix("@testable")
        words.removeFirst()
      }
      guard words.first == "import", words.count >= 2 else { continue }
      words.removeFirst()
      if let kind = words.first, Self.kinds.contains(String(kind)) { words.removeFirst() }
      guard let module = words.first?.split(separator: ".").first else { continue }
      found.append(Import(module: String(module), testable: testable, line: index + 1))
    }
    return found
  }

  private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
  private static let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
}
