public import AuthTerms
import Foundation

/// A name under which a server may be reached: a DNS name or an IP address, in the one spelling that certificates carry.
public enum ServerHost: Hashable, Sendable {
  /// Lower-case letters, digits and hyphens; no wildcard, no trailing dot, at most 253 bytes.
  case dns(String)
  /// 4 or 16 bytes
  case address([UInt8])

  public init(parsing text: String) throws(MalformedInput) {
    if let bytes = Self.addressBytes(text) {
      self = .address(bytes)
      return
    }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...253).contains(text.utf8.count), labels.allSatisfy(Self.isLabel),
      // A name whose last label is only digits is an address in the eyes of many readers (WHATWG URL, host parsing).
      labels.last?.utf8.contains(where: { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) == true
    else { throw MalformedInput("host", expected: "a lower-case DNS name without wildcard, or an IP address") }
    self = .dns(text)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-") && label.utf8.last != UInt8(ascii: "-")
      && label.utf8.allSatisfy { unit in
        switch unit {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
      }
  }

  private static func addressBytes(_ text: String) -> [UInt8]? {
    guard text.utf8.count <= 45 else { return nil }
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
    var six = in6_addr()
    if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
    return nil
  }
}
