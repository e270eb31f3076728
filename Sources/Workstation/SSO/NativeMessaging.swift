import AuthTerms
import Foundation
import Synchronization

/// Why messages with the browser ended. None of them quotes what came.
package enum NativeMessagingFault: Error, Sendable, Equatable {
  /// Longer than a message may be, or of no bytes at all.
  case length
  /// The browser went away in the middle of a message, or does not read any more.
  case brokenOff
  /// Not a message of the protocol.
  case malformed
  case system(errno: Int32)
}

/// Chromium's native messaging over two descriptors: JSON texts (RFC 8259), each behind its length in 4 bytes of this machine's order.
///
/// untrusted: what comes in; at worst the connection ends. Whoever runs as this user can be at its other end.
package final class NativeMessaging: Sendable {
  /// Bytes of one message from the browser. The browser itself would send up to 64 MiB.
  package static let inputLimit = 64 * 1024
  /// Bytes of one message to the browser, which takes no more.
  package static let outputLimit = 1024 * 1024

  private let input: Int32
  private let output: Int32
  // Whole messages: answers and what comes unasked are sent by different tasks.
  private let sending = Mutex(())

  /// The descriptors stay the caller's; who writes to a browser that has gone must have SIGPIPE ignored.
  package init(input: Int32, output: Int32) { (self.input, self.output) = (input, output) }

  /// The next message, waiting for it as long as it takes; nil when the browser has ended the connection. One caller at a time.
  package func receive() throws(NativeMessagingFault) -> [UInt8]? {
    guard let head = try read(4, isStart: true) else { return nil }
    let length = head.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    guard (1...UInt32(Self.inputLimit)).contains(length) else { throw .length }
    return try read(Int(length), isStart: false)
  }

  private func read(_ count: Int, isStart: Bool) throws(NativeMessagingFault) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        Foundation.read(input, buffer.baseAddress?.advanced(by: filled), count - filled)
      }
      if got > 0 {
        filled += got
      } else if got == 0 {
        guard isStart, filled == 0 else { throw .brokenOff }
        return nil
      } else if errno != EINTR {
        throw .system(errno: errno)
      }
    }
    return bytes
  }

  package func send(_ message: some Encodable) throws(NativeMessagingFault) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(message) else { throw .malformed }
    try send(framed: Secret(count: json.count) { $0.copyBytes(from: json) })
  }

  /// A credential: put together in memory that is wiped, and only if `isStillWanted`, asked when nothing else can be sent any more
  /// before it.
  /// - Returns: false if it was not wanted any more, and not sent.
  package func send(
    _ credential: ReleasedCredential, if isStillWanted: () -> Bool
  ) throws(NativeMessagingFault) -> Bool {
    try send(framed: Self.json(of: credential), if: isStillWanted)
  }

  /// The same for the two passwords of a change.
  package func send(_ change: PasswordChange, if isStillWanted: () -> Bool) throws(NativeMessagingFault) -> Bool {
    try send(framed: Self.json(of: change), if: isStillWanted)
  }

  /// Something on its way to the browser.
  private enum Message {}

  @discardableResult private func send(
    framed json: Secret<Message>, if isStillWanted: () -> Bool = { true }
  ) throws(NativeMessagingFault) -> Bool {
    guard (1...Self.outputLimit).contains(json.count) else { throw .length }
    let frame = Secret<Message>(count: 4 + json.count) { target in
      target.storeBytes(of: UInt32(json.count), as: UInt32.self)
      json.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[4...]).copyMemory(from: $0) }
    }
    return try sending.withLock { _ throws(NativeMessagingFault) -> Bool in
      guard isStillWanted() else { return false }
      try frame.withBytes { (bytes) throws(NativeMessagingFault) in try write(bytes) }
      return true
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(NativeMessagingFault) {
    var written = 0
    while written < bytes.count {
      let count = Foundation.write(output, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      if count > 0 {
        written += count
      } else if errno == EPIPE {
        throw .brokenOff
      } else if errno != EINTR {
        throw .system(errno: errno)
      }
    }
  }

  /// A part of a message that holds a secret: text of the protocol, or a value that may need escaping.
  private enum Part {
    case text(String)
    case value(String)
    case secret(Secret<ApplicationPassword>)
  }

  /// `{"changeDue":…,"kind":"credential","password":…,"user":…,"version":…}`
  private static func json(of credential: ReleasedCredential) throws(NativeMessagingFault) -> Secret<Message> {
    guard !credential.user.isEmpty else { throw .malformed }
    return try json([
      .text(#"{"changeDue":\#(credential.isChangeDue),"kind":"credential","password":""#), .secret(credential.password),
      .text(#"","user":""#), .value(credential.user), .text(#"","version":"\#(credential.version)"}"#),
    ])
  }

  /// `{"current":…,"kind":"change","new":…}`
  private static func json(of change: PasswordChange) throws(NativeMessagingFault) -> Secret<Message> {
    try json([
      .text(#"{"current":""#), .secret(change.current), .text(#"","kind":"change","new":""#), .secret(change.new),
      .text(#""}"#),
    ])
  }

  /// Without a copy that nobody wipes. What is no UTF-8 cannot stand in JSON.
  private static func json(_ parts: [Part]) throws(NativeMessagingFault) -> Secret<Message> {
    for case .secret(let secret) in parts {
      guard secret.withBytes({ !$0.isEmpty && isUTF8($0) }) else { throw .malformed }
    }
    var count = 0
    emit(parts) { _ in count += 1 }
    return Secret(count: count) { target in
      var place = 0
      emit(parts) { byte in
        target[place] = byte
        place += 1
      }
    }
  }

  private static func emit(_ parts: [Part], to put: (UInt8) -> Void) {
    for part in parts {
      switch part {
      case .text(let text): text.utf8.forEach(put)
      case .value(let text): for byte in text.utf8 { emitEscaped(byte, to: put) }
      case .secret(let secret): secret.withBytes { for byte in $0 { emitEscaped(byte, to: put) } }
      }
    }
  }

  /// RFC 8259 §7: quotation mark, reverse solidus and control characters cannot stand for themselves.
  private static func emitEscaped(_ byte: UInt8, to put: (UInt8) -> Void) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      put(UInt8(ascii: "\\"))
      put(byte)
    case 0..<0x20:
      #"\u00"#.utf8.forEach(put)
      put(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
      put("0123456789abcdef".utf8.dropFirst(Int(byte & 0x0F)).first ?? 0)
    default: put(byte)
    }
  }

  private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var (decoder, rest) = (UTF8(), bytes.makeIterator())
    while true {
      switch decoder.decode(&rest) {
      case .scalarValue: continue
      case .emptyInput: return true
      case .error: return false
      }
    }
  }
}
