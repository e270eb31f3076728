/// Origins and paths in the one spelling in which a browser says them, so that comparing is comparing bytes.
package enum WebPlace {
  /// Less than what a name in DNS may have (RFC 1035 §2.3.4).
  package static let longestOrigin = 255
  package static let longestPath = 512

  /// `https://host` or `https://host:port`, as RFC 6454 §6.1 writes an origin: lower case, the port only where it is not 443. A host is
  /// a DNS name of letters, digits and hyphens (no `xn--`) or an IPv4 address. `http` only for `localhost` and `127.0.0.1`, which no
  /// network carries.
  package static func checkOrigin(_ text: String) throws(MalformedInput) {
    let fault = MalformedInput("origin", expected: "https://host[:port] in lower case, without a path")
    let units = Array(text.utf8)
    guard units.count <= longestOrigin else { throw fault }
    let isSecure = units.starts(with: "https://".utf8)
    guard isSecure || units.starts(with: "http://".utf8) else { throw fault }
    let parts = units.dropFirst(isSecure ? 8 : 7).split(
      separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), isHost(parts[0]) else { throw fault }
    if parts.count == 2 {
      guard let port = decimal(parts[1], most: 65_535), port > 0, port != (isSecure ? 443 : 80) else { throw fault }
    }
    guard isSecure || parts[0].elementsEqual("localhost".utf8) || parts[0].elementsEqual("127.0.0.1".utf8) else {
      throw MalformedInput("origin", expected: "https, or this machine")
    }
  }

  /// A path as it stands in an address: begins with `/`, characters of RFC 3986 §3.3 (others as `%E4`), no empty part but the last,
  /// no `.` and `..`, no `*`, at most 512 bytes. Neither a query nor a fragment.
  package static func checkPath(_ text: String) throws(MalformedInput) {
    let fault = MalformedInput("path", expected: "a path that begins with / and has no query, .. or //")
    let units = Array(text.utf8)
    guard units.count <= longestPath, units.first == UInt8(ascii: "/"), isEscapedRight(units),
      units.allSatisfy({ isLetterOrDigit($0) || "-._~!$&'()+,;=:@%/".utf8.contains($0) })
    else { throw fault }
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.dropLast().contains(""), !parts.contains(where: isDots) else { throw fault }
  }

  private static func isEscapedRight(_ units: [UInt8]) -> Bool {
    units.indices.allSatisfy { place in
      units[place] != UInt8(ascii: "%") || (place + 2 < units.count && isHex(units[place + 1]) && isHex(units[place + 2]))
    }
  }

  /// Parts that browsers take for this folder or the one above, however they are written.
  private static func isDots(_ part: Substring) -> Bool {
    [".", ".."].contains(part.lowercased().split(separator: "%2e", omittingEmptySubsequences: false).joined(separator: "."))
  }

  private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
    let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard labels.allSatisfy(isLabel), let last = labels.last else { return false }
    // Browsers take a name whose last label is a number, decimal or hexadecimal, for an address and write it in four parts.
    guard last.allSatisfy(isDigit) || (last.starts(with: "0x".utf8) && last.dropFirst(2).allSatisfy(isHex)) else { return true }
    return labels.count == 4 && labels.allSatisfy { decimal($0, most: 255) != nil }
  }

  private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
    guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
      return false
    }
    // Which of these are names at all, and how they are shown, differs from browser to browser.
    guard !label.starts(with: "xn--".utf8) else { return false }
    return label.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-") }
  }

  /// Decimal digits without a leading nought.
  private static func decimal(_ units: ArraySlice<UInt8>, most: Int) -> Int? {
    guard (1...5).contains(units.count), units.allSatisfy(isDigit), units.count == 1 || units.first != UInt8(ascii: "0") else {
      return nil
    }
    let number = units.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return number <= most ? number : nil
  }

  private static func isDigit(_ unit: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) }

  private static func isHex(_ unit: UInt8) -> Bool {
    isDigit(unit) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(unit)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(unit)
  }

  private static func isLetterOrDigit(_ unit: UInt8) -> Bool {
    isDigit(unit) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(unit)
  }
}
