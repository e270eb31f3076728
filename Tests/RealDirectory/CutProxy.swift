import Foundation
import Synchronization

/// Carries connections to a port of 127.0.0.1, and cuts each after so many bytes of the server's.
package final class CutProxy: Sendable {
  package let port: UInt16
  private let listener: Int32
  private let target: UInt16
  private let state: Mutex<(limit: Int, each: Int, carried: Int)>

  /// Bytes of the server's, over all connections so far.
  package var carried: Int { state.withLock { $0.carried } }

  package struct Failed: Error {}

  package init(to target: UInt16, cutAfter limit: Int = .max) throws {
    self.target = target
    state = Mutex((limit, .max, 0))
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = Self.address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else { throw Failed() }
    port = UInt16(bigEndian: address.sin_port)
    Thread { [self] in accept() }.start()
  }

  /// From now on so many bytes more of the server's, then every connection is cut; `nil`: no end.
  package func allow(_ more: Int?) {
    state.withLock { state in state.limit = more.map { state.carried + $0 } ?? .max }
  }

  /// From now on every connection is cut after so many bytes of the server's over it; `nil`: no end.
  package func allowEach(_ bytes: Int?) { state.withLock { $0.each = bytes ?? .max } }

  package func end() { shutdown(listener, Int32(SHUT_RDWR)) }

  private static func address(_ port: UInt16) -> sockaddr_in {
    sockaddr_in(
      sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian, sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian),
      sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
  }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else {
        close(listener)
        return
      }
      let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = Self.address(target)
      let isConnected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      guard isConnected else {
        close(client)
        close(server)
        continue
      }
      // Each end is closed once, when both directions are over.
      let open = Mutex(2)
      let ends = Ends(client: client, server: server, open: open)
      Thread { [self] in pump(from: client, to: server, counts: false, ends) }.start()
      Thread { [self] in pump(from: server, to: client, counts: true, ends) }.start()
    }
  }

  private final class Ends: Sendable {
    let client: Int32
    let server: Int32
    private let open: Mutex<Int>

    init(client: Int32, server: Int32, open: consuming Mutex<Int>) {
      self.client = client
      self.server = server
      self.open = open
    }

    func hangUp() {
      shutdown(client, Int32(SHUT_RDWR))
      shutdown(server, Int32(SHUT_RDWR))
      let isLast = open.withLock { open in
        open -= 1
        return open == 0
      }
      if isLast {
        close(client)
        close(server)
      }
    }
  }

  private func pump(from source: Int32, to target: Int32, counts: Bool, _ ends: Ends) {
    defer { ends.hangUp() }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    var own = 0
    while true {
      var count = recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      var isCut = false
      if counts {
        (count, isCut) = state.withLock { state in
          let allowed = max(0, min(count, state.limit - state.carried, state.each - own))
          state.carried += allowed
          own += allowed
          return (allowed, state.carried >= state.limit || own >= state.each)
        }
      }
      guard count == 0 || send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count, !isCut else { return }
    }
  }
}
