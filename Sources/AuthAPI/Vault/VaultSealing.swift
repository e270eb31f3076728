public import AuthTerms

/// How far the opening of a sealed vault has come.
public struct VaultSealing: Sendable, Equatable {
  /// Shares that were typed and are waiting for others.
  public var given: Int
  /// 2 to 9.
  public var needed: Int

  public init(given: Int, needed: Int) { (self.given, self.needed) = (given, needed) }

  public var sentence: String { "sealed: \(given) of \(needed) shares are there" }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(UInt64(given))
    writer.field(UInt64(needed))
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    let (given, needed) = (try reader.unsigned(), try reader.unsigned())
    guard (2...9).contains(needed), given < needed else {
      throw MalformedInput("vault sealing", expected: "2 to 9 shares that are needed, and fewer that are there")
    }
    (self.given, self.needed) = (Int(given), Int(needed))
  }
}

/// A share of the master key as somebody typed it, 1 to 256 bytes.
public struct TypedShare: Sendable, Equatable, CustomReflectable {
  public let text: Secret<KeyMaterial>

  public init(_ text: Secret<KeyMaterial>) throws(MalformedInput) {
    guard (1...256).contains(text.count) else { throw MalformedInput("share", expected: "1 to 256 bytes") }
    self.text = text
  }

  /// In a time that tells nothing of the bytes.
  public static func == (one: Self, other: Self) -> Bool {
    guard one.text.count == other.text.count else { return false }
    let difference = unsafe one.text.withBytes { a in
      unsafe other.text.withBytes { b in unsafe zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } }
    }
    return difference == 0
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
