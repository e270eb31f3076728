import Foundation
import Synchronization

/// Runs every request of one simulated server on the thread that calls it, one piece at a time: a piece ends where a request
/// waits for the store, and which waiting request goes on is the caller's choice. Nothing else runs meanwhile, so the same
/// choices give the same run.
///
/// Work that leaves the thread (SQLite's writer, the hashing pool) is waited for before anything else goes on.
final class Schedule: TaskExecutor {
  /// Who is running, for the store that is called.
  @TaskLocal static var request: Int?

  private struct State {
    var jobs: [UnownedJob] = []
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var running: Int?
  }
  private let state = Mutex(State())
  private let owner = pthread_self()
  private let arrival = DispatchSemaphore(value: 0)
  /// What leaves the thread comes back within milliseconds; a request that does not is a fault of the simulation.
  private static let patience = DispatchTimeInterval.seconds(60)

  /// Traps on any other thread than the one that made this schedule: what a morning keeps without a lock is touched there alone,
  /// and a mistake about that ends the run instead of bending it.
  func requireOwnThread() {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a piece of a simulated morning ran on another thread")
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
    arrival.signal()
  }

  /// The requests that wait, in the order of their numbers.
  var waiting: [Int] { state.withLock { $0.waiting.keys.sorted() } }

  /// Starts a request and runs its first piece.
  /// - Parameter mayQueue: it may wait for another request; its first piece then never leaves the thread.
  func start(_ number: Int, mayQueue: Bool = false, _ work: @escaping @Sendable () async -> Void) {
    state.withLock { $0.running = number }
    Task(executorPreference: self) { [self] in
      requireOwnThread()
      await Self.$request.withValue(number) { await work() }
      state.withLock { $0.running = nil }
    }
    drain(mayQueue: mayQueue)
  }

  /// Runs work that is no request to its end; requests that wait go on waiting.
  func perform(_ work: @escaping @Sendable () async -> Void) {
    state.withLock { $0.running = 0 }
    Task(executorPreference: self) { [self] in
      requireOwnThread()
      await work()
      state.withLock { $0.running = nil }
    }
    drain()
  }

  /// Lets a waiting request go on to its next wait or its end.
  func resume(_ number: Int) {
    let continuation = state.withLock { state in
      state.running = number
      return state.waiting.removeValue(forKey: number)
    }
    continuation?.resume()
    drain()
  }

  /// Called by a request: the others may go first.
  func wait() async {
    guard let number = Self.request else { return }
    await withCheckedContinuation { continuation in
      state.withLock { state in
        state.waiting[number] = continuation
        state.running = nil
      }
    }
  }

  /// Something that runs beside the requests and waits for them, not for the store: a held connection.
  func beside(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    Task(executorPreference: self) { await work() }
  }

  /// Runs what is ready until the running request waits or has ended, and everything it caused beside it has run.
  func drain(mayQueue: Bool = false) {
    requireOwnThread()
    while true {
      let (job, isBusy) = state.withLock { state in
        (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.running != nil)
      }
      if let job {
        job.runSynchronously(on: asUnownedTaskExecutor())
      } else if isBusy, mayQueue {
        state.withLock { $0.running = nil }
        return
      } else if isBusy {
        guard arrival.wait(timeout: .now() + Self.patience) == .success else {
          // A request that neither waits nor ends can only hang the run; a trap says where.
          preconditionFailure("a simulated request did not come back")
        }
      } else {
        return
      }
    }
  }
}
