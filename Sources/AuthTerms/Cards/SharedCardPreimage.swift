/// What names a shared-key card: the SHA-256 of these bytes stands wherever another card has the fingerprint of its key.
///
/// The number itself is what any reader near the card is told, so its hash keeps nothing secret; it makes registers and rows of
/// one form for all cards, and one card of another kind with the same number another card.
public struct SharedCardPreimage: Hashable, Sendable {
  public let kind: SharedKeyCardKind
  /// IDm or UID.
  public let number: [UInt8]

  /// Throws for a number that is not of the length of its kind.
  public init(kind: SharedKeyCardKind, number: [UInt8]) throws(MalformedInput) {
    guard number.count == kind.numberLength else {
      throw MalformedInput("card number", expected: "\(kind.numberLength) bytes")
    }
    self.kind = kind
    self.number = number
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/shared-key-card/1")
    writer.field(kind.name)
    writer.field(number)
    return writer.bytes
  }
}
