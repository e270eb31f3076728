import Foundation
import Isolation
import Synchronization

/// A program of the city's that this one starts: no shell, no input, a process group of its own, and none of this process's files.
struct ChildProgram {
  /// Why it could not be started.
  struct StartFault: Error {
    let errno: Int32
  }

  private let process: pid_t
  /// The end of the pipe to read what it writes from; the caller closes it. -1 if what it writes goes where this process writes.
  let output: Int32

  /// - Parameters:
  ///   - arguments: the first is the absolute path of an executable file.
  ///   - isRead: whether its output is wanted; what it writes as errors is then dropped.
  init(starting arguments: [String], isRead: Bool) throws(StartFault) {
    (process, output) = try Self.starting.withLock { _ in Self.start(arguments, isRead: isRead) }.get()
  }

  /// One at a time: a pipe's end that another one's child inherited would keep the pipe from ending.
  private static let starting = Mutex(())

  private static func start(_ arguments: [String], isRead: Bool) -> Result<(pid_t, Int32), StartFault> {
    var ends: [Int32] = [-1, -1]
    guard !isRead || pipe(&ends) == 0 else { return .failure(StartFault(errno: errno)) }
    defer { if isRead { close(ends[1]) } }
    for end in ends where isRead { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if isRead {
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var process = pid_t()
    let fault = posix_spawn(&process, arguments[0], &actions, &attributes, &copies, environ)
    guard fault == 0 else {
      if isRead { close(ends[0]) }
      return .failure(StartFault(errno: fault))
    }
    return .success((process, ends[0]))
  }

  /// Whether it ended well; `nil` if it goes on past the deadline.
  func hasEndedWell(by deadline: Deadline) -> Bool? {
    var status: Int32 = 0
    while true {
      let result = waitpid(process, &status, WNOHANG)
      if result == process { return status == 0 }
      if result < 0, errno != EINTR { return false }
      guard deadline.remainingMilliseconds > 0 else { return nil }
      usleep(5000)
    }
  }

  /// Ends it and what it started.
  func end() {
    kill(-process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
