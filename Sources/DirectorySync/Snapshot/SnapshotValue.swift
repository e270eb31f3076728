import AuthTerms

/// One value on one line: `name: text`, `name:: base64`, or `name:` for an empty one, as LDIF writes it (RFC 2849), with one spelling
/// for each value.
enum SnapshotValue {
  /// Of one value, in bytes.
  static let limit = 16 << 10

  static func write(_ name: String, _ value: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: ":"))
    if isPlain(value) {
      bytes.append(UInt8(ascii: " "))
      bytes.append(contentsOf: value)
    } else if !value.isEmpty {
      bytes.append(contentsOf: ": ".utf8)
      bytes.append(contentsOf: AuthTerms.Base64.encode(value).utf8)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// - Parameter line: without its line feed.
  /// - Returns: `nil` for what `write` never gives.
  static func read(_ line: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, value: [UInt8])? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let (name, rest) = (line[..<colon], line[(colon + 1)...])
    if rest.isEmpty { return (name, []) }
    if rest.first == UInt8(ascii: " ") {
      let value = Array(rest.dropFirst())
      return value.count <= limit && isPlain(value) ? (name, value) : nil
    }
    guard rest.starts(with: ": ".utf8), rest.count <= limit / 3 * 4 + 8, let value = Base64.decode(rest.dropFirst(2)),
      (1...limit).contains(value.count), !isPlain(value)
    else { return nil }
    return (name, value)
  }

  /// Text that passes through gateways and editors as it is: no space at an end, nothing that cannot be seen, nothing that
  /// normalisation (Unicode Standard Annex 15) writes otherwise, no 外字. Fixed ranges: what counts must not change with a release of
  /// Unicode.
  private static func isPlain(_ value: [UInt8]) -> Bool {
    guard let first = value.first, let last = value.last, first != 0x20, last != 0x20,
      let text = String(validating: value, as: UTF8.self)
    else { return false }
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return true }
    return text.unicodeScalars.first != "\u{3000}" && text.unicodeScalars.last != "\u{3000}"
      && text.unicodeScalars.allSatisfy { scalar in plain.contains { $0.contains(scalar.value) } }
  }

  /// In the order in which Japanese text needs them.
  private static let plain: [ClosedRange<UInt32>] = [
    0x4E00...0x9FFF, 0x3041...0x3096, 0x309B...0x30FF, 0x20...0x7E, 0x3000...0x3029, 0x3400...0x4DBF, 0xFF01...0xFF9F,
    0x20000...0x2A6DF, 0x2A700...0x2EBE0, 0x30000...0x3134A, 0x2010...0x2027, 0x2030...0x205E, 0x2190...0x21FF,
    0x2460...0x24FF, 0x2500...0x26FF, 0x3105...0x33FF, 0xA1...0xAC, 0xAE...0xBF, 0xD7...0xD7, 0xF7...0xF7, 0xFFE0...0xFFE6,
  ]
}
