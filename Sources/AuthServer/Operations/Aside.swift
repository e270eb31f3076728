import Dispatch
import Isolation
import Synchronization

/// Work that blocks, or that computes for long, beside the few threads that answer clerks.
enum Aside {
  static func run<Answer: Sendable, Fault: Error>(
    _ work: @escaping @Sendable () throws(Fault) -> Answer
  ) async throws(Fault) -> Answer {
    let result: Result<Answer, Fault> = await withCheckedContinuation { done in
      DispatchQueue.global(qos: .utility).async {
        do throws(Fault) { done.resume(returning: .success(try work())) } catch { done.resume(returning: .failure(error)) }
      }
    }
    return try result.get()
  }
}

/// One piece of work that may never end, as on a share that does not answer. Who waits for it waits for a time only; what it comes to
/// is kept until somebody asks again.
final class Errand<Answer: Sendable>: Sendable {
  private enum State {
    case going(waiting: (@Sendable (Answer) -> Void)?)
    case done(Answer)
  }

  private let state: Mutex<State>

  /// - Parameter thread: is busy until the work ends.
  init(on thread: SerialThread, _ work: @escaping @Sendable () -> Answer) {
    state = Mutex(.going(waiting: nil))
    // One that is not taken is one that does not answer.
    _ = thread.enqueue { self.end(work()) }
  }

  private func end(_ answer: Answer) {
    let waiting = state.withLock { state in
      defer { state = .done(answer) }
      if case .going(let waiting) = state { return waiting }
      return nil
    }
    waiting?(answer)
  }

  /// `nil` while it goes on.
  var ended: Answer? {
    state.withLock { state in
      if case .done(let answer) = state { answer } else { nil }
    }
  }

  /// Asked by one at a time.
  /// - Returns: `nil` if it has not come to an end within that time.
  func answer(within limit: Duration) async -> Answer? {
    await withCheckedContinuation { continuation in
      let once = Once(continuation)
      let alarm = Task {
        try? await Task.sleep(for: limit)
        once.resume(nil)
      }
      let tell = { @Sendable (answer: Answer) in
        once.resume(answer)
        alarm.cancel()
      }
      let answer = state.withLock { state -> Answer? in
        if case .done(let answer) = state { return answer }
        state = .going(waiting: tell)
        return nil
      }
      if let answer { tell(answer) }
    }
  }
}

/// A continuation that the first of several answers.
final class Once<Answer: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Answer, Never>?>

  init(_ continuation: CheckedContinuation<Answer, Never>) { self.continuation = Mutex(continuation) }

  func resume(_ answer: Answer) {
    let first = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    first?.resume(returning: answer)
  }
}
