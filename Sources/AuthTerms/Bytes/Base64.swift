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
    // Whole groups of four first: a picture is a million characters.
    let whole = units.count / 4
    var bytes = [UInt8](repeating: 0, count: units.count * 3 / 4)
    var (from, to, wrong) = (0, 0, UInt32(0))
    for _ in 0..<whole {
      let (a, b) = (values[Int(units[from])], values[Int(units[from + 1])])
      let (c, d) = (values[Int(units[from + 2])], values[Int(units[from + 3])])
      // A value of 64 or above is no character of the alphabet.
      wrong |= a | b | c | d
      let group = a << 18 | b << 12 | c << 6 | d
      bytes[to] = UInt8(truncatingIfNeeded: group >> 16)
      bytes[to + 1] = UInt8(truncatingIfNeeded: group >> 8)
      bytes[to + 2] = UInt8(truncatingIfNeeded: group)
      from += 4
      to += 3
    }
    var (pending, bits) = (UInt32(0), 0)
    for unit in units[from...] {
      let value = values[Int(unit)]
      wrong |= value
      pending = pending << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes[to] = UInt8(truncatingIfNeeded: pending >> UInt32(bits))
        pending &= (1 << UInt32(bits)) - 1
        to += 1
      }
    }
    guard wrong < 64, pending == 0 else { throw fault }
    return bytes
  }

  /// What each character stands for; 64 for what is none.
  private static let values: [UInt32] = {
    var values = [UInt32](repeating: 64, count: 256)
    for (value, unit) in alphabet.enumerated() { values[Int(unit)] = UInt32(value) }
    return values
  }()
}
