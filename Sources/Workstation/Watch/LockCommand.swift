import Foundation

/// The city's own program that locks or ends the desktop session. Called as `PROGRAM lock|logoff CAUSE`, without a shell.
public struct LockCommand: Sendable {
  private let program: String

  /// An absolute path of an executable file.
  public init(program: String) throws(AgentFault) {
    guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
      throw .badInput(expected: "an absolute path of an executable file")
    }
    self.program = program
  }

  /// False if it could not be started, did not end within 10 s, or did not end well.
  func run(_ action: String, cause: String) async -> Bool {
    let program = program
    return await BlockingCall.run { Self.spawn(program, [program, action, cause]) }
  }

  private static func spawn(_ program: String, _ arguments: [String]) -> Bool {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var process = pid_t()
    guard posix_spawn(&process, program, &actions, nil, &copies, environ) == 0 else { return false }
    for _ in 0..<200 {
      var status: Int32 = 0
      let result = waitpid(process, &status, WNOHANG)
      if result == process { return status & 0x7F == 0 && (status >> 8) & 0xFF == 0 }
      if result < 0, errno != EINTR { return false }
      usleep(50_000)
    }
    // It is left running: a screen locker may stay in the foreground. Its end is collected when this process ends.
    return false
  }
}
