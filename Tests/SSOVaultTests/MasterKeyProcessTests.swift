import Foundation
import Programs
import SSOVault
import Testing

@Suite(
  "a master key is split, joined and replaced by the real program", .serialized, .timeLimit(.minutes(3)),
  .enabled(if: RunningVault.isBuilt, "sanmon-vault is not built"))
struct MasterKeyProcessTests {
  private let program: String
  private let folder: URL
  private var state: String { folder.appending(path: "state").path }
  private var master: String { folder.appending(path: "master").path }

  init() throws {
    let program = try #require(RunningVault.program, "sanmon-vault is not built")
    self.program = program
    folder = URL(filePath: "/tmp/snmm-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    if RunningVault.isRoot { chown(folder.path, RunningVault.vaultUID, RunningVault.vaultUID) }
    chmod(folder.path, 0o755)
    #expect(try run(["make-master-key", "--out", master]).status == 0)
    let instance = ["--instance", "lgwan-1", "--segment", "lgwan", "--host", "127.0.0.1"]
    #expect(try run(["init", "--state", state, "--master-key-file", master] + instance).status == 0)
  }

  private func run(_ arguments: [String], typing lines: [String] = []) throws -> Program.Ended {
    let user = [
      "/usr/bin/setpriv", "--reuid", "\(RunningVault.vaultUID)", "--regid", "\(RunningVault.vaultUID)", "--clear-groups",
    ]
    return try Program(
      (RunningVault.isRoot ? user : []) + [program] + arguments, input: .text(lines.joined(separator: "\n") + "\n")
    ).end()
  }

  private func verify(file: String? = nil, typing lines: [String] = []) throws -> Int32 {
    let source = file.map { ["--master-key-file", $0] } ?? ["--type-shares", "--share-fd", "0"]
    return try run(["verify", "--state", state] + source, typing: lines).status
  }

  private func split(_ more: [String] = []) throws -> [String] {
    let ran = try run(["split-master-key", "--master-key-file", master, "--shares", "3"] + more)
    #expect(ran.status == 0, "\(ran.errors)")
    return ran.output.split(separator: "\n").map(String.init)
  }

  @Test("from the file into three hands, and from two of them into a file again: each opens the same vault")
  func thereAndBack() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let shares = try split()
    #expect(shares.count == 3 && shares.allSatisfy { $0.hasPrefix("sanmon_share_1_2_") })
    #expect(try verify(typing: [shares[2], shares[0]]) == 0)
    let back = folder.appending(path: "back").path
    #expect(try run(["join-master-key", "--out", back, "--share-fd", "0"], typing: [shares[1], shares[2]]).status == 0)
    #expect(try verify(file: back) == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: back)[.posixPermissions] as? Int == 0o400)
    // Other papers for the same key.
    let anew = try run(
      ["split-master-key", "--type-shares", "--share-fd", "0", "--shares", "5", "--threshold", "3"],
      typing: [shares[0], shares[1]])
    let others = anew.output.split(separator: "\n").map(String.init)
    #expect(others.count == 5)
    #expect(try verify(typing: Array(others[1...3])) == 0 && verify(typing: [shares[0], shares[1]]) == 0)
    // Refused: a file that is there, shares that do not fit, numbers that cannot be, no key or two.
    #expect(try run(["join-master-key", "--out", back, "--share-fd", "0"], typing: [shares[1], shares[2]]).status == 78)
    let no = folder.appending(path: "no").path
    #expect(try run(["join-master-key", "--out", no, "--share-fd", "0"], typing: [shares[1], others[2]]).status == 78)
    #expect(try run(["join-master-key", "--out", no, "--share-fd", "0"], typing: [shares[1]]).status == 78)
    #expect(!FileManager.default.fileExists(atPath: no))
    #expect(try run(["split-master-key", "--master-key-file", master, "--shares", "3", "--threshold", "4"]).status == 78)
    #expect(try run(["split-master-key", "--shares", "3"]).status == 64)
    #expect(try run(["split-master-key", "--master-key-file", master, "--type-shares", "--shares", "3"]).status == 64)
    #expect(try run(["split-master-key", "--master-key-file", no, "--shares", "3"]).status == 78)
  }

  @Test("a lost share: the shares of a new key open the vault, and the former file and shares open it no more")
  func replaced() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let former = try split()
    let rewrap = ["rewrap", "--state", state]
    // Typed back wrongly, nothing is changed.
    let inHands = rewrap + ["--type-shares", "--share-fd", "0", "--shares", "3"]
    #expect(try run(inHands, typing: [former[0], former[2], former[0], former[1]]).status == 78)
    #expect(try run(inHands, typing: [former[0], former[2]]).status == 78)
    #expect(try verify(file: master) == 0)
    // Into a new file.
    let new = folder.appending(path: "new").path
    #expect(try run(["make-master-key", "--out", new]).status == 0)
    #expect(try run(rewrap + ["--master-key-file", master, "--new-master-key-file", master]).status == 78)
    #expect(try run(rewrap + ["--master-key-file", new, "--new-master-key-file", master]).status == 78)
    #expect(try run(rewrap + ["--master-key-file", master]).status == 64)
    #expect(try run(rewrap + ["--master-key-file", master, "--new-master-key-file", new, "--shares", "3"]).status == 64)
    let done = try run(
      rewrap + ["--type-shares", "--share-fd", "0", "--new-master-key-file", new], typing: [former[0], former[2]])
    #expect(done.status == 0 && done.output.contains("keys are under the new master key"), "\(done.errors)")
    #expect(try verify(file: new) == 0 && verify(file: master) == 78 && verify(typing: [former[0], former[1]]) == 78)
    // While it runs, nothing of this.
    let serving = try RunningVault.process(
      RunningVault.vaultUID,
      [
        program, "serve", "--socket", folder.appending(path: "v.sock").path, "--state", state, "--master-key-file", new,
        "--peer-user", "\(RunningVault.ownUID)",
      ])
    let socket = folder.appending(path: "v.sock").path
    for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) && serving.isRunning { usleep(20_000) }
    #expect(try run(rewrap + ["--master-key-file", new, "--new-master-key-file", master]).status == 74)
    serving.terminate()
    #expect(try serving.end().status == 0)
    #expect(try verify(file: new) == 0)
  }

  @Test("new shares are printed before they are typed back, and only then the key is theirs")
  func inHands() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    // Somebody who writes down what she sees, and types it.
    let script = """
      import subprocess, sys
      p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
      shares = [p.stdout.readline().strip() for _ in range(3)]
      p.stdin.write(shares[2] + "\\n" + shares[0] + "\\n"); p.stdin.flush()
      print(p.stdout.readline().strip()); print(*shares, sep="\\n"); sys.exit(p.wait())
      """
    let ran = try RunningVault.run(
      RunningVault.vaultUID,
      [
        "/usr/bin/env", "python3", "-c", script, program, "rewrap", "--state", state, "--master-key-file", master, "--share-fd",
        "0",
        "--shares", "3",
      ])
    let lines = ran.output.split(separator: "\n").map(String.init)
    #expect(ran.status == 0 && lines.count == 4, "\(ran.errors)")
    #expect(try verify(file: master) == 78 && verify(typing: [lines[2], lines[3]]) == 0)
  }
}
