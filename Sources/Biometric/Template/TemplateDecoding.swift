public import AuthTerms

extension VeinTemplate {
  /// "SVT1"
  public static let magic: [UInt8] = [0x53, 0x56, 0x54, 0x31]
  public static let headerBytes = 32
  public static let encodedBytes = headerBytes + (codePlanes + 1) * rows * 8

  private static let version: UInt8 = 1
  /// Competitive code, six orientations.
  private static let algorithm: UInt8 = 1

  /// Reads exactly what `encoded` writes: 2,080 bytes; each field in its limits, reserved bytes 0.
  ///
  /// - Throws: `MalformedInput`, naming the field.
  public init(decoding bytes: some Collection<UInt8>) throws(MalformedInput) {
    guard bytes.count == Self.encodedBytes else {
      throw MalformedInput("vein template", expected: "\(Self.encodedBytes) bytes")
    }
    var reader = ByteReader(bytes, subject: "vein template")
    try Self.require(try reader.take(4) == Self.magic, "the magic SVT1")
    try Self.require(try reader.byte() == Self.version, "version 1")
    try Self.require(try reader.byte() == Self.algorithm, "algorithm 1")
    try Self.require(try reader.byte() == UInt8(Self.rows), "a grid of 64")
    try Self.require(try reader.byte() == UInt8(Self.codePlanes), "3 code planes")
    guard let hand = Hand(rawValue: try reader.byte()) else { throw Self.fault("hand 1 or 2") }
    let quality = try reader.byte()
    try Self.require(quality <= 100, "quality 0 to 100")
    let filterBank = UInt16(truncatingIfNeeded: try Self.little(&reader, 2))
    try Self.require(filterBank != 0, "a filter bank")
    let protectionKey = UInt32(truncatingIfNeeded: try Self.little(&reader, 4))
    let alignmentWindow = UInt16(truncatingIfNeeded: try Self.little(&reader, 2))
    try Self.require(alignmentWindow != 0, "an alignment window")
    try Self.require(try reader.take(14).allSatisfy { $0 == 0 }, "reserved bytes of 0")
    let rows = try reader.take((Self.codePlanes + 1) * Self.rows * 8)
    try reader.requireEnd()
    let words = stride(from: 0, to: rows.count, by: 8).map { start in
      (0..<8).reduce(0) { $0 | UInt64(rows[start + $1]) << UInt64(8 * $1) }
    }
    let planes = Self.codePlanes * Self.rows
    guard
      let template = VeinTemplate(
        hand: hand, quality: quality, filterBank: filterBank, protectionKey: protectionKey, alignmentWindow: alignmentWindow,
        code: Array(words[..<planes]), mask: Array(words[planes...]))
    else { throw Self.fault("at least \(Self.minimumValidCells) valid cells and, unprotected, canonical codes") }
    self = template
  }

  public var encoded: [UInt8] {
    var bytes = Self.magic
    bytes += [Self.version, Self.algorithm, UInt8(Self.rows), UInt8(Self.codePlanes), hand.rawValue, quality]
    Self.append(UInt64(filterBank), 2, to: &bytes)
    Self.append(UInt64(protectionKey), 4, to: &bytes)
    Self.append(UInt64(alignmentWindow), 2, to: &bytes)
    bytes += [UInt8](repeating: 0, count: 14)
    for word in code + mask { Self.append(word, 8, to: &bytes) }
    return bytes
  }

  private static func fault(_ expected: String) -> MalformedInput { MalformedInput("vein template", expected: expected) }

  private static func require(_ isTrue: Bool, _ expected: String) throws(MalformedInput) {
    guard isTrue else { throw fault(expected) }
  }

  private static func little(_ reader: inout ByteReader, _ count: Int) throws(MalformedInput) -> UInt64 {
    try reader.take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
  }
}
