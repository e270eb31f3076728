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

  public mutating func byte() throws(MalformedInput) -> UInt8 { try take(1)[0] }

  public mutating func take(_ count: Int) throws(MalformedInput) -> [UInt8] {
    guard count >= 0, count <= remaining else { throw MalformedInput(subject, expected: "\(count) more bytes") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Big-endian unsigned integer of 1 to 8 bytes.
  public mutating func unsigned(bytes count: Int) throws(MalformedInput) -> UInt64 {
    precondition((1...8).contains(count), "a programming error: widths are literals")
    return try take(count).reduce(0) { $0 << 8 | UInt64($1) }
  }

  public func requireEnd() throws(MalformedInput) {
    guard isAtEnd else { throw MalformedInput(subject, expected: "no bytes after the last field") }
  }
}
