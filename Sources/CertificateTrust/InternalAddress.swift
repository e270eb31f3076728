/// Addresses that no router carries out of a city: RFC 1918, RFC 4193, and this machine itself.
public enum InternalAddress {
  /// - Parameter bytes: 4 of IPv4 or 16 of IPv6, in network order.
  public static func isInternal(_ bytes: [UInt8]) -> Bool {
    switch bytes.count {
    case 4:
      switch (bytes[0], bytes[1]) {
      case (10, _), (127, _), (172, 16...31), (192, 168): true
      default: false
      }
    case 16:
      if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
        // IPv4 in the clothes of IPv6 (RFC 4291 §2.5.5.2).
        isInternal(Array(bytes[12...]))
      } else {
        bytes[0] & 0xFE == 0xFC || (bytes.prefix(15).allSatisfy { $0 == 0 } && bytes[15] == 1)
      }
    default: false
    }
  }
}
