import AuthAPI
import AuthServer
import Foundation
import Hummingbird
import NIOConcurrencyHelpers
import ServiceLifecycle
import Testing

@Suite("watch and shutdown", .timeLimit(.minutes(10)))
struct HTTPWatchTests {
  private final class Source: Sendable {
    let box = NIOLockedValueBox<AsyncStream<WatchEvent>.Continuation?>(nil)
    let ended = NIOLockedValueBox(false)

    func listen() -> AsyncStream<WatchEvent> {
      let (stream, continuation) = AsyncStream.makeStream(of: WatchEvent.self)
      continuation.onTermination = { [ended] _ in ended.withLockedValue { $0 = true } }
      continuation.yield(WatchEvent(event: "ready"))
      box.withLockedValue { $0 = continuation }
      return stream
    }
    func tell(_ event: WatchEvent) { _ = box.withLockedValue { $0?.yield(event) } }
    func finish() { box.withLockedValue { $0?.finish() } }

    /// Less than a keep-alive and an idle connection take (60 s): what ends by those has not ended by itself.
    func waitForEnd(_ seconds: Double = 30) async throws -> Bool {
      let deadline = ContinuousClock.now + .seconds(seconds)
      while ContinuousClock.now < deadline {
        if ended.withLockedValue({ $0 }) { return true }
        try await Task.sleep(for: .milliseconds(5))
      }
      return false
    }
  }

  private func open(_ port: Int) async throws -> TestClient {
    let client = try await TestClient.connect(port: port)
    try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
    // Head, then each line in its chunk.
    while try await client.line() != "\r\n" {}
    return client
  }

  private func event(_ client: TestClient, within seconds: Double = 30) async throws -> String {
    while true {
      let line = try await client.line(within: seconds)
      if line.hasPrefix("{") { return line.trimmingCharacters(in: .newlines) }
    }
  }

  private func withWatch(
    keepAlive: Duration, shutdownSeconds: Int = 5, _ body: @escaping @Sendable (TestServer, Int, Source) async throws -> Void
  ) async throws {
    let source = Source()
    try await TestServer.withPlain(
      shutdownSeconds: shutdownSeconds,
      { router in
        router.get("/watch") { _, _ in WatchResponse(events: source.listen(), keepAlive: keepAlive) }
        router.get("/slow") { _, _ in
          try await Task.sleep(for: .seconds(5))
          return try JSONAnswer(HealthReport(state: "running"))
        }
      }
    ) { server, port in try await body(server, port, source) }
  }

  @Test("events are lines as they happen; silence is broken by keep-alives; the source ends it")
  func events() async throws {
    try await withWatch(keepAlive: .milliseconds(100)) { _, port, source in
      let client = try await open(port)
      #expect(try await event(client) == #"{"event":"ready"}"#)
      #expect(try await event(client) == #"{"event":"keepalive"}"#)
      source.tell(WatchEvent(event: "lock", session: "s1", cause: "cardLost"))
      var line = try await event(client)
      while line.contains("keepalive") { line = try await event(client) }
      #expect(line == #"{"cause":"cardLost","event":"lock","session":"s1"}"#)
      source.finish()
      while !(try await client.line()).hasPrefix("0") {}
      // The connection is whole: the next request is answered on it.
      _ = try await client.line()
      #expect(try await client.request("GET", "/nothing").status == 404)
    }
  }

  @Test("a peer that goes away ends its source, long before the next keep-alive")
  func gone() async throws {
    try await withWatch(keepAlive: .seconds(60)) { _, port, source in
      let client = try await open(port)
      #expect(try await event(client) == #"{"event":"ready"}"#)
      await client.close()
      #expect(try await source.waitForEnd())
    }
  }

  @Test("over TLS too; and a peer that has closed its side still gets the answer to its request")
  func goneTLS() async throws {
    let authority = try TestAuthority("test authority")
    let identity = try authority.issue("server", isServer: true).identity()
    let tls = try ServerTLS.mutual(identity: identity, trustRoots: authority.roots())
    let client = try authority.issue("PC", isServer: false).client(trusting: authority)
    let source = Source()
    let router = Router(context: SanmonRequestContext.self)
    router.get("/watch") { _, _ in WatchResponse(events: source.listen(), keepAlive: .seconds(60)) }
    try await TestServer.with([(ListenerConfiguration(.workstations(address: "127.0.0.1", port: 0, tls: tls)), router)]) {
      server in
      let watcher = try await TestClient.connect(port: server.port(.workstations), tls: client)
      try await watcher.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
      while !(try await watcher.line()).hasPrefix("{") {}
      await watcher.close()
      #expect(try await source.waitForEnd())
    }
    try await withWatch(keepAlive: .seconds(60)) { _, port, _ in
      let half = try await TestClient.connect(port: port)
      try await half.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
      try await half.channel.close(mode: .output).get()
      #expect(try await half.reply().status == 200)
      _ = try await half.closed()
    }
  }

  @Test("shutdown ends watches, lets a running request finish, drops idle connections, refuses new ones")
  func shutdown() async throws {
    try await withWatch(keepAlive: .seconds(60), shutdownSeconds: 100) { server, port, source in
      let watcher = try await open(port)
      let idle = try await TestClient.connect(port: port)
      #expect(try await idle.request("GET", "/nothing").status == 404)
      let busy = try await TestClient.connect(port: port)
      async let running = busy.request("GET", "/slow")
      // Until it has arrived.
      try await Task.sleep(for: .seconds(2))
      let begun = ContinuousClock.now
      await server.group.triggerGracefulShutdown()
      #expect(try await running.status == 200)
      #expect(try await source.waitForEnd())
      _ = try await watcher.closed()
      _ = try await idle.closed()
      // Neither idle peers' time (60 s) nor the one that running requests get (100 s here) was waited for.
      #expect(ContinuousClock.now - begun < .seconds(50))
      await #expect(throws: (any Error).self) {
        let late = try await TestClient.connect(port: port)
        _ = try await late.request("GET", "/nothing")
      }
    }
  }

  @Test("shutdown over TLS does not wait for idle peers")
  func shutdownTLS() async throws {
    let authority = try TestAuthority("test authority")
    let identity = try authority.issue("server", isServer: true).identity()
    let tls = try ServerTLS.mutual(identity: identity, trustRoots: authority.roots())
    let client = try authority.issue("PC", isServer: false).client(trusting: authority)
    let source = Source()
    let router = Router(context: SanmonRequestContext.self)
    router.get("/watch") { _, _ in WatchResponse(events: source.listen()) }
    let begun = NIOLockedValueBox(ContinuousClock.now)
    let listener = ListenerConfiguration(.workstations(address: "127.0.0.1", port: 0, tls: tls))
    try await TestServer.with([(listener, router)], shutdownSeconds: 100) { server in
      let port = try server.port(.workstations)
      let idle = try await TestClient.connect(port: port, tls: client)
      #expect(try await idle.request("GET", "/nothing").status == 404)
      let watcher = try await TestClient.connect(port: port, tls: client)
      try await watcher.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
      while !(try await watcher.line()).hasPrefix("{") {}
      begun.withLockedValue { $0 = .now }
    }
    #expect(ContinuousClock.now - begun.withLockedValue { $0 } < .seconds(50))
  }
}
