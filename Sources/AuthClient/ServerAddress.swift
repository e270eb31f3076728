/// Where a server listens: `https://host[:port]`, nothing after the port.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
  public let host: String
  public let port: Int

  /// Accepts a host name (letters, digits, `.`, `-`), an IPv4 address, or an IPv6 address in brackets.
  public init(parsing text: some StringProtocol) throws(ClientFault) {
    let fault = ClientFault.invalidRequest(expected: "https://HOST[:PORT]")
    guard text.hasPrefix("https://") else { throw fault }
    var rest = text.dropFirst("https://".count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    let host: Substring
    let tail: Substring
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { throw fault }
      host = Substring(rest[rest.index(after: rest.startIndex)..<end])
      tail = Substring(rest[rest.index(after: end)...])
      guard host.contains(":"), host.utf8.allSatisfy({ Self.isHex($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else { throw fault }
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      host = Substring(rest[..<end])
      tail = Substring(rest[end...])
      guard host.utf8.allSatisfy(Self.isHostByte), host.utf8.first != UInt8(ascii: "-"), host.utf8.first != UInt8(ascii: ".")
      else { throw fault }
    }
    guard (1...253).contains(host.utf8.count) else { throw fault }
    var port = 443
    if !tail.isEmpty {
      guard tail.hasPrefix(":"), tail.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(tail.dropFirst()), (1...65_535).contains(number)
      else { throw fault }
      port = number
    }
    self.host = String(host)
    self.port = port
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    isHex(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "-")
  }

  /// Whether the host is an address and not a name: addresses take no part in SNI (RFC 6066 §3).
  var isAddress: Bool {
    host.contains(":") || host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
  }

  /// As it stands in the `Host` field and in messages.
  public var authority: String { (host.contains(":") ? "[\(host)]" : host) + (port == 443 ? "" : ":\(port)") }
  public var description: String { "https://\(authority)" }
}
