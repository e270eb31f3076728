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

  /// Gives it a few lines on descriptor 3; what it writes goes where this process writes its errors.
  /// - Parameter write: fills the pipe and says whether it could: less than 4 KiB, which no pipe makes anybody wait for.
  init(starting arguments: [String], giving write: (Int32) -> Bool) throws(StartFault) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw StartFault(errno: errno) }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let isWritten = write(ends[1])
    close(ends[1])
    guard isWritten else { throw StartFault(errno: EPIPE) }
    (process, output) = try Self.starting.withLock { [given = ends[0]] _ in
      Self.start(arguments, isRead: false, given: given)
    }.get()
  }

  /// Open ones; one that is closed meanwhile may be named to be closed.
  private static var descriptors: [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
  }

  /// One at a time: a pipe's end that another one's child inherited would keep the pipe from ending.
  private static let starting = Mutex(())

  private static func start(
    _ arguments: [String], isRead: Bool, given: Int32? = nil
  ) -> Result<(pid_t, Int32), StartFault> {
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
    if let given {
      posix_spawn_file_actions_adddup2(&actions, 2, 1)
      posix_spawn_file_actions_adddup2(&actions, given, 3)
      // A PIN or a password may still stand in a descriptor that a script gave to this process.
      for other in Self.descriptors where other > 3 { posix_spawn_file_actions_addclose(&actions, other) }
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
  func hasEndedWell(by deadline: Deadline) -> Bool? { status(by: deadline).map { $0 == 0 } }

  /// What it ended with: 128 and the signal's number if one ended it; `nil` if it goes on past the deadline.
  func status(by deadline: Deadline) -> Int32? {
    var status: Int32 = 0
    while true {
      let result = waitpid(process, &status, WNOHANG)
      if result == process { return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F) }
      if result < 0, errno != EINTR { return 255 }
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
