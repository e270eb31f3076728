/// Base64 (RFC 4648 §4), read strictly: one spelling for one value, so that a signed text cannot be written in two ways.
public enum Base64 {
  private static let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// - Parameter isPadded: `false` leaves out the `=` at the end (PHC strings).
  public static func encode(_ bytes: some Collection<UInt8>, isPadded: Bool = true) -> String {
    var text: [UInt8] = []
    var pending: UInt32 = 0
    var count = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      count += 1
      if count == 3 {
        for shift in [18, 12, 6, 0] as [UInt32] { text.append(alphabet[Int(pending >> shift & 63)]) }
        pending = 0
        count = 0
      }
    }
    if count > 0 {
      pending <<= UInt32(8 * (3 - count))
      for place in 0...count { text.append(alphabet[Int(pending >> UInt32(18 - 6 * place) & 63)]) }
      if isPadded { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - count)) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Accepts exactly what `encode` writes: no white space, no line breaks, no left-over bits, padding as declared.
  public static func decode(_ text: some StringProtocol, isPadded: Bool = true) throws(MalformedInput) -> [UInt8] {
    let fault = MalformedInput("Base64", expected: "canonical RFC 4648 text, \(isPadded ? "padded" : "without padding")")
    var units = Array(text.utf8)
    if isPadded {
      guard units.count.isMultiple(of: 4) else { throw fault }
      for _ in 0..<2 where units.last == UInt8(ascii: "=") { units.removeLast() }
    }
    guard units.count % 4 != 1 else { throw fault }
    var bytes: [UInt8] = []
    var pending: UInt32 = 0
    var bits = 0
    for unit in units {
      guard let value = value(of: unit) else { throw fault }
      pending = pending << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
        pending &= (1 << UInt32(bits)) - 1
      }
    }
    guard pending == 0 else { throw fault }
    return bytes
  }

  private static func value(of unit: UInt8) -> UInt32? {
    switch unit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(unit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(unit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(unit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
