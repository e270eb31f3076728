import Foundation

/// The thread of one connection. libldap waits for the network, and nothing that waits may run on Swift's own few threads.
final class LDAPThread: SerialExecutor {
  private let line = Line()

  init() {
    let thread = Thread { [line] in
      // A server that hangs up while we write is an error to be read, not the end of the program.
      var brokenPipe = sigset_t()
      sigemptyset(&brokenPipe)
      sigaddset(&brokenPipe, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)
      line.run()
    }
    thread.name = "sanmon-ldap"
    thread.stackSize = 512 * 1024
    thread.start()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    line.add { job.runSynchronously(on: executor) }
  }

  deinit { line.close() }
}

/// What waits for the thread; an object of its own, so that the thread does not keep its owner alive.
private final class Line: @unchecked Sendable {
  // `jobs` and `isClosed` are touched only between lock and unlock of `condition`.
  private let condition = NSCondition()
  private var jobs: [@Sendable () -> Void] = []
  private var isClosed = false

  func add(_ job: @escaping @Sendable () -> Void) {
    condition.lock()
    jobs.append(job)
    condition.signal()
    condition.unlock()
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.signal()
    condition.unlock()
  }

  func run() {
    while true {
      condition.lock()
      while jobs.isEmpty && !isClosed { condition.wait() }
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
