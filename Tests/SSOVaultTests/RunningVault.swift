import AuthAPI
import AuthTerms
import Foundation
import Programs
import Testing

/// The real program, started as an operator would, under a user of its own when this test runs as root.
final class RunningVault: Sendable {
  /// Users without accounts, spare on every Debian.
  static let vaultUID: UInt32 = 64_001
  static let otherUID: UInt32 = 64_002

  static let isRoot = geteuid() == 0
  static var ownUID: UInt32 { geteuid() }

  static let program: String? = {
    guard let me = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    let path = URL(filePath: me).deletingLastPathComponent().appending(path: "sanmon-vault").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()
  static let isBuilt = program != nil || ProcessInfo.processInfo.environment["CI"] != nil

  let folder: URL
  let process: Program
  let firstCode: String
  var socket: String { folder.appending(path: "v.sock").path }
  var state: String { folder.appending(path: "state").path }
  var master: String { folder.appending(path: "master").path }
  var pid: Int32 { process.pid }

  /// - Parameters:
  ///   - peers: options of `serve` that name users.
  ///   - mayLock: may lock all of its memory, as the unit lets it; root alone can give that.
  init(peers: [String], initialised: Bool = true, mayLock: Bool = false) throws {
    let program = try #require(Self.program, "sanmon-vault is not built")
    // Not the temporary folder of a user: the vault's user must be able to walk there. Short: a socket's path has 107 bytes.
    folder = URL(filePath: "/tmp/snmv-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    if Self.isRoot { chown(folder.path, Self.vaultUID, Self.vaultUID) }
    chmod(folder.path, 0o755)
    let files = ["--state", folder.appending(path: "state").path, "--master-key-file", folder.appending(path: "master").path]
    let made = try Self.run(Self.vaultUID, [program, "make-master-key", "--out", folder.appending(path: "master").path])
    try #require(made.status == 0, "\(made.errors)")
    if initialised {
      let begun = try Self.run(
        Self.vaultUID, [program, "init", "--instance", "lgwan-1", "--segment", "lgwan", "--host", "127.0.0.1"] + files)
      try #require(begun.status == 0, "\(begun.errors)")
      firstCode = begun.output.trimmingCharacters(in: .whitespacesAndNewlines)
    } else {
      firstCode = ""
    }
    process = try Self.process(
      Self.vaultUID, [program, "serve", "--socket", folder.appending(path: "v.sock").path] + files + peers, mayLock: mayLock)
    for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) && process.isRunning { usleep(20_000) }
  }

  deinit {
    process.kill()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Ends it as systemd would.
  func stop() throws -> Int32 {
    process.terminate()
    return try process.end().status
  }

  /// A process under another user when we are root, under our own otherwise.
  static func process(_ uid: UInt32, _ arguments: [String], mayLock: Bool = false) throws -> Program {
    let user = ["/usr/bin/setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups"]
    let right = mayLock ? ["--inh-caps", "+ipc_lock", "--ambient-caps", "+ipc_lock"] : []
    return try Program((isRoot ? user + right : []) + arguments)
  }

  static func run(_ uid: UInt32, _ arguments: [String]) throws -> Program.Ended { try process(uid, arguments).end() }
}
