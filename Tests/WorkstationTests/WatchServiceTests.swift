import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Synchronization
import Testing
import Workstation
import X509

@Suite("the watch over its socket, its held connection and its lock command")
struct WatchServiceTests {
  /// A server with one session, told what to say on the held connection.
  final class Desk: Sendable {
    struct Facts {
      var state: String?
      var posts: [String] = []
      var leases = 0
    }
    let facts = Mutex(Facts())
    let lines: AsyncStream<String>
    let say: AsyncStream<String>.Continuation

    init() { (lines, say) = AsyncStream.makeStream(of: String.self) }

    func reply(_ seen: TestServer.Seen) -> TestServer.Reply {
      switch (seen.method, seen.path) {
      case ("GET", "/v1/watch"): return .feed(lines)
      case ("GET", "/v1/sessions/current"):
        guard let state = facts.withLock({ $0.state }) else { return error(ErrorBody(.notFound), 404) }
        return status(state)
      case ("POST", "/v1/sessions/s-1/lease"):
        facts.withLock { $0.leases += 1 }
        return status("open")
      case ("POST", "/v1/sessions/s-1/lock"), ("POST", "/v1/sessions/s-1/logoff"), ("POST", "/v1/events"):
        facts.withLock { facts in
          facts.posts.append("\(seen.path.split(separator: "/").last ?? "") \(seen.body)")
          if seen.path.hasSuffix("lock") { facts.state = "locked" }
          if seen.path.hasSuffix("logoff") { facts.state = nil }
        }
        return .json(200, "{}")
      default: return error(ErrorBody(.notFound), 404)
      }
    }

    private func status(_ state: String) -> TestServer.Reply {
      .json(200, "{\"session\":\"s-1\",\"person\":\"p-1\",\"state\":\"\(state)\",\"leaseSeconds\":900,\"endsAt\":0}")
    }

    private func error(_ body: ErrorBody, _ status: Int) -> TestServer.Reply {
      .json(status, (try? String(decoding: JSONEncoder().encode(body), as: UTF8.self)) ?? "{}")
    }
  }

  private let clock = TestClock()

  private func opened() -> SessionOpened {
    SessionOpened(
      session: "s-1", person: "p-1", displayName: "佐藤", segment: "lgwan", scenario: "logon", assurance: "AAL2",
      leaseSeconds: 900, onCardRemoval: "nothing", endsAt: 0, rule: "r", policyVersion: "v")
  }

