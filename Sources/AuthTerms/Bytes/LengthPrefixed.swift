/// The one canonical encoding of Sanmon: each field is a 4-byte big-endian length and that many bytes.
///
/// Used by the card preimage, associated data, audit records and the vault's messages. Two different field lists never have
/// the same bytes, and there is exactly one way to write a list.
public struct LengthPrefixedWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// - Parameter bytes: about how many will be written.
  public init(reserving bytes: Int) { self.bytes.reserveCapacity(bytes) }

  public mutating func field(_ value: some Collection<UInt8>) {
    append(UInt32(value.count))
    bytes.append(contentsOf: value)
  }

  /// As the one above, which other modules call without knowing its type.
  public mutating func field(_ value: [UInt8]) {
    append(UInt32(value.count))
    bytes.append(contentsOf: value)
  }

  public mutating func field(_ text: String) { field(text.utf8) }

  /// Eight bytes, big-endian.
  public mutating func field(_ number: UInt64) {
    append(8)
    append(UInt32(truncatingIfNeeded: number >> 32))
    append(UInt32(truncatingIfNeeded: number))
  }

  private mutating func append(_ word: UInt32) {
    bytes.append(UInt8(truncatingIfNeeded: word >> 24))
    bytes.append(UInt8(truncatingIfNeeded: word >> 16))
    bytes.append(UInt8(truncatingIfNeeded: word >> 8))
    bytes.append(UInt8(truncatingIfNeeded: word))
  }

  public mutating func field(_ number: Int64) { field(UInt64(bitPattern: number)) }
}

public struct LengthPrefixedReader: Sendable {
  private var reader: ByteReader
  private let subject: String
  private let limit: Int

  /// - Parameter limit: the largest field accepted, in bytes.
  public init(_ bytes: some Sequence<UInt8>, subject: String, limit: Int = 1 << 20) {
    reader = ByteReader(bytes, subject: subject)
    self.subject = subject
    self.limit = limit
  }

  public var isAtEnd: Bool { reader.isAtEnd }

  public mutating func field() throws(MalformedInput) -> [UInt8] { Array(try slice()) }

  private mutating func slice() throws(MalformedInput) -> ArraySlice<UInt8> {
    let length = try reader.unsigned(bytes: 4)
    guard length <= UInt64(limit) else { throw MalformedInput(subject, expected: "fields of at most \(limit) bytes") }
    return try reader.slice(Int(length))
  }

  public mutating func text() throws(MalformedInput) -> String {
    let bytes = try slice()
    guard let text = String(validating: bytes, as: UTF8.self) else { throw MalformedInput(subject, expected: "UTF-8 text") }
    return text
  }

  public mutating func unsigned() throws(MalformedInput) -> UInt64 {
    let bytes = try slice()
    guard bytes.count == 8 else { throw MalformedInput(subject, expected: "an 8-byte number") }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  public mutating func signed() throws(MalformedInput) -> Int64 { Int64(bitPattern: try unsigned()) }

  public func requireEnd() throws(MalformedInput) { try reader.requireEnd() }
}
