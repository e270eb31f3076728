import Foundation

/// SIGTERM and SIGINT as a call of their own, on a thread that waits for nothing else.
public struct StopSignals: Sendable {
  /// Blocks both for this thread and for all that it starts: call it before the first of them.
  public init() {
    var signals = Self.signals
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  private static var signals: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    return signals
  }

  /// - Parameter stop: called once, when the first of them comes.
  public func waiting(_ stop: @escaping @Sendable () -> Void) {
    Thread.detachNewThread {
      var (signals, signal) = (Self.signals, Int32(0))
      sigwait(&signals, &signal)
      stop()
    }
  }
}
