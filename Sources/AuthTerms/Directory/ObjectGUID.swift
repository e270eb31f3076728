/// An object of Active Directory for life: `objectGUID`. Names, accounts and places change; this does not.
public struct ObjectGUID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 16 bytes as they stand in the directory: the first three fields little-endian (MS-DTYP 2.3.4.2).
  public let bytes: [UInt8]

  /// - Returns: `nil` unless 16 bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads `6abf0e63-fe4d-4164-aac5-f0f9b50d4661`, in either case.
  public init?(text: some StringProtocol) { self.init(ascii: Array(text.utf8)) }

  /// Where each byte's two digits stand: the first three fields are read backwards.
  private static let places = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34]

  /// The same text as bytes; a reading of a domain has tens of thousands of them.
  public init?(ascii text: some RandomAccessCollection<UInt8>) {
    guard text.count == 36 else { return nil }
    func unit(_ place: Int) -> UInt8 { text[text.index(text.startIndex, offsetBy: place)] }
    guard [8, 13, 18, 23].allSatisfy({ unit($0) == UInt8(ascii: "-") }) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    for place in Self.places {
      guard let high = Self.digit(unit(place)), let low = Self.digit(unit(place + 1)) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes: bytes)
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
    let digits = Array("0123456789abcdef".utf8)
    func hex(_ part: some Sequence<UInt8>) -> String {
      String(decoding: part.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
    return [
      hex(bytes[0..<4].reversed()), hex(bytes[4..<6].reversed()), hex(bytes[6..<8].reversed()), hex(bytes[8..<10]),
      hex(bytes[10..<16]),
    ].joined(separator: "-")
  }

  public static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
