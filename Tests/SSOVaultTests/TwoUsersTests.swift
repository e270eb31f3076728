import Foundation
import Isolation
import Programs
import Testing
import VaultLink

/// DESIGN §7: neither of two processes under different users reads the other's files or memory.
@Suite(
  "two users", .serialized,
  .enabled(if: RunningVault.isBuilt, "sanmon-vault is not built"),
  .enabled(
    if: RunningVault.isRoot || ProcessInfo.processInfo.environment["CI"] != nil, "needs root to start processes under two users"
  ))
struct TwoUsersTests {
  private static let probe = """
    import ctypes, os, socket, sys
    state, pid, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    def attempt(name, work):
        try:
            work()
            print(name, "yes")
        except OSError as error:
            print(name, "no", error.errno)
    def trace():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(16, pid, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    def talk():
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(path)
        body = b"".join(len(f).to_bytes(4, "big") + f for f in [b"sanmon/vault-request/1", bytes(8), b"status"])
        s.sendall(len(body).to_bytes(4, "big") + body)
        if not s.recv(1):
            raise OSError(32, "closed")
    attempt("list", lambda: os.listdir(state))
    attempt("database", lambda: open(state + "/vault.sqlite", "rb").read(16))
    attempt("master", lambda: open(os.path.dirname(path) + "/master", "rb").read(16))
    attempt("memory", lambda: open(f"/proc/{pid}/mem", "rb").close())
    attempt("maps", lambda: open(f"/proc/{pid}/maps", "rb").read(1))
    attempt("environ", lambda: open(f"/proc/{pid}/environ", "rb").read(1))
    attempt("descriptors", lambda: os.listdir(f"/proc/{pid}/fd"))
    attempt("trace", trace)
    attempt("signal", lambda: os.kill(pid, 0))
    attempt("talk", talk)
    """

  private func ask(_ vault: RunningVault, as uid: UInt32) throws -> [String: Bool] {
    let ran = try RunningVault.run(uid, ["/usr/bin/python3", "-c", Self.probe, vault.state, "\(vault.pid)", vault.socket])
    #expect(ran.status == 0, "\(ran.errors)")
    var answers: [String: Bool] = [:]
    for line in ran.output.split(separator: "\n") {
      let words = line.split(separator: " ")
      answers[String(words[0])] = words[1] == "yes"
    }
    return answers
  }

  @Test("another user reads no file, no memory, traces and signals nothing, and is not served when unlisted")
  func unlisted() throws {
    let vault = try RunningVault(peers: ["--peer-user", "0"])
    #expect(try ask(vault, as: RunningVault.otherUID).filter(\.value).isEmpty)
    #expect(try ask(vault, as: RunningVault.otherUID).count == 10)
  }

  @Test("a listed user is served, and still reads nothing")
  func listed() throws {
    let vault = try RunningVault(peers: ["--peer-user", "\(RunningVault.otherUID)"])
    #expect(try ask(vault, as: RunningVault.otherUID).filter(\.value).map(\.key) == ["talk"])
  }

  @Test("even the vault's own user cannot trace it or read its memory, nor is it served")
  func sameUser() throws {
    let vault = try RunningVault(peers: ["--peer-user", "0"])
    let answers = try ask(vault, as: RunningVault.vaultUID)
    for name in ["memory", "maps", "environ", "descriptors", "trace", "talk"] { #expect(answers[name] == false, "\(name)") }
    // The files are its own, of course.
    #expect(answers["database"] == true)
  }

  @Test("the process is hardened: no dumps, no new privileges, no root")
  func hardened() throws {
    let vault = try RunningVault(peers: ["--peer-user", "0"])
    let status = try String(contentsOfFile: "/proc/\(vault.pid)/status", encoding: .utf8)
    #expect(status.contains("NoNewPrivs:\t1"))
    #expect(status.contains("Uid:\t\(RunningVault.vaultUID)\t\(RunningVault.vaultUID)"))
    #expect(status.contains("CapEff:\t0000000000000000"))
    let limits = try String(contentsOfFile: "/proc/\(vault.pid)/limits", encoding: .utf8)
    let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
    #expect(core?.split(separator: " ").filter { $0 == "0" }.count == 2)
  }
}
