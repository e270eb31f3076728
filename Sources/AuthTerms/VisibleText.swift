/// What of a text can be seen. A line break forges a row, NUL ends a text early, an escape steers a terminal, and a direction
/// mark makes a name read as another: where people type, such text is refused; where it is shown, it is marked.
public enum VisibleText {
  /// No control, no line or paragraph break of any alphabet, no format character (those that change direction among them), no
  /// code point without a meaning.
  public static func shows(_ scalar: Unicode.Scalar) -> Bool {
    if (0x20...0x7E).contains(scalar.value) { return true }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }

  /// The text with what cannot be seen as `<U+202E>`.
  public static func marking(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
      if shows(scalar) {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += "<U+\(hex(scalar.value))>"
      }
    }
    return shown
  }

  /// One line of JSON with what cannot be seen as `\u202e` (RFC 8259 §7): the same value, and nothing steers a terminal.
  /// - Parameter json: written by an encoder, so that such characters stand only inside strings.
  public static func escaping(json: String) -> String {
    var shown = ""
    for scalar in json.unicodeScalars {
      if shows(scalar) {
        shown.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 { shown += "\\u\(hex(UInt32(unit)).lowercased())" }
      }
    }
    return shown
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

/// Why somebody reads the log, in her own words; stands in the log. 1 to 200 characters on one line, all of it visible, and not
/// spaces alone.
public struct ReadPurpose: Hashable, Sendable {
  /// Characters (code points).
  public static let limit = 200

  public let text: String

  public init(parsing text: String) throws(MalformedInput) {
    let scalars = text.unicodeScalars
    guard scalars.count <= Self.limit, scalars.allSatisfy(VisibleText.shows), !scalars.allSatisfy(\.properties.isWhitespace)
    else {
      throw MalformedInput("purpose", expected: "1 to \(Self.limit) characters on one line, without invisible ones")
    }
    self.text = text
  }
}

/// Why an operator did something, in her own words; stands in the log. At most 500 bytes on one line, all of it visible.
public struct Remark: Hashable, Sendable {
  public let text: String

  public init(parsing text: String) throws(MalformedInput) {
    guard text.utf8.count <= 500, text.unicodeScalars.allSatisfy(VisibleText.shows) else {
      throw MalformedInput("remark", expected: "at most 500 bytes on one line, without invisible characters")
    }
    self.text = text
  }
}
