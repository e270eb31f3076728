import AuthTerms
import Foundation
import Synchronization

/// A bounded number of threads for work that holds a core for tens of milliseconds (Argon2id), away from event loops and
/// from the cooperative pool. What exceeds the queue is refused, so that memory stays bounded.
final class HashingPool: Sendable {
  private let queue: DispatchQueue
  private let slots: DispatchSemaphore
  private let waiting = Mutex(0)
  private let limit: Int

  /// - Parameters: threads: hashes at once (19 MiB each); limit: callers that may wait.
  init(threads: Int, limit: Int = 2_000) {
    queue = DispatchQueue(label: "sanmon.hashing", attributes: .concurrent)
    slots = DispatchSemaphore(value: threads)
    self.limit = limit
    workers = DispatchQueue(label: "sanmon.hashing.gate")
  }

  /// Serial gate: only this queue waits for a slot, so at most one thread is blocked however many callers there are.
  private let workers: DispatchQueue

  /// - Returns: `nil` when the queue is full.
  func run<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R? {
    let accepted = waiting.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
    guard accepted else { return nil }
    return await withCheckedContinuation { continuation in
      workers.async { [self] in
        slots.wait()
        queue.async { [self] in
          let result = work()
          slots.signal()
          waiting.withLock { $0 -= 1 }
          continuation.resume(returning: result)
        }
      }
    }
  }
}
