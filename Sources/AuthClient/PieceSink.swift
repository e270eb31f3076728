import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// Hands a long body on piece by piece, and knows whether it came to its end.
final class PieceSink: BodySink {
  private struct Rest {
    var trailers: [String: String] = [:]
    var silence: Scheduled<Void>?
    var isOver = false
  }

  private let whole: EventLoopPromise<[String: String]>
  private let piece: @Sendable ([UInt8]) throws -> Void
  private let onBytes: @Sendable () -> Scheduled<Void>
  private let rest = NIOLockedValueBox(Rest())

  /// - Parameters:
  ///   - whole: completed in every case, by `finish` at the latest.
  ///   - onBytes: called at each arrival; returns the new silence alarm.
  init(
    _ whole: EventLoopPromise<[String: String]>, take: @escaping @Sendable ([UInt8]) throws -> Void,
    onBytes: @escaping @Sendable () -> Scheduled<Void>
  ) {
    self.whole = whole
    self.onBytes = onBytes
    piece = take
  }

  func take(_ bytes: ByteBufferView) -> ClientFault? {
    let isOver = rest.withLockedValue { $0.isOver }
    guard !isOver else { return .interrupted }
    do { try piece(Array(bytes)) } catch { return .interrupted }
    // After it was taken: a slow disk is no silence of the server.
    let alarm = onBytes()
    rest.withLockedValue { rest in
      rest.silence?.cancel()
      rest.silence = alarm
    }
    return nil
  }

  func end(with trailers: HTTPHeaders) {
    rest.withLockedValue { rest in
      for field in trailers { rest.trailers[field.name.lowercased()] = field.value }
    }
  }

  func finish(_ fault: ClientFault?) {
    let trailers = rest.withLockedValue { rest -> [String: String]? in
      rest.silence?.cancel()
      rest.silence = nil
      guard !rest.isOver else { return nil }
      rest.isOver = true
      return rest.trailers
    }
    guard let trailers else { return }
    if let fault { whole.fail(fault) } else { whole.succeed(trailers) }
  }
}
