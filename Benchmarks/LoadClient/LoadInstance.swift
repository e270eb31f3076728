package import AuthAPI
package import AuthClient
import AuthTerms
import Foundation
import Glibc
import Synchronization
import VaultLink

/// A real instance in a scratch folder: sanmon-vault and sanmond as processes under users of their own, on free loopback
/// ports, with the shipped policies. Nothing of it outlives `end`.
package final class LoadInstance: Sendable {
  /// Users without accounts, for a run by root; anybody else runs all as herself.
  private static let serverUID: UInt32 = 64_021
  private static let vaultUID: UInt32 = 64_022
  private static let isRoot = geteuid() == 0

  package let folder: String
  private let binaries: String
  private let vault: Mutex<ChildProcess>
  private let server: Mutex<ChildProcess>
  package let link: ServerConnection
  /// For the first administrator, once.
  let firstCode: String

  /// - Parameters:
  ///   - binaries: folder of sanmond and sanmon-vault.
  ///   - policies: the policy folder, copied.
  ///   - cardRoots: PEM of the cards' authority.
  ///   - directory: where people come from; the server has no password for it until `giveDirectoryPassword`.
  package init(
    binaries: String, policies: String, cardRoots: String, directory: LoadDirectory? = nil
  ) async throws {
    folder = try Self.makeFolder()
    self.binaries = binaries
    do {
      try FileManager.default.copyItem(atPath: policies, toPath: folder + "/policies")
      try cardRoots.write(toFile: folder + "/cards.pem", atomically: true, encoding: .utf8)
      for path in ["/policies", "/cards.pem"] { chmod(folder + path, path == "/policies" ? 0o755 : 0o644) }
      for (name, user) in [
        ("state", Self.serverUID), ("run", Self.serverUID), ("vault", Self.vaultUID), ("vault-run", Self.vaultUID),
      ] {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        chmod(path, name.hasSuffix("run") ? 0o755 : 0o700)
        if Self.isRoot { chown(path, user, user) }
      }
      if let directory { try FileManager.default.copyItem(atPath: directory.authorities, toPath: folder + "/directory-ca.pem") }
      let file = try Self.instanceFile(folder) + (directory?.lines(in: folder) ?? "")
      try file.write(toFile: folder + "/instance.yaml", atomically: true, encoding: .utf8)
      chmod(folder + "/instance.yaml", 0o644)
      try await Self.makeMasterKey(folder, binaries)
      vault = Mutex(try await Self.startVault(folder, binaries))
      firstCode = try await VaultLink(socket: folder + "/vault-run/vault.sock").initialise(
        VaultInitialisation(instance: InstanceID(parsing: "lgwan-1"), segments: [.lgwan], hosts: ["127.0.0.1"]))
      server = Mutex(try Self.startServer(folder, binaries))
    } catch {
      ChildProcess.endAll()
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
    var settings = ClientSettings()
    settings.answerLimit = 64 << 20
    settings.deadlineMilliseconds = 120_000
    link = ServerConnection(unixSocket: folder + "/run/operator.sock", settings: settings)
    _ = try await status(within: 30)
  }

  /// Ends both processes and removes the folder.
  package func end() {
    link.close()
    server.withLock { $0 }.stop()
    vault.withLock { $0 }.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The server's own copy of the password of the account that reads.
  package func giveDirectoryPassword(_ directory: LoadDirectory) throws {
    let path = folder + "/directory.password"
    try FileManager.default.copyItem(atPath: directory.passwordFile, toPath: path + ".new")
    chmod(path + ".new", 0o600)
    if Self.isRoot { chown(path + ".new", Self.serverUID, Self.serverUID) }
    guard rename(path + ".new", path) == 0 else { throw RunFault("\(path) を書けません。", "cannot write \(path)") }
  }

  // MARK: Measuring

  /// Most KB that the server ever held at once (VmHWM of proc(5)).
  package var peakKB: Double {
    let text = (try? String(contentsOfFile: "/proc/\(pids[0])/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
  }

  /// CPU seconds of both processes since they began.
  package var cpuSeconds: Double { pids.map(Machine.cpuSeconds).reduce(0, +) }

  /// KB of both processes; `nil` where the kernel does not tell.
  package var proportionalKB: Double? {
    let sizes = pids.compactMap(Machine.proportionalKB)
    return sizes.count == 2 ? sizes.reduce(0, +) : nil
  }

  package var pids: [Int32] { [server.withLock { $0.pid }, vault.withLock { $0.pid }] }

  // MARK: Stopping and starting

  package var database: String { folder + "/state/sanmon.sqlite" }

  package func stopServer() {
    link.close()
    server.withLock { $0 }.stop()
  }

  /// From here the time of a restart counts.
  package func startServer() throws {
    let started = try Self.startServer(folder, binaries)
    server.withLock { $0 = started }
  }

  package func stopVault() { vault.withLock { $0 }.stop() }

  /// Returns when it answers: its keys are open then.
  package func startVault() async throws {
    let started = try await Self.startVault(folder, binaries)
    vault.withLock { $0 = started }
  }

  /// The words that run a command as the server's user: what it writes is then the server's own.
  package static var asServer: [String] { isRoot ? user(serverUID) : [] }

  /// Asks until the server answers.
  package func status(within seconds: Double) async throws -> InstanceStatus {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      if let status: InstanceStatus = try? await link.fetch("/v1/admin/status") { return status }
      guard server.withLock({ $0 }).isRunning, ContinuousClock.now < end else {
        throw RunFault("サーバーが起動しません:\n\(log("server"))", "the server does not start:\n\(log("server"))")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private func log(_ name: String) -> String {
    let text = (try? String(contentsOfFile: folder + "/\(name).log", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(20).joined(separator: "\n")
  }

  // MARK: Parts

  private static func makeFolder() throws -> String {
    // Short whatever TMPDIR says: a unix socket's path ends at 107 bytes.
    let path = "/tmp/sanmon-load-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    folders.withLock { _ = $0.insert(path) }
    // Other users pass through; what is theirs alone lies deeper.
    chmod(path, 0o711)
    return path
  }

  private static func user(_ uid: UInt32) -> [String] {
    ["setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", "--no-new-privs", "--"]
  }

  private static var asVault: [String] { isRoot ? user(vaultUID) : [] }
  private static func masterKey(_ folder: String) -> String { folder + "/vault/master.key" }

  private static func makeMasterKey(_ folder: String, _ binaries: String) async throws {
    let made = try ChildProcess(
      asVault + ["\(binaries)/sanmon-vault", "make-master-key", "--out", masterKey(folder)], log: folder + "/vault.log")
    while made.isRunning { try await Task.sleep(for: .milliseconds(5)) }
  }

  private static func startVault(_ folder: String, _ binaries: String) async throws -> ChildProcess {
    let vault = try ChildProcess(
      asVault + [
        "\(binaries)/sanmon-vault", "serve", "--socket", folder + "/vault-run/vault.sock", "--state", folder + "/vault",
        "--master-key-file", masterKey(folder), "--peer-user", "\(isRoot ? serverUID : geteuid())", "--operator-user",
        "\(geteuid())",
      ], log: folder + "/vault.log")
    let end = ContinuousClock.now + .seconds(20)
    // The socket is there a moment before it is listened on.
    while (try? await VaultLink(socket: folder + "/vault-run/vault.sock").status()) == nil {
      guard vault.isRunning, ContinuousClock.now < end else {
        let log = (try? String(contentsOfFile: folder + "/vault.log", encoding: .utf8)) ?? ""
        throw RunFault("鍵庫が起動しません:\n\(log)", "the vault does not start:\n\(log)")
      }
      try await Task.sleep(for: .milliseconds(2))
    }
    return vault
  }

  private static func startServer(_ folder: String, _ binaries: String) throws -> ChildProcess {
    try ChildProcess(
      asServer + ["\(binaries)/sanmond", "--config", folder + "/instance.yaml"], log: folder + "/server.log")
  }

  /// Below the kernel's own range (32768 upwards), so that none of our thousand connections takes it before the server does.
  private static func freePort() throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: 20_000..<32_000)
      let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(socket) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if bound == 0 { return port }
    }
    throw RunFault("空いているポートがありません。", "there is no free port")
  }

  /// For the end of this program by a signal.
  package static func endAll() {
    ChildProcess.endAll()
    for folder in folders.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
  }

  private static let folders = Mutex<Set<String>>([])

  private static func instanceFile(_ folder: String) throws -> String {
    let user = try FileManager.default.attributesOfItem(atPath: folder)[.ownerAccountName] as? String
    return """
      instance: lgwan-1
      segments: [lgwan]
      listen: {address: 127.0.0.1, port: \(try freePort())}
      enrolment-listen: {address: 127.0.0.1, port: \(try freePort())}
      operator-socket: \(folder)/run/operator.sock
      operator-users: [\(user ?? "root")]
      vault-socket: \(folder)/vault-run/vault.sock
      state: \(folder)/state
      policies: \(folder)/policies
      card-roots: {lgwan: [\(folder)/cards.pem]}
      hosts: [127.0.0.1]
      checkpoint-seconds: 60
      connections-per-source: 4096

      """
  }
}
