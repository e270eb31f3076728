import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Isolation
import Programs
import Testing
import VaultLink

@Suite("the vault as a process", .serialized, .enabled(if: RunningVault.isBuilt, "sanmon-vault is not built"))
struct ProcessTests {
  private static var asServer: [String] { ["--peer-user", "\(RunningVault.ownUID)"] }

  private func registration(_ clerk: Clerk, _ code: String) throws -> OperatorRegistration {
    let act = try Act.registerOperator(
      clerk.id, person: clerk.person, role: "administrator", publicKey: clerk.publicKey, by: clerk.id,
      instance: InstanceID(parsing: "lgwan-1"), nonce: Office.random(16), at: Int64(Date().timeIntervalSince1970 * 1000))
    return OperatorRegistration(authority: .firstAdministratorCode(code), act: try clerk.sign(act))
  }

  @Test(
    "what it holds is locked into memory, all of it, where the limit lets it; where not, it says so",
    .enabled(if: RunningVault.isRoot, "only root may give another user the right to lock memory"))
  func locked() throws {
    func kilobytes(_ name: String, _ vault: RunningVault) throws -> Int {
      let status = try String(contentsOfFile: "/proc/\(vault.pid)/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
      return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }
    let vault = try RunningVault(peers: ["--operator-user", "\(RunningVault.ownUID)"], mayLock: true)
    #expect(try kilobytes("VmLck", vault) >= kilobytes("VmRSS", vault) / 2 && kilobytes("VmSwap", vault) == 0)
    #expect(try vault.stop() == 0)
    let limited = try RunningVault(peers: ["--operator-user", "\(RunningVault.ownUID)"])
    #expect(try kilobytes("VmLck", limited) == 0)
    limited.process.terminate()
    #expect(try limited.process.end().errors.contains("may reach a swap device"))
  }

  @Test("from the first administrator's code to a workstation's certificate, over the real socket")
  func morning() async throws {
    let vault = try RunningVault(peers: Self.asServer)
    let link = VaultLink(socket: vault.socket)
    let sato = try Clerk("sato")
    #expect(try await link.registerOperator(registration(sato, vault.firstCode)) == sato.id)
    let act = try sato.sign(
      Act.enrolWorkstation(
        WorkstationID(parsing: "LGWAN-PC-0042"), segment: .lgwan, access: .remote, validSeconds: 600, by: sato.id,
        instance: InstanceID(parsing: "lgwan-1"), nonce: Office.random(16), at: Int64(Date().timeIntervalSince1970 * 1000)))
    let code = try await link.createEnrolmentCode(act)
    let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
    let issued = try await link.signWorkstation(certificateRequest: request, code: code)
    #expect(issued.access == .remote && issued.workstation.text == "LGWAN-PC-0042")
    #expect(try await WorkstationCertificate(parsing: issued.certificate).isIssued(by: link.trustRoots()[0]))
    await #expect(throws: VaultFault.refused(VaultRefusal(.codeUsed, "the code was used before"))) {
      try await link.signWorkstation(certificateRequest: request, code: code)
    }
    #expect(try await link.listOperators().count == 1)
    #expect(try await link.status().isInitialised)
    #expect(try vault.stop() == 0)
    #expect(!FileManager.default.fileExists(atPath: vault.socket))
    await #expect { try await link.status() } throws: { if case VaultFault.unreachable = $0 { true } else { false } }
  }

