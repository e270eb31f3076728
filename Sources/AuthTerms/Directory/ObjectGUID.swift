/// An object of Active Directory for life: `objectGUID`. Names, accounts and places change; this does not.
public struct ObjectGUID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The bytes, the first in the highest place: such numbers stand in the order of the bytes. A domain is compared by hundreds of
  /// thousands of these; as an array each would be a place of its own in memory.
  private let high: UInt64
  private let low: UInt64

  /// 16 bytes as they stand in the directory: the first three fields little-endian (MS-DTYP 2.3.4.2).
  public var bytes: [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - 8 * ($0 % 8))) }
  }

  /// - Returns: `nil` unless 16 bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads `6abf0e63-fe4d-4164-aac5-f0f9b50d4661`, in either case.
  public init?(text: some StringProtocol) { self.init(ascii: Array(text.utf8)[...]) }

  private static let hyphens = [8, 13, 18, 23]
  /// Where each byte's two digits stand: the first three fields are read backwards.
  private static let places = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34]

  /// The same text as bytes; a reading of a domain has tens of thousands of them.
  public init?(ascii text: ArraySlice<UInt8>) {
    guard text.count == 36 else { return nil }
    let start = text.startIndex
    for place in Self.hyphens where text[start + place] != UInt8(ascii: "-") { return nil }
    var halves: (UInt64, UInt64) = (0, 0)
    for place in Self.places {
      guard let high = Self.digit(text[start + place]), let low = Self.digit(text[start + place + 1]) else { return nil }
      halves = (halves.0 << 8 | halves.1 >> 56, halves.1 << 8 | UInt64(high << 4 | low))
    }
    (high, low) = halves
  }

  private static func digit(_ unit: UInt8) -> UInt8? {
    switch unit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): unit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): unit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): unit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  public var description: String {
    let (bytes, digits) = (self.bytes, Array("0123456789abcdef".utf8))
    func hex(_ part: some Sequence<UInt8>) -> String {
      String(decoding: part.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
    return [
      hex(bytes[0..<4].reversed()), hex(bytes[4..<6].reversed()), hex(bytes[6..<8].reversed()), hex(bytes[8..<10]),
      hex(bytes[10..<16]),
    ].joined(separator: "-")
  }

  public static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}
