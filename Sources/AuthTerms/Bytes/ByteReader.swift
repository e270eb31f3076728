/// Bounded reading from the front of a byte array: no read goes past the end, no length is believed.
public struct ByteReader: Sendable {
  private let bytes: [UInt8]
  private var position = 0
  private let subject: String

  public init(_ bytes: some Sequence<UInt8>, subject: String) {
    self.bytes = Array(bytes)
    self.subject = subject
  }

  public var remaining: Int { bytes.count - position }
  public var isAtEnd: Bool { remaining == 0 }

  public mutating func byte() throws(MalformedInput) -> UInt8 { UInt8(truncatingIfNeeded: try unsigned(bytes: 1)) }

  public mutating func take(_ count: Int) throws(MalformedInput) -> [UInt8] { Array(try slice(count)) }

  /// The next bytes where they lie: a log of a million rows is read through here, and none of its fields needs an array.
  mutating func slice(_ count: Int) throws(MalformedInput) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw MalformedInput(subject, expected: "\(count) more bytes") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// Big-endian unsigned integer of 1 to 8 bytes.
  public mutating func unsigned(bytes count: Int) throws(MalformedInput) -> UInt64 {
    precondition((1...8).contains(count), "a programming error: widths are literals")
    var value: UInt64 = 0
    for byte in try slice(count) { value = value << 8 | UInt64(byte) }
    return value
  }

  public func requireEnd() throws(MalformedInput) {
    guard isAtEnd else { throw MalformedInput(subject, expected: "no bytes after the last field") }
  }
}
