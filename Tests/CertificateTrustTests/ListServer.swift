import Foundation
import Synchronization

/// A small HTTP server on the loopback that says what a test wants, also what no server should.
final class ListServer: Sendable {
  enum Behaviour: Sendable {
    /// These bytes, and the end.
    case says([UInt8])
    /// These bytes, then a byte each tenth of a second for ever.
    case drips([UInt8])
    /// These bytes, then others as fast as they are taken.
    case pours([UInt8])
    /// Nothing, and no end.
    case waits
  }

  private let offered: Mutex<Behaviour>
  private let listener: Int32
  let port: Int
  /// What was asked, each as it came.
  private let asked = Mutex<[String]>([])
  var requests: [String] { asked.withLock { $0 } }

  struct Failed: Error {}

  init(_ behaviour: Behaviour) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    offered = Mutex(behaviour)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let size = length
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(listener, place, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, place, &length) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    guard isBound else { throw Failed() }
    Thread.detachNewThread { [self] in serve() }
  }

  /// From the next guest on.
  func offer(_ behaviour: Behaviour) { offered.withLock { $0 = behaviour } }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  deinit { close(listener) }

  static func ok(_ body: [UInt8], _ fields: String = "") -> Behaviour {
    .says(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\(fields)\r\n".utf8) + body)
  }

  private func serve() {
    while true {
      let guest = accept(listener, nil, nil)
      guard guest >= 0 else { return }
      var room = [UInt8](repeating: 0, count: 4096)
      let count = room.withUnsafeMutableBytes { recv(guest, $0.baseAddress, $0.count, 0) }
      let request = String(decoding: room.prefix(max(0, count)), as: UTF8.self)
      asked.withLock { $0.append(request) }
      switch offered.withLock({ $0 }) {
      case .says(let bytes): _ = Self.send(bytes, to: guest)
      case .drips(let bytes):
        var isThere = Self.send(bytes, to: guest)
        while isThere {
          usleep(100_000)
          isThere = Self.send([0x61], to: guest)
        }
      case .pours(let bytes):
        var isThere = Self.send(bytes, to: guest)
        let more = [UInt8](repeating: 0x61, count: 1 << 16)
        while isThere { isThere = Self.send(more, to: guest) }
      case .waits:
        // Until the other side goes.
        _ = room.withUnsafeMutableBytes { recv(guest, $0.baseAddress, $0.count, 0) }
      }
      close(guest)
    }
  }

  private static func send(_ bytes: [UInt8], to guest: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.send(guest, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
