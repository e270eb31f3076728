import Foundation
import Fuzzing

/// The built `sanmon`, run as an operator runs it, against files and sockets of a city.
enum ToolProcess {
  struct Ran: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// The same for tests beside which a server answers: a thread of its own waits.
  static func started(
    _ arguments: [String], uid: UInt32? = nil, environment: [String: String] = ["LC_ALL": "C.UTF-8"], input: String? = nil
  ) async throws -> Ran {
    try await onOwnThread { try sanmon(arguments, uid: uid, environment: environment, input: input) }
  }

  /// - Parameters:
  ///   - uid: the user it runs as; `nil`: whoever runs the tests.
  ///   - input: what is typed.
  static func sanmon(
    _ arguments: [String], uid: UInt32? = nil, environment: [String: String] = ["LC_ALL": "C.UTF-8"], input: String? = nil
  ) throws -> Ran {
    guard let programs = ProcessCity.binaries else { throw CocoaError(.fileNoSuchFile) }
    let process = Process()
    // A session of its own: without a terminal, wherever the tests run.
    process.executableURL = URL(filePath: "/usr/bin/setsid")
    let user = uid.map { ["/usr/bin/setpriv", "--reuid", "\($0)", "--regid", "\($0)", "--clear-groups"] } ?? []
    process.arguments = ["--wait"] + user + [programs + "/sanmon"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    // Files, not pipes: nobody has to read while it runs.
    let folder = "/tmp/sanmon-tool-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["in", "out", "err"] {
      _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: name == "in" ? Data((input ?? "").utf8) : nil)
    }
    process.standardInput = FileHandle(forReadingAtPath: folder + "/in")
    process.standardOutput = FileHandle(forWritingAtPath: folder + "/out")
    process.standardError = FileHandle(forWritingAtPath: folder + "/err")
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), as: UTF8.self)
    }
    return Ran(status: process.terminationStatus, output: try text("out"), errors: try text("err"))
  }

  /// Runs a program to its end without holding one of the few threads on which the servers of all tests run.
  static func finish(_ process: Process) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in done.resume() }
      do { try process.run() } catch {
        process.terminationHandler = nil
        done.resume(throwing: error)
      }
    }
  }
}
