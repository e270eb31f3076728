/// The name of a rule under which an authority issues certificates: an object identifier (RFC 5280 §4.2.1.4).
public struct CertificatePolicy: Hashable, Sendable {
  /// Dotted decimal, as `1.2.392.100300.1`.
  public let text: String

  /// Any policy whatever, as long as the path asserts one (RFC 5280 §4.2.1.4).
  public static let any = CertificatePolicy(known: "2.5.29.32.0")

  private init(known text: String) { self.text = text }

  /// Accepts 3 to 20 arcs of at most nine digits without leading zeros, at most 128 characters; the first two as
  /// ITU-T X.660 allows them.
  public init(parsing raw: some StringProtocol) throws(MalformedInput) {
    let fault = MalformedInput("certificate policy", expected: "an object identifier such as 1.2.392.200.1")
    let parts = raw.utf8.count <= 128 ? raw.split(separator: ".", omittingEmptySubsequences: false) : []
    let arcs = parts.compactMap { part -> Int? in
      guard (1...9).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        part == "0" || !part.hasPrefix("0")
      else { return nil }
      return Int(part)
    }
    guard arcs.count == parts.count, (3...20).contains(arcs.count), arcs[0] <= 2, arcs[0] == 2 || arcs[1] < 40 else {
      throw fault
    }
    text = String(raw)
  }
}
