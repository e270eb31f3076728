public import AuthTerms

/// One data object of ISO/IEC 7816-4 §5.2.2 (BER-TLV), strictly read: definite lengths in their shortest form, no padding,
/// no byte left over. X.690 DER is a subset, so that a certificate can be walked with it.
public struct BERTLV: Sendable, Equatable {
  /// Largest input, in bytes.
  public static let sizeLimit = 16 * 1024
  /// Most objects side by side.
  public static let countLimit = 64
  /// Deepest nesting.
  public static let depthLimit = 8

  /// Tag bytes as one number: `0x53`, `0x5F2F`.
  public let tag: UInt32
  public let value: ArraySlice<UInt8>
  /// Tag, length and value as they stood in the input.
  public let encoded: ArraySlice<UInt8>
  let depth: Int

  /// Reads all objects of `bytes`. Throws on anything not canonical, and beyond the limits above.
  public static func parse(_ bytes: [UInt8]) throws(MalformedInput) -> [BERTLV] { try parse(bytes[...], depth: 0) }

  /// Reads exactly one object.
  public static func parseOne(_ bytes: [UInt8]) throws(MalformedInput) -> BERTLV {
    let all = try parse(bytes)
    guard all.count == 1 else { throw MalformedInput("BER-TLV", expected: "one object") }
    return all[0]
  }

  /// The objects inside the value. A template says so itself in its profile; the "constructed" bit is not asked, because PIV's
  /// `30` (FASC-N) carries it around plain bytes and its `53` does not carry it around a template.
  public func children() throws(MalformedInput) -> [BERTLV] { try Self.parse(value, depth: depth + 1) }

  private static func parse(_ bytes: ArraySlice<UInt8>, depth: Int) throws(MalformedInput) -> [BERTLV] {
    guard bytes.count <= sizeLimit else { throw MalformedInput("BER-TLV", expected: "at most \(sizeLimit) bytes") }
    guard depth < depthLimit else { throw MalformedInput("BER-TLV", expected: "at most \(depthLimit) levels") }
    var found: [BERTLV] = []
    var rest = bytes
    while !rest.isEmpty {
      guard found.count < countLimit else { throw MalformedInput("BER-TLV", expected: "at most \(countLimit) objects") }
      let start = rest.startIndex
      let tag = try takeTag(&rest)
      let length = try takeLength(&rest)
      guard length <= rest.count else { throw MalformedInput("BER-TLV length", expected: "no more than the bytes that follow") }
      let value = rest.prefix(length)
      rest = rest.dropFirst(length)
      found.append(BERTLV(tag: tag, value: value, encoded: bytes[start..<value.endIndex], depth: depth))
    }
    return found
  }

  private static func takeTag(_ rest: inout ArraySlice<UInt8>) throws(MalformedInput) -> UInt32 {
    let fault = MalformedInput("BER-TLV tag", expected: "a tag of 1 to 3 bytes in its shortest form")
    guard let first = rest.popFirst(), first != 0 else { throw fault }
    guard first & 0x1F == 0x1F else { return UInt32(first) }
    guard let second = rest.popFirst(), second & 0x7F >= (second < 0x80 ? 0x1F : 0x01) else { throw fault }
    let tag = UInt32(first) << 8 | UInt32(second)
    guard second >= 0x80 else { return tag }
    guard let third = rest.popFirst(), third < 0x80 else { throw fault }
    return tag << 8 | UInt32(third)
  }

  private static func takeLength(_ rest: inout ArraySlice<UInt8>) throws(MalformedInput) -> Int {
    let fault = MalformedInput("BER-TLV length", expected: "a definite length in its shortest form")
    guard let first = rest.popFirst() else { throw fault }
    switch first {
    case 0..<0x80: return Int(first)
    case 0x81:
      guard let low = rest.popFirst(), low >= 0x80 else { throw fault }
      return Int(low)
    case 0x82:
      guard let high = rest.popFirst(), high != 0, let low = rest.popFirst() else { throw fault }
      return Int(high) << 8 | Int(low)
    default: throw fault  // 0x80 is the indefinite form; three bytes and more lie beyond `sizeLimit` anyway
    }
  }

  /// Writes one object; `value` of at most 65,535 bytes.
  static func encode(_ tag: UInt32, _ value: some Collection<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    for shift in [16, 8, 0] as [UInt32] where tag >> shift != 0 { bytes.append(UInt8(truncatingIfNeeded: tag >> shift)) }
    switch value.count {
    case 0..<0x80: bytes.append(UInt8(value.count))
    case 0x80...0xFF: bytes += [0x81, UInt8(value.count)]
    default: bytes += [0x82, UInt8(truncatingIfNeeded: value.count >> 8), UInt8(truncatingIfNeeded: value.count)]
    }
    return bytes + value
  }
}

extension [BERTLV] {
  /// The one object with this tag; nil if there is none. A tag that stands twice is malformed: two readers could differ.
  func only(_ tag: UInt32) throws(MalformedInput) -> BERTLV? {
    let matches = filter { $0.tag == tag }
    guard matches.count <= 1 else { throw MalformedInput("BER-TLV", expected: "each tag once") }
    return matches.first
  }
}
