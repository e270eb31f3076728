import Synchronization

/// Lets asynchronous work through one at a time, in the order of arrival. Work that is cancelled while it waits still runs.
package final class Turnstile: Sendable {
  private struct Line {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let line = Mutex(Line())

  package init() {}

  /// How many wait to be let in.
  package var waiting: Int { line.withLock { $0.waiting.count } }

  package func pass<R>(_ work: () async throws -> R) async rethrows -> R {
    await enter()
    defer { leave() }
    return try await work()
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = line.withLock { line in
        if line.isTaken { line.waiting.append(continuation) }
        defer { line.isTaken = true }
        return !line.isTaken
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave() {
    // The next in line takes over without the turnstile ever being free: nobody overtakes.
    let next = line.withLock { line -> CheckedContinuation<Void, Never>? in
      guard line.waiting.isEmpty else { return line.waiting.removeFirst() }
      line.isTaken = false
      return nil
    }
    next?.resume()
  }
}
