import Foundation
import Fuzzing
import Programs

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
    // A session of its own: without a terminal, wherever the tests run.
    let user = uid.map { ["/usr/bin/setpriv", "--reuid", "\($0)", "--regid", "\($0)", "--clear-groups"] } ?? []
    let ended = try Program.run(
      ["/usr/bin/setsid", "--wait"] + user + [programs + "/sanmon"] + arguments, adding: environment,
      input: input.map { .text($0) } ?? .nothing, within: 120)
    return Ran(status: ended.status, output: ended.output, errors: ended.errors)
  }
}
