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
  public init?(text: some StringProtocol) {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
    var fields: [[UInt8]] = []
    for part in parts {
      var field: [UInt8] = []
      var high: UInt8?
      for unit in part {
        guard let digit = Self.digit(unit) else { return nil }
        if let first = high {
          field.append(first << 4 | digit)
          high = nil
        } else {
          high = digit
        }
      }
      fields.append(field)
    }
    self.init(bytes: fields[0].reversed() + fields[1].reversed() + fields[2].reversed() + fields[3] + fields[4])
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
