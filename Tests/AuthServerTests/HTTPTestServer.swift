import AuthServer
import AuthTerms
import Foundation
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Testing

/// What the log said, for tests that read it.
final class TestLog: Sendable {
  private let box = NIOLockedValueBox<[UInt8]>([])
  func add(_ line: [UInt8]) { box.withLockedValue { $0 += line } }
  var text: String { String(decoding: box.withLockedValue { $0 }, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// Real listeners on free ports of 127.0.0.1, stopped when the body of the test is done.
struct TestServer: Sendable {
  let ports: [ListenerName: Int]
  let log: TestLog
  let metrics: MetricsRegistry
  let group: ServiceGroup

  func port(_ name: ListenerName) throws -> Int { try #require(ports[name]) }

  /// Whether the page of metrics comes to have this line, within 90 seconds: the other end may see a connection end before it
  /// is counted.
  func counts(_ line: String) async throws -> Bool {
    for _ in 0..<9000 {
      if metrics.text().split(separator: "\n").contains(line[...]) { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  private static let start = ContinuousClock.now

  static let clock = ServerClock(
    now: {
      Moment(
        wallMilliseconds: Int64(Date().timeIntervalSince1970 * 1000), boot: "test",
        monotonicMilliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1)))
    })

  static func with<R: Sendable>(
    _ listeners: [(ListenerConfiguration, Router<SanmonRequestContext>)], metrics: MetricsRegistry = MetricsRegistry(),
    shutdownSeconds: Int = 5, _ body: @escaping @Sendable (TestServer) async throws -> R
  ) async throws -> R {
    let log = TestLog()
    let support = HTTPSupport(clock: clock, log: SafeLog(clock: clock) { log.add($0) }, metrics: metrics)
    let (bound, announce) = AsyncStream.makeStream(of: (ListenerName, Int?).self)
    let all = try listeners.map { configuration, router in
      try Listener(configuration, router: router, support: support) { announce.yield(($0, $1)) }
    }
    let expected = listeners.count
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: ListenerGroup(all, shutdownSeconds: shutdownSeconds), successTerminationBehavior: .gracefullyShutdownGroup)
        ], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    return try await withThrowingTaskGroup(of: R?.self) { tasks in
      tasks.addTask {
        defer { announce.finish() }
        try await group.run()
        return nil
      }
      tasks.addTask {
        var ports: [ListenerName: Int] = [:]
        var count = 0
        for await (name, port) in bound {
          ports[name] = port
          count += 1
          if count == expected { break }
        }
        guard count == expected else { throw CancellationError() }
        let server = TestServer(ports: ports, log: log, metrics: metrics, group: group)
        do {
          let result = try await body(server)
          await group.triggerGracefulShutdown()
          return result
        } catch {
          await group.triggerGracefulShutdown()
          throw error
        }
      }
      var result: R?
      for try await finished in tasks { result = finished ?? result }
      return try #require(result)
    }
  }

  /// Plain HTTP on the loopback address: for everything that has nothing to do with TLS.
  static func withPlain<R: Sendable>(
    limits: Limits = Limits(), shutdownSeconds: Int = 5, _ routes: (Router<SanmonRequestContext>) -> Void,
    _ body: @escaping @Sendable (TestServer, Int) async throws -> R
  ) async throws -> R {
    let router = Router(context: SanmonRequestContext.self)
    routes(router)
    let listener = ListenerConfiguration(.metrics(address: "127.0.0.1", port: 0), limits: limits)
    return try await with([(listener, router)], shutdownSeconds: shutdownSeconds) { server in
      try await body(server, server.port(.metrics))
    }
  }
}

/// A message with every kind of field, for routes of tests.
struct Sample: Codable, Sendable, Equatable {
  struct Inner: Codable, Sendable, Equatable {
    var flag: Bool
    var numbers: [Int]
  }
  var name: String
  var count: Int64
  var data: Data
  var inner: Inner?
  var optional: String?

  static let echo: @Sendable (Request, SanmonRequestContext) async throws -> JSONAnswer = { request, context in
    try JSONAnswer(await JSONBody.decode(Sample.self, from: request, context: context))
  }
}
