import Dispatch
import Glibc

/// Where one connection is used: a serial queue with a thread of its own while it has work. libldap waits for the network, and
/// nothing that waits may run on Swift's own few threads.
final class LDAPQueue: SerialExecutor {
  private let queue = DispatchQueue(label: "sanmon.ldap", qos: .userInitiated)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async {
      Self.blockBrokenPipe()
      job.runSynchronously(on: executor)
    }
  }

  /// A server that hangs up while we write is an error to be read, not the end of the program. The thread may be another each time.
  private static func blockBrokenPipe() {
    var brokenPipe = sigset_t()
    sigemptyset(&brokenPipe)
    sigaddset(&brokenPipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)
  }
}
