import Foundation
import Synchronization

/// A simulator that holds a card in the reader until it is taken out or forgotten.
final class InsertedCard: Sendable {
  private let process: Process
  private let control: FileHandle
  private let lines = Mutex<[String]>([])
  private let news = DispatchSemaphore(value: 0)

  init(program: String, arguments: [String]) throws {
    let (input, output) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    control = input.fileHandleForWriting
    try Shell.startWithOpenSignals(process)
    let reading = output.fileHandleForReading
    let thread = Thread { [weak self] in
      var rest = Data()
      while true {
        let chunk = reading.availableData
        if chunk.isEmpty { return }
        rest += chunk
        while let end = rest.firstIndex(of: 0x0A) {
          let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
          rest = Data(rest[rest.index(after: end)...])
          guard let self else { return }
          self.lines.withLock { $0.append(line) }
          self.news.signal()
        }
      }
    }
    thread.start()
  }

  /// Waits for a line of its output and takes it, with all before it.
  func wait(for line: String, seconds: Int = 10) throws {
    let end = DispatchTime.now() + .seconds(seconds)
    while true {
      let found = lines.withLock { lines in
        guard let at = lines.firstIndex(of: line) else { return false }
        lines.removeSubrange(...at)
        return true
      }
      if found { return }
      guard news.wait(timeout: end) == .success else { throw Shell.Failed(description: "the simulator never said '\(line)'") }
    }
  }

  func send(_ line: String) throws { try control.write(contentsOf: Data((line + "\n").utf8)) }

  /// Sends a control line and waits until it is obeyed.
  func tell(_ line: String) throws {
    try send(line)
    try wait(for: line == "remove" ? "removed" : line == "insert" ? "inserted" : line)
  }

  /// Takes the card out for good and waits for the simulator's end; returns its exit code.
  @discardableResult
  func takeOut() throws -> Int32 {
    try? control.close()
    process.waitUntilExit()
    return process.terminationStatus
  }

  deinit { if process.isRunning { process.terminate() } }
}
