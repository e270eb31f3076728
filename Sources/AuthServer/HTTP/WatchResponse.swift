public import AuthAPI
import HTTPTypes
public import Hummingbird
import NIOCore
import ServiceLifecycle

/// A response that stays open: one JSON message a line (`GET /v1/watch`).
///
/// Ends when the source ends, the peer goes, the reader falls 64 lines behind (it reconnects and reads the present state), or
/// the server shuts down.
public struct WatchResponse: ResponseGenerator, Sendable {
  static let waitingLines = 64

  private let events: AsyncStream<WatchEvent>
  private let keepAlive: Duration

  /// - Parameter keepAlive: pause after which a `keepalive` line is sent, so that a cut connection is noticed at both ends.
  public init(events: AsyncStream<WatchEvent>, keepAlive: Duration = .seconds(15)) {
    self.events = events
    self.keepAlive = keepAlive
  }

  public func response(from request: Request, context: some RequestContext) throws -> Response {
    let closed = (context as? SanmonRequestContext)?.connectionClosed
    let events = events
    let keepAlive = keepAlive
    let body = ResponseBody { writer in
      let lines = Self.lines(events, keepAlive: keepAlive, closed: closed)
      for await line in lines { try await writer.write(ByteBuffer(bytes: line)) }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
  }

  /// Events and keep-alives as lines, until whichever end comes first.
  private static func lines(
    _ events: AsyncStream<WatchEvent>, keepAlive: Duration, closed: EventLoopFuture<Void>?
  ) -> AsyncStream<[UInt8]> {
    let (lines, sink) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingOldest(waitingLines))
    @Sendable func put(_ event: WatchEvent) {
      guard let bytes = try? JSONBody.encode(event) else { return sink.finish() }
      if case .enqueued = sink.yield(bytes + [UInt8(ascii: "\n")]) { return }
      sink.finish()
    }
    // A task of its own, ended by the stream's end: the graceful shutdown of the server reaches it through its task-locals.
    let feeder = Task {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await event in events { put(event) }
        }
        group.addTask {
          while (try? await Task.sleep(for: keepAlive)) != nil { put(WatchEvent(event: "keepalive")) }
        }
        group.addTask { try? await gracefulShutdown() }
        // Whichever ends first ends them all.
        await group.next()
        group.cancelAll()
      }
      sink.finish()
    }
    sink.onTermination = { _ in feeder.cancel() }
    closed?.whenComplete { _ in sink.finish() }
    return lines
  }
}
