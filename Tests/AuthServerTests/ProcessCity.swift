import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Programs
import Storage
import VaultLink

/// The folder of a city that was set up in this process, served by `sanmond` and `sanmon-vault` as processes of their own, under
/// a user of their own when the tests run as root.
final class ProcessCity {
  /// A user without an account, spare on every Debian.
  static let uid: UInt32 = geteuid() == 0 ? 64_003 : geteuid()

  static let binaries: String? = {
    let said = ProcessInfo.processInfo.environment["SANMON_BINARIES"]
    let me = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let folder = said ?? me.map({ URL(filePath: $0).deletingLastPathComponent().path }) else { return nil }
    return ["sanmond", "sanmon-vault", "sanmon-agent", "sanmon"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
    }
      ? folder : nil
  }()
  static let isBuilt = binaries != nil || ProcessInfo.processInfo.environment["CI"] != nil

  let folder: String
  let port: Int
  let verifier: NoteVerifier
  private(set) var server: Program?
  private(set) var vault: Program?
  /// `sanmon-agent watch`, where a test starts it.
  private(set) var agent: Program?
  private let programs: String

  /// - Parameters:
  ///   - city: is ended; its folder goes over to the processes.
  ///   - port: of the workstations' listener; without it a free one.
  ///   - lines: more of the start-up file.
  init(takingOver city: City, port: Int? = nil, lines: String = "") async throws {
    guard let programs = Self.binaries else { throw CocoaError(.fileNoSuchFile) }
    self.programs = programs
    folder = city.folder
    self.port = try port ?? Self.freePort()
    verifier = try await NoteVerifier(vkey: VaultLink(socket: folder + "/vault.sock").publicKeys().checkpointVerifier)
    try City.instanceText(folder, city.segment, false, lines, port: self.port, checkpointSeconds: 1).write(
      toFile: folder + "/instance.yaml", atomically: true, encoding: .utf8)
    await city.end(keepingFolder: true)
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(atPath: folder)
  }

  // MARK: Processes

  func start() throws {
    try own()
    if vault?.isRunning != true {
      try startVault()
      // A server that starts before its vault waits for it; here each round starts with both.
      while vault?.isRunning == true, (try? connects(folder + "/vault.sock")) != true { usleep(5000) }
    }
    try startServer()
  }

  /// The folder belongs to the processes' user.
  func own() throws { try give(to: Self.uid) }

  /// It belongs to the test again: for what must not be another user's.
  func takeBack() throws { try give(to: geteuid()) }

  private func give(to user: UInt32) throws {
    guard geteuid() == 0 else { return }
    _ = try Program.run(["chown", "-R", "\(user):\(user)", folder])
  }

  func startVault() throws {
    vault = try launch(
      "sanmon-vault", "serve", "--socket", folder + "/vault.sock", "--state", folder + "/vault", "--master-key-file",
      folder + "/master.key", "--peer-user", "\(Self.uid)", "--operator-user", "\(geteuid())")
  }

  func startServer(environment: [String: String] = [:]) throws {
    server = try launch("sanmond", "--config", folder + "/instance.yaml", environment: environment)
  }

  /// - Parameter state: of an enrolled workstation, below the folder.
  func startAgent(state: String) throws {
    agent = try launch("sanmon-agent", "watch", "--state", state, environment: ["LC_ALL": "C.UTF-8"])
  }

  func log(of program: String) -> String {
    String(decoding: FileManager.default.contents(atPath: folder + "/\(program).log") ?? Data(), as: UTF8.self)
  }

  /// SIGKILL, to all before any is waited for: nothing is written, flushed or said.
  func kill(withVault: Bool = true) {
    let programs = ([server, agent] + (withVault ? [vault] : [])).compactMap { $0 }
    for program in programs { program.signal(SIGKILL) }
    for program in programs { program.kill() }
  }

  func killVault() { vault?.kill() }

  private func launch(
    _ name: String, _ arguments: String..., environment: [String: String] = [:]
  ) throws -> Program {
    let user = ["/usr/bin/setpriv", "--reuid", "\(Self.uid)", "--regid", "\(Self.uid)", "--clear-groups"]
    return try Program(
      (geteuid() == 0 ? user : []) + ["\(programs)/\(name)"] + arguments, adding: environment,
      output: .appended(to: folder + "/\(name).log"))
  }

  private func connects(_ path: String) throws -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    } == 0
  }

  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) + getsockname(descriptor, $0, &length)
      }
    }
    guard code == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  // MARK: What is on the disk

  /// The database as it lies there, in a folder of its own that the caller removes.
  func copy() throws -> String {
    let target = NSTemporaryDirectory() + "/sanmon-copy-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: target, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    for side in ["", "-wal"] {
      guard let bytes = FileManager.default.contents(atPath: folder + "/state/sanmon.sqlite" + side) else { continue }
      _ = FileManager.default.createFile(
        atPath: target + "/sanmon.sqlite" + side, contents: bytes, attributes: [.posixPermissions: 0o600])
    }
    return target
  }
}
