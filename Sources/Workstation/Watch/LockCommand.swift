import Foundation
import Isolation

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
    return await BlockingCall.run { Self.spawn([program, action, cause]) }
  }

  private static func spawn(_ arguments: [String]) -> Bool {
    guard let child = try? ChildProgram(starting: arguments, isRead: false) else { return false }
    // Past the deadline it is left running: a screen locker may stay in the foreground. Its end is collected when this process ends.
    return child.hasEndedWell(by: Deadline(milliseconds: 10_000)) ?? false
  }
}
