import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Programs
import Testing

/// After a power cut PCs, server and vault come back in any order, over whatever the cut left. Real processes, and nobody helps.
@Suite("cold start", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmond, sanmon-vault and sanmon-agent are not built"))
struct ColdStartTests {
  enum Part: String, CaseIterable { case agent, server, vault }

  static let orders: [[Part]] = Part.allCases.flatMap { first in
    Part.allCases.filter { $0 != first }.flatMap { second in
      Part.allCases.filter { $0 != first && $0 != second }.map { [first, second, $0] }
    }
  }

  private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<1800 {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("within 90 s: \(what)")
  }

  private func occurrences(_ word: String, in text: String) -> Int { text.components(separatedBy: word).count - 1 }

  /// A workstation enrolled by the real agent, for a server that will listen at `port`; its state lies in the city's folder.
  private func enrolAgent(_ city: City, _ name: String, port: Int) async throws -> String {
    let signed = try city.sign(
      city.act(
        "workstation.enrol",
        ["workstation": name, "segment": city.segment.name, "access": "console", "validSeconds": "3600"]))
    let code: EnrolmentCode = try await city.link.call(
      "POST", "/v1/admin/workstations/codes", WorkstationCodeRequest(act: Data(signed.encoded)))
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let enrolled = try await Program.running(
      [
        "\(ProcessCity.binaries ?? "")/sanmon-agent", "enrol", "--server", "https://127.0.0.1:\(port)", "--enrolment",
        "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--state", city.folder + "/agent",
        "--code-fd", "0",
      ], input: .text(code.code + "\n"))
    try #require(enrolled.status == 0, "\(enrolled.errors)")
    return city.folder + "/agent"
  }

  @Test("in each order, and after SIGKILL of all at once: ready, connected and granting, without a hand")
  func orders() async throws {
    let port = try ProcessCity.freePort()
    var city: City? = try await City()
    _ = try await city?.importPeople()
    let pc = try #require(try await city?.workstation("LGWAN-PC-0001"))
    let card = try #require(try await city?.enrolCard("p-000042"))
    let agent = try await enrolAgent(#require(city), "LGWAN-PC-0002", port: port)
    let running = try await ProcessCity(takingOver: #require(city), port: port)
    city = nil
    try running.own()
    for order in Self.orders {
      let name = order.map(\.rawValue).joined(separator: ", ")
      let (agentSaid, serverSaid) = (running.log(of: "sanmon-agent"), running.log(of: "sanmond"))
      for part in order {
        switch part {
        case .agent: try running.startAgent(state: agent)
        case .server: try running.startServer()
        case .vault: try running.startVault()
        }
        try await Task.sleep(for: .milliseconds(700))
      }
      let moved = try await pc.moved(to: port)
      var session: SessionOpened?
      try await until("\(name): a logon") {
        session = try? await moved.enter(card)
        return session != nil
      }
      try await until("\(name): the agent is connected") {
        occurrences("Connected to the server.", in: running.log(of: "sanmon-agent"))
          > occurrences("Connected to the server.", in: agentSaid)
      }
      if let session { _ = try await moved.end("logoff", session.session) }
      let waits =
        occurrences("waiting for the vault", in: running.log(of: "sanmond"))
        - occurrences("waiting for the vault", in: serverSaid)
      let isServerFirst = (order.firstIndex(of: .server) ?? 0) < (order.firstIndex(of: .vault) ?? 0)
      #expect(waits == (isServerFirst ? 1 : 0), "\(name): said at once, and not again within the minute")
      #expect([running.server, running.vault, running.agent].allSatisfy { $0?.isRunning == true }, "\(name)")
      running.kill()
      // What the cut left behind is what the next order starts over.
      for file in ["vault.sock", "operator.sock", "agent/watch.sock", "state/sanmon.sqlite-wal"] {
        #expect(FileManager.default.fileExists(atPath: running.folder + "/" + file), "\(file)")
      }
    }
    #expect(running.log(of: "sanmond").contains("鍵庫（\(running.folder)/vault.sock）の応答を待っています"))
  }

  @Test("a vault that is killed under a running server: decisions go on, readiness names it, and it is found again")
  func vaultRestarts() async throws {
    var city: City? = try await City()
    _ = try await city?.importPeople()
    let pc = try #require(try await city?.workstation("LGWAN-PC-0001"))
    let card = try #require(try await city?.enrolCard("p-000042"))
    let running = try await ProcessCity(takingOver: #require(city))
    city = nil
    try running.start()
    let moved = try await pc.moved(to: running.port)
    let door = ServerConnection(unixSocket: running.folder + "/operator.sock")
    func readiness() async throws -> String? {
      (try? await door.request("GET", "/readiness")).map { String(decoding: $0.body, as: UTF8.self) }
    }
    try await until("ready") { try await readiness()?.contains("\"ready\"") == true }
    running.killVault()
    try await until("the vault is missed") { try await readiness()?.contains("vault") == true }
    #expect(try await moved.enter(card).person == "p-000042", "whoever has a card gets in without the vault")
    try running.startVault()
    try await until("ready again") { try await readiness()?.contains("\"ready\"") == true }
    let before: InstanceStatus = try await door.fetch("/v1/admin/status")
    try await until("checkpoints are signed again") {
      try await door.fetch("/v1/admin/status", returning: InstanceStatus.self).checkpointSize >= before.auditRows
    }
    door.close()
  }

  @Test("systemd hears that the server waits, is asked for patience, and hears READY when it serves")
  func notify() async throws {
    var city: City? = try await City()
    let running = try await ProcessCity(takingOver: #require(city))
    city = nil
    try running.own()
    let path = running.folder + "/notify"
    let descriptor = try NotifySocket(path)
    try running.startServer(environment: ["NOTIFY_SOCKET": path])
    let first = descriptor.receive() ?? ""
    #expect(first.hasPrefix("STATUS=waiting for the vault at \(running.folder)/vault.sock"))
    #expect(first.hasSuffix("\nEXTEND_TIMEOUT_USEC=180000000"))
    try running.startVault()
    #expect(descriptor.receive() == "READY=1\nSTATUS=serving")
  }
}

/// The end that systemd holds.
private final class NotifySocket {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0, chmod(path, 0o666) == 0 else { throw POSIXError(.EADDRINUSE) }
  }

  deinit { close(descriptor) }

  /// The next message, within 20 s.
  func receive() -> String? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 20_000) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}
