import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Programs
import Sealing
import Testing

/// A city with a recovery key, and the operator's tool as a person uses it: the built program, files, exit codes.
final class BackupBench: Sendable {
  static let mayRun: Bool = {
    let program = ProcessCity.binaries.map { FileManager.default.isExecutableFile(atPath: $0 + "/sanmon") } ?? false
    return program || ProcessInfo.processInfo.environment["CI"] != nil
  }()

  let city: City
  let key: RecoveryKey
  /// Backups, keys and what is restored; outside the city's folder.
  let desk: String

  init(segment: Segment = .lgwan, key: RecoveryKey? = nil, witness: Bool = false) async throws {
    let key = try key ?? RecoveryKey(random: Secret(copying: City.random(32)))
    self.key = key
    desk = NSTemporaryDirectory() + "/sanmon-desk-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: desk + "/tmp", withIntermediateDirectories: true)
    city = try await City(
      segment: segment,
      prepare: { try FileManager.default.createDirectory(atPath: $0 + "/witness", withIntermediateDirectories: false) },
      lines: { "recovery-key: \(key.publicKey.text)\n" + (witness ? "witness: \($0)/witness\n" : "") },
      vaultRecoveryKey: key.publicKey.text)
    let secret = city.operatorKey.rawRepresentation.base64EncodedString() + "\n"
    _ = FileManager.default.createFile(
      atPath: path("operator.key"), contents: Data(secret.utf8), attributes: [.posixPermissions: 0o600])
    try await note().verifierKey.write(toFile: path("log.vkey"), atomically: true, encoding: .utf8)
  }

  func end() async {
    await city.end()
    try? FileManager.default.removeItem(atPath: desk)
  }

  func path(_ name: String) -> String { desk + "/" + name }
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func note() async throws -> CheckpointAnswer { try await city.link.fetch("/v1/admin/audit/checkpoint") }
  func waiting() async throws -> RestoreState { try await city.link.fetch("/v1/admin/restore") }

  // MARK: The tool

  struct Result {
    let status: Int32
    let output: String
  }

  func process(_ arguments: [String], typed: String? = nil) throws -> Program {
    try Program(
      [#require(ProcessCity.binaries) + "/sanmon"] + arguments,
      environment: ["LANG": "C", "TMPDIR": path("tmp"), "HOME": desk, "PATH": "/usr/bin:/bin"],
      input: .text((typed ?? key.text) + "\n"), output: .together)
  }

  func sanmon(_ arguments: [String], typed: String? = nil) async throws -> Result {
    let ended = try await process(arguments, typed: typed).ending()
    return Result(status: ended.status, output: ended.output)
  }

  private var socket: [String] { ["--socket", city.folder + "/operator.sock"] }

  func create(_ name: String) async throws -> Result { try await sanmon(["backup", "create", path(name)] + socket) }

  func verify(_ name: String, keyFile: String = "log.vkey", typed: String? = nil) async throws -> Result {
    try await sanmon(["backup", "verify", path(name), "--key-file", path(keyFile), "--key-fd", "0"], typed: typed)
  }

  func restoring(_ name: String, state: String?, vault: String?) -> [String] {
    ["backup", "restore", path(name), "--key-file", path("log.vkey"), "--key-fd", "0"]
      + (state.map { ["--state", path($0)] } ?? []) + (vault.map { ["--vault-state", path($0)] } ?? [])
  }

  func restore(_ name: String, state: String?, vault: String?) async throws -> Result {
    try await sanmon(restoring(name, state: state, vault: vault))
  }

  func approve(_ more: [String] = []) async throws -> Result {
    try await sanmon(["backup", "approve", "--as", "yamada", "--key-file", path("operator.key")] + socket + more)
  }

  /// The restored folders take the place of the city's; what was there is put away.
  func exchange(state: String?, vault: String?) async throws {
    try await city.restartBoth { folder in
      for (name, restored) in [("state", state), ("vault", vault)] {
        guard let restored else { continue }
        try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(folder)/\(name)-before-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: path(restored), toPath: "\(folder)/\(name)")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: "\(folder)/\(name)")
      }
    }
  }
}
