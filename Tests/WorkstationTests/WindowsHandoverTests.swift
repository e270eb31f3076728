import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Synchronization
import Testing
import Workstation
import X509

@Suite("Windows gets what it needs after a logon, over a pipe to a program in LSA's place")
struct WindowsHandoverTests {
  private static let stored = "Himitsu-no-mono-120"
  private let clock = TestClock()

  private func definition(_ logon: WindowsLogon?) throws -> ApplicationDefinition {
    let id = try ApplicationID(parsing: logon == nil ? "ledger" : "windows")
    let access: ApplicationDefinition.Access =
      try logon.map { .windows($0) } ?? .program(ProgramUse(program: "/usr/bin/ledger", windowTitle: nil))
    return try ApplicationDefinition(
      id: id, nameJa: "ログオン", nameEn: "Logon", segments: [Segment(parsing: "lgwan")], access: access,
      password: WindowsLogon.password, freshnessSeconds: 300)
  }

  private struct Bench {
    let vault: MemoryVault
    let folder: TestFolder
    let servers: ServerList

    /// What the program was given, and what it was started with.
    func given() -> [String] { lines("given") }
    func lines(_ file: String) -> [String] {
      let text = (try? String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8)) ?? ""
      return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The program in LSA's place: notes what it gets, then does the rest of the script.
    func program(_ rest: String) throws -> [String] {
      let path = "\(folder.path)/lsa"
      let text = """
        #!/bin/bash
        cat <&3 >> '\(folder.path)/given'
        tr '\\0' '\\n' < /proc/$$/cmdline > '\(folder.path)/arguments'; env > '\(folder.path)/environment'
        ls /proc/self/fd > '\(folder.path)/descriptors'
        \(rest)

        """
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      chmod(path, 0o700)
      return [path, "one"]
    }

    func handover(_ surroundings: Surroundings, _ rest: String, milliseconds: Int = 20_000) throws -> WindowsHandover {
      try WindowsHandover(
        state: AgentState(reading: folder.state), servers: servers, surroundings: surroundings, program: program(rest),
        milliseconds: milliseconds)
    }
  }

  private static let opened = SessionOpened(
    session: "s-1", person: "p-1", displayName: "佐藤", segment: "lgwan", scenario: "logon", assurance: "AAL2",
    leaseSeconds: 900, onCardRemoval: "nothing", endsAt: 0, rule: "r", policyVersion: "v")

  private func granted(typed: String? = nil, card: GrantedLogon.Card? = nil) -> GrantedLogon {
    GrantedLogon(session: Self.opened, typed: typed.map { Secret(copying: Array($0.utf8)) }, card: card)
  }

  private func give(_ bench: Bench, _ script: String, _ logon: GrantedLogon) async throws -> WindowsHandover.Given {
    try await bench.handover(clock.surroundings, script).run(logon)
  }