  @Test("initialisation over the socket is for listed people only")
  func initialiseBySocket() async throws {
    let settings = VaultInitialisation(instance: try InstanceID(parsing: "lgwan-1"), segments: [.lgwan], hosts: ["127.0.0.1"])
    let served = try RunningVault(peers: Self.asServer, initialised: false)
    await #expect { try await VaultLink(socket: served.socket).initialise(settings) } throws: {
      if case VaultFault.refused(let refusal) = $0 { refusal.code == .peerNotAllowed } else { false }
    }
    let vault = try RunningVault(peers: ["--operator-user", "\(RunningVault.ownUID)"], initialised: false)
    let code = try await VaultLink(socket: vault.socket).initialise(settings)
    #expect(try await VaultLink(socket: vault.socket).registerOperator(registration(Clerk("sato"), code)).text == "sato")
  }

  @Test("a vault that is killed and started again is found again, and nothing answered is lost")
  func restart() async throws {
    let vault = try RunningVault(peers: Self.asServer)
    let link = VaultLink(socket: vault.socket)
    let sato = try Clerk("sato")
    _ = try await link.registerOperator(registration(sato, vault.firstCode))
    vault.process.kill()
    await #expect { try await link.status() } throws: { if case VaultFault.unreachable = $0 { true } else { false } }
    let again = try RunningVault.process(
      RunningVault.vaultUID,
      [
        try #require(RunningVault.program), "serve", "--socket", vault.socket, "--state", vault.state, "--master-key-file",
        vault.master,
      ]
        + Self.asServer)
    defer { again.kill() }
    var operators: [KnownOperator] = []
    for _ in 0..<250 where operators.isEmpty {
      usleep(20_000)
      operators = (try? await link.listOperators()) ?? []
    }
    #expect(operators.map(\.id) == [sato.id])
  }

  @Test("random, oversized and cut frames end the connection, never the process")
  func malformedFrames() async throws {
    let vault = try RunningVault(peers: Self.asServer)
    let deadline = Deadline(milliseconds: 20_000)
    var generator = SystemRandomNumberGenerator()
    for round in 0..<300 {
      let connection = try PeerConnection.connect(path: vault.socket, frameLimit: 1 << 20)
      let frame: [UInt8]
      switch round % 3 {
      case 0: frame = (0..<Int.random(in: 1...400, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      case 1: frame = VaultRequest.trustRoots.encoded(id: 1) + [0]
      default: frame = [UInt8](repeating: 0, count: 65_537)
      }
      try? connection.send(frame, by: deadline)
      // Closed without a word: either in good order or while bytes were under way.
      #expect((try? connection.receive(by: deadline)) == .some(nil) || (try? connection.receive(by: deadline)) == nil)
    }
    #expect(try await VaultLink(socket: vault.socket).status().isInitialised)
    #expect(vault.process.isRunning)
  }

  @Test("a peer that begins a frame and falls silent holds nobody up")
  func slowPeers() async throws {
    let vault = try RunningVault(peers: Self.asServer)
    var idle: [PeerConnection] = []
    for _ in 0..<11 { idle.append(try PeerConnection.connect(path: vault.socket)) }
    #expect(try await VaultLink(socket: vault.socket).status().isInitialised)
    // One user may hold twelve connections; a further one is closed at once.
    for _ in 0..<4 { idle.append(try PeerConnection.connect(path: vault.socket)) }
    let last = try PeerConnection.connect(path: vault.socket)
    #expect((try? last.receive(by: Deadline(milliseconds: 3000))) != .some([]))
    idle.removeAll()
    var answered = false
    for _ in 0..<100 where !answered {
      usleep(20_000)
      answered = (try? await VaultLink(socket: vault.socket).status()) != nil
    }
    #expect(answered)
  }

  @Test("wrong starts end with the code that the help text promises")
  func exitCodes() throws {
    let vault = try RunningVault(peers: Self.asServer)
    let program = try #require(RunningVault.program)
    let files = ["--state", vault.state, "--master-key-file", vault.master]
    func code(_ arguments: [String]) throws -> Int32 {
      try RunningVault.run(RunningVault.vaultUID, [program] + arguments).status
    }
    #expect(try code(["serve", "--socket", vault.socket, "--peer-user", "0"] + files) == 69)
    #expect(try code(["serve", "--socket", vault.socket] + files) == 78)
    #expect(try code(["serve", "--socket", vault.socket, "--peer-user", "no-such-user"] + files) == 78)
    #expect(try code(["serve", "--socket", "/tmp/" + String(repeating: "x", count: 120), "--peer-user", "0"] + files) == 69)
    #expect(try code(["serve", "--socket", vault.master, "--peer-user", "0"] + files) == 69)
    #expect(try code(["serve"]) == 64)
    #expect(try code(["make-master-key", "--out", vault.master]) == 78)
    #expect(try code(["init", "--instance", "a b", "--segment", "lgwan", "--host", "h"] + files) == 78)
    #expect(try code(["verify"] + files) == 0)
    #expect(try code(["--help"]) == 0)
    if RunningVault.isRoot {
      #expect(try Program.run([program, "verify"] + files).status == 77)
    }
  }
}
