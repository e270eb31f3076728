import Glibc

/// SIGPIPE of the calling thread: a server that hangs up while we write is an error to be read, not the end of the program.
enum BrokenPipe {
  /// From now on, for a thread that is ours.
  static func block() {
    var signals = set
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  /// For a thread that is not: afterwards it is as it was.
  static func blocked(_ work: () -> Void) {
    var (signals, before) = (set, sigset_t())
    pthread_sigmask(SIG_BLOCK, &signals, &before)
    defer {
      if sigismember(&before, SIGPIPE) == 0 {
        // What came meanwhile would be delivered with the old mask.
        var none = timespec()
        while sigtimedwait(&signals, nil, &none) == -1, errno == EINTR {}
        pthread_sigmask(SIG_SETMASK, &before, nil)
      }
    }
    work()
  }

  private static var set: sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    return signals
  }
}
