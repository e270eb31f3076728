import Dispatch

/// Where one connection is used: a serial queue with a thread of its own while it has work. libldap waits for the network, and
/// nothing that waits may run on Swift's own few threads.
final class LDAPQueue: SerialExecutor {
  private let queue = DispatchQueue(label: "sanmon.ldap", qos: .userInitiated)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async {
      // The thread may be another each time.
      BrokenPipe.block()
      job.runSynchronously(on: executor)
    }
  }
}
