import Foundation
import Synchronization

/// Runs other programs, with a limit on their time.
enum Shell {
  struct Result {
    let status: Int32
    let output: String
  }

  struct Failed: Error, CustomStringConvertible { let description: String }

  /// Standard output and error together; ended by KILL after `seconds`.
  @discardableResult
  static func run(_ program: String, _ arguments: [String], seconds: Int = 30, input: Data? = nil) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["timeout", "--kill-after=1", "\(seconds)", program] + arguments
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("sanmon-shell-\(UUID().uuidString)")
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    // A file, not a pipe: a daemon that outlives the shell would hold a pipe open.
    let output = try FileHandle(forWritingTo: file)
    process.standardOutput = output
    process.standardError = output
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      try startWithOpenSignals(process)
      try pipe.fileHandleForWriting.write(contentsOf: input)
      try pipe.fileHandleForWriting.close()
    } else {
      process.standardInput = FileHandle.nullDevice
      try startWithOpenSignals(process)
    }
    process.waitUntilExit()
    try output.close()
    let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    return Result(status: process.terminationStatus, output: text)
  }

  /// As `run`, but a program that fails is an error that shows what it said.
  @discardableResult
  static func must(_ program: String, _ arguments: [String], seconds: Int = 30, input: Data? = nil) throws -> String {
    let result = try run(program, arguments, seconds: seconds, input: input)
    guard result.status == 0 else {
      throw Failed(description: "\(program) \(arguments.joined(separator: " ")): exit \(result.status)\n\(result.output)")
    }
    return result.output
  }

  /// Test threads block most signals, and a child inherits that: a daemon started so would be deaf to TERM.
  static func startWithOpenSignals(_ process: Process) throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  static func exists(_ program: String) -> Bool { (try? run("sh", ["-c", "command -v \(program)"]).status) == 0 }
}
