/// The kinds of cards that are known by a number alone.
public enum NumberCardKind: String, CaseIterable, Sendable {
  /// IDm of a FeliCa card (JIS X 6319-4): 8 bytes.
  case felica
  /// UID of a card of ISO/IEC 14443-3, such as a MIFARE: 4, 7 or 10 bytes.
  case iso14443
}

/// A number that any reader near a card is told, and that other devices show just as well: a user name, proof of nothing.
///
/// Its SHA-256 stands where another card has the fingerprint of its key. The hash keeps nothing secret (four bytes are tried in
/// a moment); it makes registers and rows of one form for all cards, and keeps whole numbers out of them.
public struct CardNumber: Hashable, Sendable {
  public let kind: NumberCardKind
  public let bytes: [UInt8]

  /// - Throws: for other than 4, 7, 8 or 10 bytes, for one byte repeated, and for numbers that name no card: those that a chip
  ///   makes anew each time (ISO/IEC 14443-3 §6.4.4: '08' first; NFCID2 '01FE') and those that a telephone's program gives itself
  ///   (NFCID2 '02FE').
  public init(parsing bytes: some Collection<UInt8>) throws(MalformedInput) {
    let number = Array(bytes)
    let kind: NumberCardKind
    switch number.count {
    case 8: kind = .felica
    case 4, 7, 10: kind = .iso14443
    default: throw MalformedInput("card number", expected: "4, 7, 8 or 10 bytes")
    }
    guard Set(number).count > 1 else { throw MalformedInput("card number", expected: "more than one byte repeated") }
    let isPassing: Bool =
      switch kind {
      case .felica: number[1] == 0xFE && (number[0] == 0x01 || number[0] == 0x02)
      case .iso14443: number.count == 4 && number[0] == 0x08
      }
    guard !isPassing else { throw MalformedInput("card number", expected: "a number that stays the same") }
    self.kind = kind
    self.bytes = number
  }

  /// Two hexadecimal digits a byte, small or capital, together or with one of `:`, `-` and the space between all of them: as
  /// lists of cards come from their makers.
  public init(text: some StringProtocol) throws(MalformedInput) {
    var units = Array(text.utf8)
    if units.count > 2, [UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: " ")].contains(units[2]) {
      let separator = units[2]
      let places = stride(from: 2, to: units.count, by: 3)
      guard units.count % 3 == 2, places.allSatisfy({ units[$0] == separator }) else {
        throw MalformedInput("card number", expected: "one separator between all bytes")
      }
      units = units.enumerated().filter { $0.offset % 3 != 2 }.map(\.element)
    }
    try self.init(parsing: try Hex.decode(String(decoding: units, as: UTF8.self).lowercased()))
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/number-card/1")
    writer.field(kind.rawValue)
    writer.field(bytes)
    return writer.bytes
  }
}
