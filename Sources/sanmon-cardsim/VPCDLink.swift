#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The wire between card and vpcd reader: a TCP connection is the contact, each message a 2-byte length and its bytes. One
/// byte is a control (00 power off, 01 power on, 02 reset, 04 asks for the answer to reset), more is a command.
struct VPCDLink {
  let descriptor: Int32

  /// nil if nobody listens on 127.0.0.1 there.
  init?(port: UInt16) {
    let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard opened >= 0 else { return nil }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(opened, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      _ = Glibc.close(opened)
      return nil
    }
    descriptor = opened
  }

  func close() { _ = Glibc.close(descriptor) }

  /// Serves until the reader or somebody else ends the connection (false), or the card leaves of its own (true).
  func serve(_ card: inout any SimulatedCard, fault: () -> Fault) -> Bool {
    card.reset()
    var isFound = false
    while let header = receive(2), let message = receive(Int(header[0]) << 8 | Int(header[1])) {
      switch message {
      case []: continue
      case [0x00], [0x01], [0x02]: card.reset()
      case [0x04]:
        guard send(card.answerToReset) else { return false }
        if !isFound { Output.line("found") }
        isFound = true
      case let command:
        switch card.respond(to: command, fault: fault()) {
        case .answer(let bytes): guard send(bytes) else { return false }
        case .silence: continue
        case .leave: return true
        }
      }
    }
    return false
  }

  private func receive(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      // Release 0.8 of vpcd writes length and body apart, with Nagle's algorithm on: without an immediate acknowledgement
      // each command costs 44 ms. The option wears off, so it is set before every read.
      var on: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, socklen_t(MemoryLayout<Int32>.size))
      let got = bytes.withUnsafeMutableBytes { bytes in
        let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
        return recv(descriptor, rest.baseAddress, rest.count, 0)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }

  private func send(_ body: [UInt8]) -> Bool {
    let message = [UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    var sent = 0
    while sent < message.count {
      let wrote = message.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
        return Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      if wrote < 0, errno == EINTR { continue }
      guard wrote > 0 else { return false }
      sent += wrote
    }
    return true
  }
}
