public import AuthAPI
import AuthTerms
import Foundation

/// Gives a program a credential on descriptor 3, and waits for it.
public enum CredentialPipe {
  /// - Parameter program: an absolute path and its arguments; standard input, output and errors are this process's.
  /// - Returns: what it ended with; 128 and the signal's number if a signal ended it.
  /// - Throws: `badInput` if it could not be started.
  public static func run(_ program: [String], _ credential: StoredCredential) throws(AgentFault) -> Int32 {
    var ends: [Int32] = [-1, -1]
    // Two lines are far below what a pipe holds: nobody waits for a reader.
    guard pipe(&ends) == 0 else { throw .stateIO(file: "pipe", errno: errno) }
    defer { for end in ends where end >= 0 { close(end) } }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    guard write(credential, to: ends[1]) else { throw .stateIO(file: "pipe", errno: errno) }
    close(ends[1])
    ends[1] = -1
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 3)
    var copies: [UnsafeMutablePointer<CChar>?] = program.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var process = pid_t()
    guard let path = program.first, posix_spawn(&process, path, &actions, nil, &copies, environ) == 0 else {
      throw .badInput(expected: "a program that can be started")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }

  private static func write(_ credential: StoredCredential, to descriptor: Int32) -> Bool {
    let user = Array((credential.user + "\n").utf8)
    return whole(user, to: descriptor)
      && credential.password.withBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) == $0.count }
      && whole([UInt8(ascii: "\n")], to: descriptor)
  }

  private static func whole(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    Foundation.write(descriptor, bytes, bytes.count) == bytes.count
  }
}