  private func with(
    _ logon: WindowsLogon?, hasWatch: Bool = true, _ use: (Bench) async throws -> Void
  ) async throws {
    let authority = try TestAuthority()
    let issued = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue("PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/PC-1")])
    let vault = try MemoryVault(definition(logon), instance: "city", authority: authority)
    let (lines, say) = AsyncStream.makeStream(of: String.self)
    let server = try await TestServer(tls: TestServer.tls(issued, clientRoots: [authority.certificate])) { _, seen in
      if let reply = try? vault.reply(seen) { return reply }
      switch seen.path {
      case "/v1/watch": return .feed(lines)
      case "/v1/sessions/current":
        return .json(200, #"{"session":"s-1","person":"p-1","state":"open","leaseSeconds":900,"endsAt":0}"#)
      default: return .json(200, "{}")
      }
    }
    let folder = try TestFolder()
    try TestEnrolment.write(client, authority, port: server.port, to: folder.state)
    let state = try AgentState(reading: folder.state)
    let service = WatchService(
      state: state, servers: try await state.connections(), surroundings: clock.surroundings, lockCommand: nil, say: { _ in })
    let running = Task { if hasWatch { try? await service.run() } }
    let servers = try await state.connections()
    let result: Result<Void, any Error>
    do {
      if hasWatch { try await logOn(folder, vault) }
      try await use(Bench(vault: vault, folder: folder, servers: servers))
      result = .success(())
    } catch { result = .failure(error) }
    say.finish()
    await service.stop()
    await running.value
    servers.close()
    await server.stop()
    try result.get()
  }

  private func logOn(_ folder: TestFolder, _ vault: MemoryVault) async throws {
    for _ in 0..<200 {
      guard let holder = try await WatchHolder(folder: folder.state) else {
        try await Task.sleep(for: .milliseconds(50))
        continue
      }
      let keys = try await holder.prepare()
      vault.contents.withLock { $0.keys = keys }
      return try await holder.adopt(Self.opened, keys: keys, reader: "R", evidence: nil)
    }
    Issue.record("the watch does not run")
  }

  private static func managed() throws -> WindowsLogon { try WindowsLogon(managedGroup: "sanmon-managed") }

  @Test("the vault's password goes to the program alone: not in its arguments or environment, no other descriptor is left open")
  func released() async throws {
    try await with(Self.managed()) { bench in
      bench.vault.keep(Self.stored)
      // As if a script had handed a PIN over here.
      let secret = open("/etc/passwd", O_RDONLY)
      defer { close(secret) }
      #expect(secret > 3)
      let given = try await give(bench, "exit 0", granted(typed: "kawa-no-nagare"))
      #expect(given == .vault)
      #expect(bench.given() == ["password", "p-1", MemoryVault.user, Self.stored, ""])
      #expect(bench.lines("arguments").prefix(3) == ["/bin/bash", "\(bench.folder.path)/lsa", "one"])
      for file in ["arguments", "environment"] {
        #expect(!bench.lines(file).joined().contains(Self.stored) && !bench.lines(file).joined().contains("kawa"))
      }
      // 0 to 3, what bash keeps for its script (255), and the listing itself.
      let left = bench.lines("descriptors").compactMap { Int($0) }.filter { $0 != 255 }
      #expect(left.allSatisfy { $0 <= 4 }, "\(left)")
      #expect(bench.vault.acts == ["release ", "report  accepted"])
    }
  }

  @Test("what the directory refuses is reported, and the other version is tried once; then nothing more")
  func fallsBack() async throws {
    try await with(Self.managed()) { bench in
      bench.vault.keep("furui-no-wo-tameshita")
      bench.vault.keep("tochuu-de-tomatta")
      let picky = "grep -q furui '\(bench.folder.path)/given' && exit 0; exit 65"
      let given = try await give(bench, picky, granted())
      #expect(given == .vault)
      #expect(
        bench.given().filter { $0.contains("-no-") || $0.contains("-de-") } == ["tochuu-de-tomatta", "furui-no-wo-tameshita"])
      #expect(bench.vault.versions().map(\.state) == ["refused", "current"])
    }
    try await with(Self.managed()) { bench in
      for number in 1...4 { bench.vault.keep("mono-\(number)") }
      await #expect(throws: AgentFault.windows(.refused)) {
        try await give(bench, "exit 65", granted())
      }
      #expect(bench.given().filter { $0.hasPrefix("mono") } == ["mono-4", "mono-3"], "Windows locks accounts")
    }
  }

  @Test("one that has to be changed, and a program that fails, hangs or dies: said, the first reported, nothing tried again")
  func others() async throws {
    let ends: [(String, WindowsDoubt, String?)] = [
      ("exit 66", .mustChange, "report  mustChange"), ("exit 1", .programFailed, nil), ("kill -9 $$", .programFailed, nil),
      ("sleep 60", .programFailed, nil),
    ]
    for (script, doubt, report) in ends {
      try await with(Self.managed()) { bench in
        bench.vault.keep(Self.stored)
        let handover = try bench.handover(clock.surroundings, script, milliseconds: script == "sleep 60" ? 700 : 20_000)
        await #expect(throws: AgentFault.windows(doubt)) { try await handover.run(granted()) }
        #expect(bench.vault.acts == ["release "] + (report.map { [$0] } ?? []))
      }
    }
  }

  @Test("a refused release is told in the server's words, and the program is not started")
  func refusedRelease() async throws {
    try await with(Self.managed()) { bench in
      let body = ErrorBody(.releaseProofTooOld, reference: nil)
      bench.vault.contents.withLock { $0.refusals[.release] = (body, false) }
      await #expect(throws: AgentFault.server(.refused(body))) {
        try await give(bench, "exit 0", granted(typed: "kawa-no-nagare"))
      }
      #expect(bench.given() == [""], "what was typed is no substitute")
    }
  }

  @Test("without a watch nothing is released")
  func withoutWatch() async throws {
    try await with(Self.managed(), hasWatch: false) { bench in
      await #expect(throws: AgentFault.watchNotRunning) {
        try await give(bench, "exit 0", granted())
      }
    }
  }

  @Test("where people log on with the directory's password, what was just typed is given, and the vault is not asked")
  func typed() async throws {
    try await with(.typed, hasWatch: false) { bench in
      let given = try await give(bench, "exit 0", granted(typed: "kawa-no-nagare"))
      #expect(given == .typed)
      #expect(bench.given() == ["password", "p-1", "", "kawa-no-nagare", ""])
      await #expect(throws: AgentFault.windows(.nothingTyped)) {
        try await give(bench, "exit 0", granted())
      }
      await #expect(throws: AgentFault.windows(.refused)) {
        try await give(bench, "exit 65", granted(typed: "kawa-no-nagare"))
      }
      #expect(bench.vault.acts.isEmpty)
    }
  }

  @Test("where certificates count, the card's is named by its thumbprint, and no password leaves")
  func certificate() async throws {
    let card = GrantedLogon.Card(certificate: [0x30, 0x03, 0x02, 0x01, 0x05], slot: "9a", reader: "R\n1")
    try await with(.certificate, hasWatch: false) { bench in
      let given = try await give(bench, "exit 0", granted(typed: "kawa-no-nagare", card: card))
      #expect(given == .certificate)
      // sha1sum over those five bytes.
      #expect(bench.given() == ["certificate", "p-1", "", "16C3C3E0BB5B5F4FBAECDB6DF37A5A4F9D1196E4", "9a", "R1", ""])
      await #expect(throws: AgentFault.windows(.noCard)) {
        try await give(bench, "exit 0", granted(typed: "kawa-no-nagare"))
      }
    }
  }

  @Test("a segment without the logon to Windows, and a program that is none")
  func nothing() async throws {
    try await with(nil, hasWatch: false) { bench in
      await #expect(throws: AgentFault.windows(.noApplication)) {
        try await give(bench, "exit 0", granted(typed: "kawa-no-nagare"))
      }
      #expect(bench.given() == [""])
      let state = try AgentState(reading: bench.folder.state)
      for program in [[], ["lsa"], ["/nonexistent/lsa"], ["/etc/passwd"]] {
        #expect(throws: AgentFault.self) {
          try WindowsHandover(state: state, servers: bench.servers, surroundings: clock.surroundings, program: program)
        }
      }
      for limit in [0, 600_001] {
        #expect(throws: AgentFault.self) { try bench.handover(clock.surroundings, "exit 0", milliseconds: limit) }
      }
    }
  }
}
