import Foundation

/// A logon name in the one spelling that counts: width, case, NFC/NFKC, spaces, `DOMAIN\u` and `u@domain` are one person.
///
/// Throttles and look-ups use `canonical`; nothing ever compares what was typed.
public struct AccountName: Hashable, Sendable, CustomStringConvertible {
  public let canonical: String

  /// Accepts 1 to 128 characters after folding; refuses control characters and an empty result.
  public init(parsing typed: some StringProtocol) throws(MalformedInput) {
    let fault = MalformedInput("account name", expected: "1 to 128 printable characters, without spaces")
    guard typed.utf8.count <= 1024 else { throw fault }
    var name = String(typed).precomposedStringWithCompatibilityMapping.lowercased()
    name.unicodeScalars.removeAll { $0.properties.isWhitespace || $0.properties.isDefaultIgnorableCodePoint }
    if let separator = name.lastIndex(of: "\\") { name = String(name[name.index(after: separator)...]) }
    if let separator = name.firstIndex(of: "@") { name = String(name[..<separator]) }
    name = name.precomposedStringWithCompatibilityMapping
    let isPrintable = name.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
    guard isPrintable, (1...128).contains(name.count) else { throw fault }
    canonical = name
  }

  public var description: String { canonical }
}