  private func until(_ condition: () async throws -> Bool) async throws {
    for _ in 0..<200 {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it did not come about within 10 s")
  }

  /// The session counts as locked, or gone, before the lock command has run to its end.
  private func lockCommandEnded(_ folder: String) async throws {
    try await until { (try? String(contentsOfFile: "\(folder)/screen", encoding: .utf8))?.hasSuffix("\n") == true }
  }

  private func watching(
    _ use: (Desk, TestFolder, ServerList) async throws -> Void
  ) async throws -> (said: [AgentMessage], screen: String, fault: AgentFault?) {
    let authority = try TestAuthority()
    let issued = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue("PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/PC-1")])
    let desk = Desk()
    let server = try await TestServer(tls: TestServer.tls(issued, clientRoots: [authority.certificate])) { _, seen in
      desk.reply(seen)
    }
    let folder = try TestFolder()
    try TestEnrolment.write(client, authority, port: server.port, to: folder.state)
    let screen = "\(folder.path)/screen"
    let program = "\(folder.path)/lock"
    try Data("#!/bin/sh\necho \"$1 $2\" >> \(screen)\n".utf8).write(to: URL(fileURLWithPath: program))
    chmod(program, 0o700)
    let state = try AgentState(reading: folder.state)
    let said = Mutex<[AgentMessage]>([])
    let service = WatchService(
      state: state, servers: try await state.connections(), surroundings: clock.surroundings,
      lockCommand: try LockCommand(program: program), say: { message in said.withLock { $0.append(message) } })
    let running = Task<AgentFault?, Never> {
      do throws(AgentFault) {
        try await service.run()
        return nil
      } catch { return error }
    }
    let servers = try await state.connections()
    let result: Result<Void, any Error>
    do {
      try await until {
        try await SessionEnder(folder: folder.state, servers: servers).watch()?.isConnected == true || desk.greet()
      }
      try await use(desk, folder, servers)
      result = .success(())
    } catch { result = .failure(error) }
    await service.stop()
    let fault = await running.value
    servers.close()
    await server.stop()
    try result.get()
    return (said.withLock { $0 }, (try? String(contentsOfFile: screen, encoding: .utf8)) ?? "", fault)
  }

  /// What `logon` does once the server granted.
  private func logOn(_ desk: Desk, _ folder: TestFolder) async throws -> (WatchHolder, SessionKeys) {
    let holder = try #require(try await WatchHolder(folder: folder.state))
    let keys = try await holder.prepare()
    desk.facts.withLock { $0.state = "open" }
    try await holder.adopt(opened(), keys: keys, reader: "R", evidence: nil)
    return (holder, keys)
  }

  @Test("keys are made and stay in the watch; it signs an unlock of its own locked session and nothing else")
  func keys() async throws {
    _ = try await watching { desk, folder, servers in
      let (holder, keys) = try await logOn(desk, folder)
      let preimage = SessionPreimage(session: "s-1", ceremony: "c-9", nonce: Array(repeating: 3, count: 32))
      #expect(try await holder.sign(preimage) == nil, "the session is open: there is nothing to unlock")
      try await SessionEnder(folder: folder.state, servers: servers).lock()
      #expect(try await holder.held(SessionID(parsing: "s-1")) == keys)
      #expect(try await holder.held(SessionID(parsing: "s-2")) == nil)
      let signature = try #require(try await holder.sign(preimage))
      let key = try Curve25519.Signing.PublicKey(rawRepresentation: keys.signing)
      #expect(key.isValidSignature(Data(signature), for: Data(preimage.canonicalBytes)))
      var other = preimage
      other.session = "s-2"
      #expect(try await holder.sign(other) == nil)
      try await until { desk.facts.withLock { $0.posts.contains("lock {\"cause\":\"asked\"}") } }
    }
  }

  private func palm(
    ceremony: String = "c-9", nonce: Int = 32, sensor: String = "counter-3", hand: String = "left", sample: Int = 32
  ) -> PalmPreimage {
    PalmPreimage(
      nonce: Array(repeating: 3, count: nonce), ceremony: ceremony, sensor: sensor, hand: hand,
      sample: Array(repeating: 4, count: sample))
  }

  @Test("a palm is signed for with keys of a ceremony that runs now and those of the locked session, and with no others")
  func palms() async throws {
    _ = try await watching { desk, folder, servers in
      let (holder, keys) = try await logOn(desk, folder)
      #expect(try await holder.sign(palm(), keys: keys) == nil, "the session is open: there is nothing to unlock")
      func isSigned(by keys: SessionKeys) async throws -> Bool {
        let signature = Data(try #require(try await holder.sign(palm(), keys: keys)))
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: keys.signing)
        return key.isValidSignature(signature, for: Data(palm().canonicalBytes))
          && !key.isValidSignature(signature, for: Data(palm(hand: "right").canonicalBytes))
      }
      let next = try await holder.prepare()
      #expect(try await isSigned(by: next))
      try await SessionEnder(folder: folder.state, servers: servers).lock()
      #expect(try await isSigned(by: keys))
      var foreign = keys
      foreign.signing = Data(repeating: 1, count: 32)
      #expect(try await holder.sign(palm(), keys: foreign) == nil)
      // In steps: a late tick would mean that the machine had slept.
      for _ in 0..<7 {
        clock.advance(milliseconds: 20_000)
        try await Task.sleep(for: .milliseconds(600))
      }
      #expect(try await holder.sign(palm(), keys: next) == nil, "that ceremony is over")
      #expect(try await isSigned(by: keys))
    }
  }

  @Test("fields that are no palm's are not signed")
  func badPalms() async throws {
    _ = try await watching { _, folder, _ in
      let holder = try #require(try await WatchHolder(folder: folder.state))
      let keys = try await holder.prepare()
      for bad in [
        palm(ceremony: ""), palm(nonce: 31), palm(nonce: 33), palm(sensor: ""), palm(sensor: "a b"), palm(hand: "middle"),
        palm(hand: ""), palm(sample: 31), palm(sample: 64),
      ] {
        await #expect(throws: AgentFault.watchAnswer) { _ = try await holder.sign(bad, keys: keys) }
      }
      #expect(try await holder.sign(palm(), keys: keys) != nil)
    }
  }

  @Test("an unlock without a card is taken over for the held session alone")
  func withoutCard() async throws {
    _ = try await watching { desk, folder, servers in
      let holder = try #require(try await WatchHolder(folder: folder.state))
      let keys = try await holder.prepare()
      desk.facts.withLock { $0.state = "open" }
      await #expect(throws: AgentFault.watchAnswer) { try await holder.adopt(opened(), keys: keys, reader: nil, evidence: nil) }
      try await holder.adopt(opened(), keys: keys, reader: "R", evidence: nil)
      try await SessionEnder(folder: folder.state, servers: servers).lock()
      try await until { desk.facts.withLock { $0.state == "locked" } }
      desk.facts.withLock { $0.state = "open" }
      try await holder.adopt(opened(), keys: keys, reader: nil, evidence: nil)
      #expect(try await SessionEnder(folder: folder.state, servers: servers).watch()?.state == "open")
    }
  }

  @Test("right after a sleep, a jump of the clock or a change of the network the first command finds no key", arguments: 0..<3)
  func gone(change: Int) async throws {
    let (said, _, _) = try await watching { desk, folder, servers in
      let (holder, keys) = try await logOn(desk, folder)
      try await SessionEnder(folder: folder.state, servers: servers).lock()
      let session = try SessionID(parsing: "s-1")
      #expect(try await holder.held(session) == keys)
      switch change {
      case 0: clock.machine.withLock { $0.asleepMilliseconds += 2000 }
      case 1: clock.jump(milliseconds: 61_000)
      default: clock.machine.withLock { $0.networks = ["wlan0 0a000005"] }
      }
      let preimage = SessionPreimage(session: "s-1", ceremony: "c-9", nonce: Array(repeating: 3, count: 32))
      #expect(try await holder.sign(preimage) == nil)
      #expect(try await holder.held(session) == nil)
      #expect(try await holder.sign(palm(), keys: keys) == nil)
      try await Task.sleep(for: .milliseconds(1200))
    }
    let forgotten = said.filter { $0 == .keysForgotten || $0 == .keysForgottenByNetwork }
    #expect(forgotten == [change == 2 ? .keysForgottenByNetwork : .keysForgotten], "said once")
  }

  @Test("nothing of a session is in the state folder: a reboot leaves no key")
  func reboot() async throws {
    _ = try await watching { desk, folder, _ in
      let before = try FileManager.default.contentsOfDirectory(atPath: folder.state).sorted()
      let (_, _) = try await logOn(desk, folder)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.state).sorted() == before)
      #expect(before == ["agent.json", "identity.pem", "roots.pem", "watch.sock"])
    }
  }

  @Test("a lock from the server locks the screen; the end of the watch tells the server")
  func lockFromServer() async throws {
    let (said, screen, fault) = try await watching { desk, folder, servers in
      _ = try await logOn(desk, folder)
      desk.say.yield("{\"event\":\"lock\",\"session\":\"s-1\",\"cause\":\"cardLost\"}\n")
      try await until { try await SessionEnder(folder: folder.state, servers: servers).watch()?.state == "locked" }
      try await lockCommandEnded(folder.path)
    }
    #expect(screen == "lock cardLost\n")
    #expect(said.contains(.screenLocked(cause: "cardLost")))
    #expect(fault == nil)
  }

  @Test("ending the watch locks an open session here and at the server")
  func shutdown() async throws {
    let desks = Mutex<Desk?>(nil)
    let (_, screen, _) = try await watching { desk, folder, _ in
      _ = try await logOn(desk, folder)
      desks.withLock { $0 = desk }
    }
    #expect(screen == "lock shutdown\n")
    let desk = try #require(desks.withLock { $0 })
    #expect(desk.facts.withLock { $0.posts } == ["lock {\"cause\":\"shutdown\"}"])
  }

  @Test("a session the server does not know, or with keys nobody prepared, is not taken over")
  func falseAdoption() async throws {
    _ = try await watching { desk, folder, _ in
      let holder = try #require(try await WatchHolder(folder: folder.state))
      let keys = try await holder.prepare()
      await #expect(throws: AgentFault.watchAnswer) { try await holder.adopt(opened(), keys: keys, reader: "R", evidence: nil) }
      desk.facts.withLock { $0.state = "open" }
      var foreign = keys
      foreign.signing = Data(repeating: 1, count: 32)
      await #expect(throws: AgentFault.watchAnswer) {
        try await holder.adopt(opened(), keys: foreign, reader: "R", evidence: nil)
      }
      desk.facts.withLock { $0.state = nil }
    }
  }

  @Test("a revoked workstation: screen locked, keys gone, the process ends as refused")
  func closed() async throws {
    let (said, screen, fault) = try await watching { desk, folder, _ in
      _ = try await logOn(desk, folder)
      desk.say.yield("{\"event\":\"close\",\"cause\":\"workstationRevoked\"}\n")
      // Asked while it ends, it hangs up without an answer.
      try await until {
        do { return try await WatchHolder(folder: folder.state) == nil } catch AgentFault.watchAnswer { return false }
      }
      try await lockCommandEnded(folder.path)
    }
    #expect(screen == "lock workstationRevoked\n")
    #expect(said.contains(.workstationClosed))
    #expect(fault.map(AgentExit.init) == .refused)
  }

  @Test("a cause that is no word does not reach the lock command")
  func oddCause() async throws {
    let (_, screen, _) = try await watching { desk, folder, servers in
      _ = try await logOn(desk, folder)
      desk.say.yield("{\"event\":\"logoff\",\"session\":\"s-1\",\"cause\":\"$(reboot); --help\"}\n")
      try await until { try await SessionEnder(folder: folder.state, servers: servers).watch()?.session == nil }
      try await lockCommandEnded(folder.path)
    }
    #expect(screen == "logoff server\n")
  }

  @Test("a renewed certificate is taken up; state of another workstation is not")
  func reload() async throws {
    _ = try await watching { desk, folder, servers in
      let before = try AgentState(reading: folder.state).workstation
      let path = "\(folder.state)/identity.pem"
      let former = try String(contentsOfFile: path, encoding: .utf8)
      #expect(try await WatchSocket.ask(WatchCommand(.reload), folder: folder.state)?.fault == nil)
      let stranger = try TestAuthority().issue(
        "PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/PC-2")])
      try TestEnrolment.writeIdentity(stranger, to: folder.state)
      #expect(try await WatchSocket.ask(WatchCommand(.reload), folder: folder.state)?.fault == "malformed")
      try Data(former.utf8).write(to: URL(fileURLWithPath: path))
      #expect(try AgentState(reading: folder.state).workstation == before)
    }
  }

  @Test("a second watch of the same workstation is refused; a socket left by a killed one is replaced")
  func second() async throws {
    _ = try await watching { _, folder, servers in
      let state = try AgentState(reading: folder.state)
      let other = WatchService(
        state: state, servers: servers, surroundings: clock.surroundings, lockCommand: nil, say: { _ in })
      await #expect(throws: AgentFault.watchRunning) { try await other.run() }
    }
  }

  @Test("lock commands that are no programs", arguments: ["lock", "/nonexistent", "/etc/passwd"])
  func programs(path: String) {
    #expect(throws: AgentFault.badInput(expected: "an absolute path of an executable file")) {
      _ = try LockCommand(program: path)
    }
  }
}

extension WatchServiceTests.Desk {
  /// Says hello once a watch listens; what comes before is kept by the stream.
  func greet() -> Bool {
    say.yield("{\"event\":\"ready\"}\n")
    return false
  }
}
