import Foundation

/// A distinguished name in one spelling, to find the entry that a `member` value means.
///
/// RFC 4514 strings with single-valued parts; attribute types and values are compared without case, width or surrounding
/// spaces, as directories do (caseIgnoreMatch). Only used inside one file; never as a person's identity.
struct DistinguishedName: Hashable, Sendable {
  /// Leaf first: `uid=sato.hanako`, `ou=people`, `o=sanmon`.
  private let parts: [String]

  /// `nil` unless it has 1 to 32 parts `type=value`.
  init?(parsing text: String) {
    var parts: [String] = []
    for part in Self.split(text) {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      let type = part[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
      guard !type.isEmpty, type.utf8.allSatisfy({ Self.isTypeCharacter($0) }),
        let value = Self.unescape(part[part.index(after: equals)...].trimmingCharacters(in: .whitespaces)), !value.isEmpty
      else { return nil }
      parts.append("\(type)=\(value.precomposedStringWithCompatibilityMapping.lowercased())")
    }
    guard (1...32).contains(parts.count) else { return nil }
    self.parts = parts
  }

  private init(parts: [String]) { self.parts = parts }

  /// The entry above, `nil` for a root.
  var parent: DistinguishedName? { parts.count > 1 ? DistinguishedName(parts: Array(parts.dropFirst())) : nil }

  private static func isTypeCharacter(_ unit: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit)
      || unit == UInt8(ascii: ".") || unit == UInt8(ascii: "-")
  }

  private static func split(_ text: String) -> [String] {
    var parts = [""]
    var isEscaped = false
    for character in text.unicodeScalars {
      if character == ",", !isEscaped {
        parts.append("")
      } else {
        parts[parts.count - 1].unicodeScalars.append(character)
      }
      isEscaped = character == "\\" && !isEscaped
    }
    return parts
  }

  /// Resolves `\,` and `\C3`; an unescaped special character or a `+` of a multi-valued part is refused.
  private static func unescape(_ text: String) -> String? {
    let units = Array(text.utf8)
    var bytes: [UInt8] = []
    var position = 0
    while position < units.count {
      let unit = units[position]
      if unit == UInt8(ascii: "\\") {
        guard position + 1 < units.count else { return nil }
        if position + 2 < units.count, let high = digit(units[position + 1]), let low = digit(units[position + 2]) {
          bytes.append(high << 4 | low)
          position += 3
        } else {
          guard " \"#+,;<=>\\".utf8.contains(units[position + 1]) else { return nil }
          bytes.append(units[position + 1])
          position += 2
        }
      } else {
        guard !"\"+;<>\0".utf8.contains(unit) else { return nil }
        bytes.append(unit)
        position += 1
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ unit: UInt8) -> UInt8? { Character(Unicode.Scalar(unit)).hexDigitValue.map(UInt8.init) }
}
