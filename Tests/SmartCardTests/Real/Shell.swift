import Foundation
import Programs
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
    let ended = try Program.run(
      [program] + arguments, input: input.map { .text(String(decoding: $0, as: UTF8.self)) } ?? .nothing, output: .together,
      within: Double(seconds))
    return Result(status: ended.status, output: ended.output)
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

  static func exists(_ program: String) -> Bool { (try? run("sh", ["-c", "command -v \(program)"]).status) == 0 }
}
