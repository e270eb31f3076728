public import AuthTerms
import Foundation

/// Reads something secret from a descriptor or a terminal into memory that is wiped, at most 256 bytes.
public enum SecretEntry {
  static let limit = 256
  static let patienceMilliseconds: Int32 = 120_000

  /// One line, or all until the end; the line end is not part of it. Several lines can be read one after the other.
  ///
  /// Nothing is ever taken from arguments or the environment: other users can see those.
  public static func read<Purpose>(descriptor: Int32) throws(AgentFault) -> Secret<Purpose> {
    guard descriptor == 0 || (3...1023).contains(descriptor) else { throw .badInput(expected: "descriptor 0, or 3 to 1023") }
    return try gather { byte throws(AgentFault) in
      while true {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&entry, 1, patienceMilliseconds) == 0 { throw .nothingEntered }
        let count = Foundation.read(descriptor, &byte, 1)
        if count == 1 { return byte == UInt8(ascii: "\n") ? .end : .byte }
        if count < 0, errno == EINTR { continue }
        if count < 0 { throw .nothingEntered }
        return .end
      }
    } finish: { bytes in
      // A file written on Windows ends its lines with CR LF.
      bytes.last == UInt8(ascii: "\r") ? bytes.count - 1 : bytes.count
    }
  }

  enum Key {
    case byte, end, erase, clear
  }

  /// Collects into one wiped buffer; never grows it, so that no copy is left behind.
  static func gather<Purpose>(
    _ next: (inout UInt8) throws(AgentFault) -> Key, finish: (UnsafeBufferPointer<UInt8>) -> Int = { $0.count }
  ) throws(AgentFault) -> Secret<Purpose> {
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: limit)
    buffer.initialize(repeating: 0)
    var byte: UInt8 = 0
    defer {
      if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
      buffer.deallocate()
      byte = 0
    }
    var count = 0
    reading: while true {
      switch try next(&byte) {
      case .end: break reading
      case .clear: count = 0
      case .erase:
        // One character of UTF-8: its continuation bytes and its first.
        while count > 0 {
          count -= 1
          if buffer[count] & 0xC0 != 0x80 { break }
        }
      case .byte:
        guard count < limit else { throw .badInput(expected: "at most \(limit) bytes") }
        buffer[count] = byte
        count += 1
      }
    }
    let length = finish(UnsafeBufferPointer(rebasing: buffer[0..<count]))
    guard length > 0 else { throw .nothingEntered }
    return Secret(count: length) { target in target.copyBytes(from: buffer[0..<length]) }
  }
}
