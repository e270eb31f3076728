import AuthAPI
import AuthClient
import Foundation
import Testing

/// What a workstation hears, without the signs of life.
struct Events {
  private var lines: AsyncThrowingStream<[UInt8], any Error>.Iterator

  init(_ pc: TestWorkstation) async throws {
    lines = try await pc.connection.lines("/v1/watch").lines.makeAsyncIterator()
    let ready = try await next()
    #expect(ready.event == "ready")
  }

  /// - Throws: after eight signs of life, two minutes, in which nothing was said.
  mutating func next() async throws -> WatchEvent {
    var signs = 0
    while signs < 8, let line = try await lines.next() {
      let event = try JSONDecoder().decode(WatchEvent.self, from: Data(line))
      if event.event != "keepalive" { return event }
      signs += 1
    }
    throw CancellationError()
  }
}
