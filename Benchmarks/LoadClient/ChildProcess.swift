import Foundation
import Glibc
import Synchronization

/// A program that a run started and ends again.
package final class ChildProcess: Sendable {
  package let pid: Int32
  private let status = Mutex<Int32?>(nil)

  /// - Parameters:
  ///   - command: program (found in PATH) and arguments.
  ///   - log: both outputs are appended there.
  package init(_ command: [String], log: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Whoever started us may have blocked signals; a server that is deaf to TERM could not be ended in good order.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, environ)
    guard code == 0 else { throw RunFault("\(command[0]) を起動できません。", "cannot start \(command[0])") }
    self.pid = pid
    Self.running.withLock { _ = $0.insert(pid) }
  }

  package var isRunning: Bool { reap(WNOHANG) == nil }

  /// Asks (TERM), waits, then insists (KILL).
  package func stop(seconds: Double = 15) {
    guard isRunning else { return }
    kill(pid, SIGTERM)
    let end = ContinuousClock.now + .seconds(seconds)
    while isRunning, ContinuousClock.now < end { usleep(5_000) }
    kill9()
  }

  /// Waits for its end. Blocks this thread.
  /// - Returns: the exit code; 128 and the signal's number if a signal ended it.
  package func wait() -> Int32 {
    let found = reap(0) ?? 0
    return found & 0x7F == 0 ? (found >> 8) & 0xFF : 128 + (found & 0x7F)
  }

  package func kill9() {
    guard isRunning else { return }
    kill(pid, SIGKILL)
    _ = reap(0)
  }

  private func reap(_ options: Int32) -> Int32? {
    status.withLock { status in
      if let status { return status }
      var found: Int32 = 0
      guard waitpid(pid, &found, options) == pid else { return nil }
      status = found
      Self.running.withLock { _ = $0.remove(pid) }
      return found
    }
  }

  // MARK: What must not outlive us

  private static let running = Mutex<Set<pid_t>>([])

  /// Ends whatever still runs, at once: for the end of this program by a signal.
  package static func endAll() {
    for pid in running.withLock({ $0 }) { kill(pid, SIGKILL) }
  }
}

/// Why a run could not be made; in both languages.
package struct RunFault: Error, Sendable, CustomStringConvertible {
  let ja: String
  let en: String

  package init(_ ja: String, _ en: String) {
    self.ja = ja
    self.en = en
  }

  package var description: String { say(ja, en) }
}

/// The sentence of the language the terminal asked for (`LC_ALL`, `LC_MESSAGES`, `LANG`).
package func say(_ ja: String, _ en: String) -> String {
  let environment = ProcessInfo.processInfo.environment
  let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
  return asked.hasPrefix("ja") ? ja : en
}
