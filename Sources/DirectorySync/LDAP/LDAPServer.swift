/// A domain controller: where it is, and who vouches for it. There is no unprotected way to one.
public struct LDAPServer: Sendable, Hashable, CustomStringConvertible {
  public enum Protection: String, Sendable, CaseIterable {
    case ldaps
    /// RFC 4513 §3; refused by us if the server cannot.
    case startTLS = "starttls"
  }

  /// As its certificate says: a name or an address.
  public let host: String
  public let port: UInt16
  public let protection: Protection
  /// A PEM file; whatever else this machine believes does not count.
  public let authorities: String

  /// - Parameters:
  ///   - host: 1 to 253 of letters, digits, `.`, `-` and `:`, the first a letter or digit.
  ///   - port: `nil`: 636 for ldaps, 389 for StartTLS.
  /// - Throws: `.settings` for anything else, so that no text of a file becomes part of a URL.
  public init(
    host: String, port: UInt16? = nil, protection: Protection = .ldaps, authorities: String
  ) throws(LDAPFault) {
    let isName = host.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"):
        true
      default: false
      }
    }
    guard isName, (1...253).contains(host.utf8.count), host.utf8.first.map({ $0 != 0x2D && $0 != 0x2E }) ?? false, port != 0
    else { throw LDAPFault(.settings, "host") }
    self.host = host
    self.port = port ?? (protection == .ldaps ? 636 : 389)
    self.protection = protection
    self.authorities = authorities
  }

  var url: String {
    let address = host.contains(":") ? "[\(host)]" : host
    return "\(protection == .ldaps ? "ldaps" : "ldap")://\(address):\(port)"
  }

  public var description: String { url }
}
