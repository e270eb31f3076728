/// The part of YAML that policy files are written in, checked before the YAML parser sees a byte.
///
/// A policy needs mappings, lists and one-line values. Everything else in YAML (anchors, aliases, tags, directives, several
/// documents, block scalars, values over several lines) is refused here with its own place, for two reasons: what an operator
/// reads is then what is in force, and the C parser behind it never recurses or expands more than these limits allow.
struct PlainText {
  static let largestSize = 256 * 1024
  /// Spaces before a line; with one dash a line it bounds the depth of block nesting.
  static let deepestIndent = 32
  /// Brackets and braces of a whole file, quoted or not: bounds the recursion of any parser, whatever it takes for a bracket.
  static let mostOpeners = 256
  static let deepestFlow = 4

  let text: String
  let lines: [[Unicode.Scalar]]

  /// `nil` if the log has got an error.
  init?(_ bytes: [UInt8], _ log: FaultLog) {
    guard bytes.count <= Self.largestSize else {
      log.add(.tooLarge, .start)
      return nil
    }
    guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
      log.add(.byteOrderMark, .start)
      return nil
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      log.add(.notUTF8, Self.positionOfBrokenText(bytes))
      return nil
    }
    self.text = text
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    checkCharacters(log)
    guard log.isClean else { return nil }
    for index in lines.indices {
      var scanner = LineScanner(lines[index], number: index + 1, log: log)
      scanner.scan()
    }
    guard log.isClean else { return nil }
  }

  private static func positionOfBrokenText(_ bytes: [UInt8]) -> Position {
    // The first line that is not text by itself: no line feed can be part of a longer UTF-8 sequence.
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    return Position(line: index + 1, column: 1)
  }

  private func checkCharacters(_ log: FaultLog) {
    var openers = 0
    for (index, line) in lines.enumerated() {
      for (offset, scalar) in line.enumerated() {
        let position = Position(line: index + 1, column: offset + 1)
        if scalar == "\r" {
          log.add(.carriageReturn, position)
          return
        }
        if !Self.isVisible(scalar) {
          log.add(.controlCharacter, position)
          return
        }
        if scalar == "[" || scalar == "{" { openers += 1 }
        if openers > Self.mostOpeners {
          log.add(.tooDeep, position)
          return
        }
      }
    }
  }

  /// No control, no line break of other alphabets, nothing that is invisible or turns the direction of the text around.
  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    if (0x20...0x7E).contains(scalar.value) { return true }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " " || scalar == "\u{3000}"
    default: true
    }
  }
}

/// Walks over one line as YAML would, and names what is not in our part of it.
private struct LineScanner {
  let line: [Unicode.Scalar]
  let number: Int
  let log: FaultLog
  private var index = 0
  private var flow = 0
  /// A value or key may begin here.
  private var atToken = true
  private var dashes = 0
  /// The line is a key or an entry of a list; every line of a policy is one of the two.
  private var isEntry = false

  init(_ line: [Unicode.Scalar], number: Int, log: FaultLog) {
    self.line = line
    self.number = number
    self.log = log
  }

  mutating func scan() {
    if isDocumentMark() {
      log.add(.severalDocuments, Position(line: number, column: 1))
      return
    }
    let indent = line.prefix { $0 == " " }.count
    if indent > PlainText.deepestIndent, indent < line.count {
      report(.tooDeep, at: indent)
      return
    }
    index = indent
    while index < line.count {
      let scalar = line[index]
      if scalar == " " {
        index += 1
      } else if scalar == "#", index == 0 || line[index - 1] == " " {
        break
      } else {
        guard atToken ? token(scalar) : afterToken(scalar) else { return }
      }
    }
    if flow > 0 { report(.severalLines, at: max(line.count - 1, 0)) }
    if !isEntry, indent < line.count, line[indent] != "#" { report(.syntax, at: indent) }
  }

  private func isDocumentMark() -> Bool {
    guard let first = line.first else { return false }
    if first == "%" { return true }
    for mark in ["-", "."] as [Unicode.Scalar] where line.count >= 3 && line.prefix(3).allSatisfy({ $0 == mark }) {
      return line.count == 3 || line[3] == " "
    }
    return false
  }

  /// - Returns: whether to go on.
  private mutating func token(_ scalar: Unicode.Scalar) -> Bool {
    let isAlone = index + 1 >= line.count || line[index + 1] == " "
    switch scalar {
    case "-" where isAlone:
      dashes += 1
      if dashes > 1 { return report(.tooDeep, at: index) }
      isEntry = true
      index += 1
    case "?" where isAlone || flow > 0: return report(.complexKey, at: index)
    case "&", "*": return report(.anchorOrAlias, at: index)
    case "!": return report(.tag, at: index)
    case "|", ">": return report(.severalLines, at: index)
    case "@", "`", "%": return report(.syntax, at: index)
    case "[", "{":
      flow += 1
      if flow > PlainText.deepestFlow { return report(.tooDeep, at: index) }
      index += 1
    case "]", "}", ",": return afterToken(scalar)
    case "\"", "'": return quoted(scalar)
    default: plain()
    }
    return true
  }

  private mutating func quoted(_ quote: Unicode.Scalar) -> Bool {
    let start = index
    index += 1
    while index < line.count {
      if quote == "\"", line[index] == "\\" { return report(.escape, at: index) }
      if line[index] == quote {
        // In single quotes, two of them are one.
        guard quote == "'", index + 1 < line.count, line[index + 1] == "'" else {
          index += 1
          atToken = false
          return true
        }
        index += 1
      }
      index += 1
    }
    return report(.severalLines, at: start)
  }

  private mutating func plain() {
    while index < line.count {
      let scalar = line[index]
      let isLast = index + 1 >= line.count
      if scalar == ":", isLast || line[index + 1] == " " { break }
      if scalar == "#", line[index - 1 < 0 ? 0 : index - 1] == " " { break }
      if flow > 0, [",", "[", "]", "{", "}"].contains(scalar) { break }
      if flow > 0, scalar == ":", [",", "[", "]", "{", "}"].contains(line[index + 1]) { break }
      index += 1
    }
    atToken = false
  }

  private mutating func afterToken(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case ":", ",":
      atToken = true
      if scalar == ":", flow == 0 { isEntry = true }
    case "]", "}":
      guard flow > 0 else { return report(.syntax, at: index) }
      flow -= 1
      atToken = false
    case "[", "{":
      // Never right after a value; the parser would say so too, on another line.
      return report(.syntax, at: index)
    default: return report(.syntax, at: index)
    }
    index += 1
    return true
  }

  @discardableResult
  private func report(_ code: FaultCode, at offset: Int) -> Bool {
    log.add(code, Position(line: number, column: offset + 1))
    return false
  }
}
