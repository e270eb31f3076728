/// Where an authority offers its revocation list inside the city's network, as the start-up file says: `http://host[:port]/path`.
///
/// Without TLS: a list is signed by its authority, and holds nothing that is secret.
public struct ListAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name, an IPv4 address, or an IPv6 address without brackets.
  public let host: String
  /// 1 … 65535
  public let port: Int
  /// With its query, as it is asked for.
  public let path: String

  private static let expected = "http://HOST[:PORT]/PATH of at most 512 plain letters, without user, fragment or TLS"

  /// Accepts one spelling: no user, no fragment, no empty path, no port that is the standard one or begins with 0.
  public init(parsing text: String) throws(MalformedInput) {
    let fault = MalformedInput("address of a revocation list", expected: Self.expected)
    let scheme = "http://"
    guard text.hasPrefix(scheme), text.utf8.count <= 512 else { throw fault }
    let rest = Array(text.utf8.dropFirst(scheme.utf8.count))
    guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { throw fault }
    let (authority, tail) = (rest[..<slash], rest[slash...])
    guard tail.allSatisfy(Self.isPathByte) else { throw fault }
    let digits: ArraySlice<UInt8>?
    if authority.first == UInt8(ascii: "[") {
      guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { throw fault }
      let inner = authority[(authority.startIndex + 1)..<end]
      guard (2...39).contains(inner.count), inner.contains(UInt8(ascii: ":")),
        inner.allSatisfy({ Self.isHexDigit($0) || $0 == UInt8(ascii: ":") })
      else { throw fault }
      host = String(decoding: inner, as: UTF8.self)
      digits = try Self.port(behind: authority[(end + 1)...], fault)
    } else {
      let colon = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
      let name = authority[..<colon]
      guard (1...253).contains(name.count), name.allSatisfy(Self.isNameByte), name.first != UInt8(ascii: "-"),
        name.first != UInt8(ascii: "."), name.last != UInt8(ascii: ".")
      else { throw fault }
      host = String(decoding: name, as: UTF8.self)
      digits = try Self.port(behind: authority[colon...], fault)
    }
    if let digits {
      guard let number = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(number), number != 80 else {
        throw fault
      }
      port = number
    } else {
      port = 80
    }
    path = String(decoding: tail, as: UTF8.self)
  }

  /// The host as a request names it, and as it is read again.
  public var authority: String { (host.contains(":") ? "[\(host)]" : host) + (port == 80 ? "" : ":\(port)") }
  public var description: String { "http://\(authority)\(path)" }

  private static func port(
    behind rest: ArraySlice<UInt8>, _ fault: MalformedInput
  ) throws(MalformedInput) -> ArraySlice<UInt8>? {
    guard !rest.isEmpty else { return nil }
    let digits = rest.dropFirst()
    guard rest.first == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.first != UInt8(ascii: "0"),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { throw fault }
    return digits
  }

  private static func isHexDigit(_ unit: UInt8) -> Bool {
    (0x30...0x39).contains(unit) || (0x61...0x66).contains(unit) || (0x41...0x46).contains(unit)
  }

  private static func isNameByte(_ unit: UInt8) -> Bool {
    (0x30...0x39).contains(unit) || (0x61...0x7A).contains(unit) || (0x41...0x5A).contains(unit)
      || unit == UInt8(ascii: "-") || unit == UInt8(ascii: ".")
  }

  /// RFC 3986 §3.3 and §3.4, without what a shell or a log could misread.
  private static func isPathByte(_ unit: UInt8) -> Bool {
    isNameByte(unit) || Array("/_~%=&?+,:".utf8).contains(unit)
  }
}
