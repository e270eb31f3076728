import Foundation
import Programs
import Synchronization

/// A simulator that holds a card in the reader until it is taken out or forgotten.
final class InsertedCard: Sendable {
  private let program: Program
  /// Lines that were waited for.
  private let taken = Mutex(0)

  init(program: String, arguments: [String]) throws { self.program = try Program([program] + arguments, input: .open) }

  /// Waits for a line of its output and takes it, with all before it.
  func wait(for line: String, seconds: Int = 10) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      let found = taken.withLock { taken in
        // The last one is not whole yet.
        let lines = program.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        guard let at = lines.indices.dropFirst(taken).first(where: { lines[$0] == line }) else { return false }
        taken = at + 1
        return true
      }
      if found { return }
      guard ContinuousClock.now < end else { throw Shell.Failed(description: "the simulator never said '\(line)'") }
      usleep(2_000)
    }
  }

  func send(_ line: String) throws { try program.send(line + "\n") }

  /// Sends a control line and waits until it is obeyed.
  func tell(_ line: String) throws {
    try send(line)
    try wait(for: line == "remove" ? "removed" : line == "insert" ? "inserted" : line)
  }

  /// Takes the card out for good and waits for the simulator's end; returns its exit code.
  @discardableResult
  func takeOut() throws -> Int32 {
    program.closeInput()
    return try program.end().status
  }
}
