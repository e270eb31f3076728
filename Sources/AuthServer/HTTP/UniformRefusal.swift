public import AuthTerms

/// Keeps an early refusal from telling by its duration what was checked before it.
public struct UniformRefusal: Sendable {
  private let quantum: Int64
  private let clock: ServerClock

  /// - Parameter quantum: milliseconds, 1 or more.
  public init(quantum: Int64, clock: ServerClock) {
    self.quantum = max(1, quantum)
    self.clock = clock
  }

  /// Milliseconds from `elapsed` to the next multiple of the quantum; a whole quantum at 0, so that nothing answers at once.
  package static func wait(afterElapsed elapsed: Int64, quantum: Int64) -> Int64 {
    guard elapsed > 0 else { return quantum }
    let rest = elapsed % quantum
    return rest == 0 ? 0 : quantum - rest
  }

  /// Returns at the next multiple of the quantum after `arrived`; at once if the task is cancelled.
  public func answer(since arrived: Moment) async {
    let elapsed = clock.now().monotonicMilliseconds - arrived.monotonicMilliseconds
    try? await Task.sleep(for: .milliseconds(Self.wait(afterElapsed: elapsed, quantum: quantum)))
  }
}
