import Foundation

/// A logon name in the one spelling that counts: width, case, NFC/NFKC, spaces, `DOMAIN\u` and `u@domain` are one person.
///
/// Throttles and look-ups use `canonical`; nothing ever compares what was typed.
public struct AccountName: Hashable, Sendable, CustomStringConvertible {
  public let canonical: String

  /// Accepts 1 to 128 characters after folding; refuses control characters, an empty result, and names with more than one domain.
  public init(parsing typed: some StringProtocol) throws(MalformedInput) {
    let fault = MalformedInput("account name", expected: "1 to 128 printable characters, without spaces, at most one domain")
    guard typed.utf8.count <= 1024 else { throw fault }
    if let plain = Self.plain(typed.utf8) {
      canonical = plain
      return
    }
    var name = Self.fold(String(typed).unicodeScalars)
    // Scalars, not characters: a combining mark behind a separator must not hide it.
    switch (name.filter { $0 == "\\" }.count, name.filter { $0 == "@" }.count) {
    case (0, 0): break
    case (1, 0): name = Array(name[(name.firstIndex(of: "\\") ?? 0)...].dropFirst())
    case (0, 1): name = Array(name[..<(name.firstIndex(of: "@") ?? 0)])
    default: throw fault
    }
    let isPrintable = name.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
    guard isPrintable, (1...128).contains(name.count), let first = name.first else { throw fault }
    // A mark without a letter to stand on would join whatever is printed before it.
    guard ![.nonspacingMark, .spacingMark, .enclosingMark].contains(first.properties.generalCategory) else { throw fault }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: name)
    canonical = String(text)
  }

  /// What nearly every name is: printable ASCII without a domain, which folding does not touch but for its case.
  private static func plain(_ typed: some Collection<UInt8>) -> String? {
    var units: [UInt8] = []
    for unit in typed {
      guard (0x21...0x7E).contains(unit), unit != UInt8(ascii: "\\"), unit != UInt8(ascii: "@") else { return nil }
      units.append((0x41...0x5A).contains(unit) ? unit | 0x20 : unit)
    }
    return (1...128).contains(units.count) ? String(decoding: units, as: UTF8.self) : nil
  }

  /// Compatibility composition, lower case, no spaces, no invisible characters; repeated until nothing changes, because each step
  /// can make work for the one before.
  private static func fold(_ typed: String.UnicodeScalarView) -> [Unicode.Scalar] {
    // Nearly every name is: the same, without asking tables.
    if typed.allSatisfy(\.isASCII) {
      return typed.filter { $0 != " " && !("\t"..."\r").contains($0) }.map { scalar in
        ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
      }
    }
    var scalars = Array(typed)
    for _ in 0..<4 {
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      var folded = Array(String(text).precomposedStringWithCompatibilityMapping.lowercased().unicodeScalars)
      folded.removeAll { $0.properties.isWhitespace || $0.properties.isDefaultIgnorableCodePoint }
      // The one lower case letter that depends on its place: ΣΑΣ and σας are one name.
      folded = folded.map { $0 == "\u{3C2}" ? "\u{3C3}" : $0 }
      if folded == scalars { break }
      scalars = folded
    }
    return scalars
  }

  public var description: String { canonical }
}
