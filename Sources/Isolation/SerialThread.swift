import Foundation
import Synchronization

/// One thread that does blocking work in order, so that none of it ever runs on Swift's own few threads.
public final class SerialThread: Sendable {
  private let work: Work

  /// - Parameter limit: jobs that may wait; a further one is refused.
  public init(name: String, limit: Int) {
    work = Work(limit: limit)
    let thread = Thread { [work] in work.run() }
    thread.name = name
    thread.start()
  }

  /// False when too many wait already; the job then never runs.
  public func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool { work.add(job) }

  deinit { work.stop() }
}

/// The queue behind the thread; an object of its own, so that the thread does not keep its owner alive.
private final class Work: @unchecked Sendable {
  // `jobs` and `isStopped` are touched only between lock and unlock of `condition`.
  private let condition = NSCondition()
  private var jobs: [@Sendable () -> Void] = []
  private var isStopped = false
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func add(_ job: @escaping @Sendable () -> Void) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    guard !isStopped, jobs.count < limit else { return false }
    jobs.append(job)
    condition.signal()
    return true
  }

  func stop() {
    condition.lock()
    isStopped = true
    condition.signal()
    condition.unlock()
  }

  func run() {
    while true {
      condition.lock()
      while jobs.isEmpty && !isStopped { condition.wait() }
      // What was accepted is done, also when stopping: somebody waits for each job's answer.
      guard !jobs.isEmpty else {
        condition.unlock()
        return
      }
      let job = jobs.removeFirst()
      condition.unlock()
      job()
    }
  }
}
