import AuthClient
import Foundation
import Testing

@Suite("a server that hangs up before the request is written")
struct HangingUpTests {
  /// The end of the connection can arrive between "ready" and the write, when no handler is left to fail the answer: an
  /// agent would have waited for ever, and her clerk with it.
  @Test("is an answer, every time", .timeLimit(.minutes(10)))
  func hangUp() async throws {
    let path = "/tmp/sanmon-hu-\(UInt32.random(in: 0 ... .max))"
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(listener >= 0)
    defer {
      // Wakes the thread that accepts.
      shutdown(listener, Int32(SHUT_RDWR))
      close(listener)
      unlink(path)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 64) == 0)
    Thread.detachNewThread {
      while true {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else { return }
        close(peer)
      }
    }
    for _ in 0..<500 {
      let connection = ServerConnection(unixSocket: path)
      await #expect(throws: ClientFault.self) { _ = try await connection.request("GET", "/") }
    }
  }
}
