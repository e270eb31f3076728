public import AuthAPI
public import AuthTerms
import Foundation
import Isolation
import Synchronization

/// A device behind the city's own program: `PROGRAM right|left [ADVICE]` writes one picture to its standard output and ends
/// with 0. ADVICE is the number of a `CaptureAdvice`, after a sample that gave nothing.
///
/// No shell. What it writes to its standard error is not read; it and what it started are killed at the deadline.
///
/// trusted: who can change the program can show a palm that is not there, and still needs the card or the session's key.
public struct CommandSensor: PalmSensor {
  private let profile: SensorProfile
  private let program: String
  private let milliseconds: Int

  /// - Parameters:
  ///   - program: an absolute path of an executable file.
  ///   - milliseconds: for one sample, 1 to 60,000. A ceremony lives 30 s, three samples included.
  public init(_ profile: SensorProfile, program: String, milliseconds: Int = 8000) throws(AgentFault) {
    guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
      throw .badInput(expected: "an absolute path of an executable file")
    }
    guard (1...60_000).contains(milliseconds) else { throw .badInput(expected: "a deadline of 1 to 60000 ms") }
    self.profile = profile
    self.program = program
    self.milliseconds = milliseconds
  }

  public var name: String { profile.name }

  public func capture(after advice: CaptureAdvice?) async throws(AgentFault) -> PalmSampleMessage {
    let arguments = [program, profile.hand.text] + (advice.map { [String($0.rawValue)] } ?? [])
    let (profile, deadline) = (profile, Deadline(milliseconds: milliseconds))
    return try await BlockingCall.run { () throws(AgentFault) -> PalmSampleMessage in
      try profile.sample(Self.output(of: arguments, by: deadline))
    }
  }

  private static func output(of arguments: [String], by deadline: Deadline) throws(AgentFault) -> PictureBytes {
    let (process, output) = try starting.withLock { _ in start(arguments) }.get()
    defer { close(output) }
    var isOver = false
    defer {
      if !isOver { end(process) }
    }
    let bytes = PictureBytes()
    reading: while true {
      guard !bytes.isTooMuch else { throw .sensor(.tooLarge) }
      let remaining = deadline.remainingMilliseconds
      guard remaining > 0 else { throw .sensor(.deadline) }
      var entry = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, remaining) > 0 else { continue }
      switch bytes.read(from: output) {
      case 0: break reading
      case ..<0 where errno != EINTR: throw .sensor(.failed)
      default: continue
      }
    }
    guard let status = ending(of: process, by: deadline) else { throw .sensor(.deadline) }
    isOver = true
    guard status == 0 else { throw .sensor(.failed) }
    return bytes
  }

  /// One at a time: a pipe's end that another one's child inherited would keep the pipe from ending.
  private static let starting = Mutex(())

  /// In a process group of its own, so that whatever it starts can be ended with it.
  ///
  /// - Returns: the process, and the end of the pipe to read from.
  private static func start(_ arguments: [String]) -> Result<(pid_t, Int32), AgentFault> {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return .failure(.sensor(.notStarted(errno: errno))) }
    defer { close(ends[1]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
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
      close(ends[0])
      return .failure(.sensor(.notStarted(errno: fault)))
    }
    return .success((process, ends[0]))
  }

  /// What it ended with; nil if it goes on past the deadline.
  private static func ending(of process: pid_t, by deadline: Deadline) -> Int32? {
    var status: Int32 = 0
    while true {
      let result = waitpid(process, &status, WNOHANG)
      if result == process { return status }
      if result < 0, errno != EINTR { return -1 }
      guard deadline.remainingMilliseconds > 0 else { return nil }
      usleep(5000)
    }
  }

  private static func end(_ process: pid_t) {
    kill(-process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
