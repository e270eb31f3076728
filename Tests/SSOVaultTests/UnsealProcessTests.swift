import AuthAPI
import AuthTerms
import Foundation
import Isolation
import Programs
import SSOVault
import Testing
import VaultLink

@Suite("a vault in people's hands, as a process", .serialized, .enabled(if: RunningVault.isBuilt, "sanmon-vault is not built"))
struct UnsealProcessTests {
  private let program: String
  private let folder: URL
  private let shares: [String]
  private var socket: String { folder.appending(path: "v.sock").path }

  init() throws {
    let program = try #require(RunningVault.program, "sanmon-vault is not built")
    folder = URL(filePath: "/tmp/snmu-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    if RunningVault.isRoot { chown(folder.path, RunningVault.vaultUID, RunningVault.vaultUID) }
    chmod(folder.path, 0o755)
    let made = try RunningVault.run(
      RunningVault.vaultUID, [program, "make-master-key", "--shares", "3", "--threshold", "2"])
    try #require(made.status == 0, "\(made.errors)")
    (self.program, shares) = (program, made.output.split(separator: "\n").map(String.init))
  }

  private func serve(_ more: [String] = []) throws -> Program {
    let process = try RunningVault.process(
      RunningVault.vaultUID,
      [
        program, "serve", "--socket", socket, "--state", folder.appending(path: "state").path, "--await-shares", "2",
        "--operator-user", "\(RunningVault.ownUID)",
      ] + more)
    for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) && process.isRunning { usleep(20_000) }
    return process
  }

  private func unseal(_ share: String) throws -> Program.Ended {
    try Program([program, "unseal", "--socket", socket, "--share-fd", "0"], input: .text(share + "\n")).end()
  }

  private func verify(_ typed: [String]) throws -> Program.Ended {
    let user = [
      "/usr/bin/setpriv", "--reuid", "\(RunningVault.vaultUID)", "--regid", "\(RunningVault.vaultUID)", "--clear-groups",
    ]
    return try Program(
      (RunningVault.isRoot ? user : []) + [
        program, "verify", "--state", folder.appending(path: "state").path, "--type-shares", "--share-fd", "0",
      ], input: .text(typed.joined(separator: "\n") + "\n")
    ).end()
  }

  @Test("two of three people open it; after a restart it waits for two again; no key is in any file of it")
  func opened() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(shares.count == 3 && shares.allSatisfy { $0.hasPrefix("sanmon_share_1_2_") })
    let first = try serve()
    await #expect(throws: VaultFault.refused(VaultRefusal(.sealed, "sealed: 0 of 2 shares are there"))) {
      try await VaultLink(socket: socket).status()
    }
    let one = try unseal(shares[2])
    #expect(one.status == 0 && one.output.hasPrefix("1 of 2"))
    #expect(try unseal("sanmon_share_1_").status == 65)
    let two = try unseal(shares[0])
    #expect(two.status == 0 && two.output.hasPrefix("the vault is open"), "\(two.errors)")
    #expect(try unseal(shares[1]).status == 65, "it is open")
    let settings = VaultInitialisation(instance: try InstanceID(parsing: "lgwan-1"), segments: [.lgwan], hosts: ["127.0.0.1"])
    _ = try await VaultLink(socket: socket).initialise(settings)
    #expect(try await VaultLink(socket: socket).status().sharesNeeded == 2)
    first.kill()
    _ = try first.end()
    try? FileManager.default.removeItem(atPath: socket)

    let second = try serve()
    #expect(try unseal(shares[1]).output.hasPrefix("1 of 2") && unseal(shares[2]).status == 0)
    #expect(try await VaultLink(socket: socket).status().instance == "lgwan-1")
    second.terminate()
    #expect(try second.end().status == 0)
    // Offline the shares are typed as well.
    #expect(try verify([shares[0], shares[2]]).status == 0)
    let others = try RunningVault.run(RunningVault.vaultUID, [program, "make-master-key", "--shares", "2"]).output
      .split(separator: "\n").map(String.init)
    for wrong in [[shares[0], shares[0]], [shares[0], others[1]], others, ["sanmon_share_1_"], [shares[0]]] {
      #expect(try verify(wrong).status == 78)
    }
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      guard let bytes = FileManager.default.contents(atPath: folder.path + "/" + file) else { continue }
      for word in shares.flatMap({ $0.split(separator: "_").last?.split(separator: "-") ?? [] }) {
        #expect(bytes.range(of: Data(word.utf8)) == nil, "\(file)")
      }
    }
  }

  @Test("settings that contradict each other, and shares that cannot be, end with 78; nobody there, with 69")
  func settings() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try serve(["--master-key-file", "/nowhere"]).end().status == 78)
    for numbers in [["--shares", "1"], ["--shares", "10"], ["--shares", "3", "--threshold", "4"], []] {
      #expect(try RunningVault.run(RunningVault.vaultUID, [program, "make-master-key"] + numbers).status == 78)
    }
    let out = folder.appending(path: "master").path
    #expect(
      try RunningVault.run(RunningVault.vaultUID, [program, "make-master-key", "--shares", "3", "--out", out]).status == 78)
    #expect(!FileManager.default.fileExists(atPath: out))
    #expect(try unseal(shares[0]).status == 69)
  }
}
