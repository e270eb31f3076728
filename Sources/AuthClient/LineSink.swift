import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// Cuts a held answer into lines and hands them to one reader; bounded in line length and in lines waiting.
///
/// A reader that cannot keep up ends the stream with a fault: an event that was dropped silently could be the lock.
final class LineSink: BodySink {
  private struct Rest {
    var partial: [UInt8] = []
    var silence: Scheduled<Void>?
  }

  private let continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation
  private let limit: Int
  private let rest = NIOLockedValueBox(Rest())
  private let onBytes: @Sendable () -> Scheduled<Void>?

  /// - Parameter onBytes: called at each arrival; returns the new silence alarm.
  init(
    _ continuation: AsyncThrowingStream<[UInt8], any Error>.Continuation, limit: Int,
    onBytes: @escaping @Sendable () -> Scheduled<Void>?
  ) {
    self.continuation = continuation
    self.limit = limit
    self.onBytes = onBytes
  }

  func end(with trailers: HTTPHeaders) {}

  func take(_ bytes: ByteBufferView) -> ClientFault? {
    let alarm = onBytes()
    return rest.withLockedValue { rest in
      rest.silence?.cancel()
      rest.silence = alarm
      for byte in bytes {
        if byte == UInt8(ascii: "\n") {
          if !rest.partial.isEmpty {
            guard case .enqueued = continuation.yield(rest.partial) else {
              return .malformedAnswer(expected: "no more lines than are read")
            }
          }
          rest.partial = []
        } else if rest.partial.count >= limit {
          return .malformedAnswer(expected: "lines of at most \(limit) bytes")
        } else {
          rest.partial.append(byte)
        }
      }
      return nil
    }
  }

  func finish(_ fault: ClientFault?) {
    rest.withLockedValue { rest in
      rest.silence?.cancel()
      rest.silence = nil
    }
    if let fault { continuation.finish(throwing: fault) } else { continuation.finish() }
  }
}
