import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Synchronization
import Testing
import Workstation
import X509

@Suite("a password is changed through the watch: kept first, asked back, one of two always known")
struct PasswordChangeTests {
  private let clock = TestClock()
  private let ledger: ApplicationID
  private let rule: PasswordRule

  init() throws {
    ledger = try ApplicationID(parsing: "ledger")
    rule = try PasswordRule(minimum: 12, maximum: 20, classes: 3, symbols: "-")
  }

  private func definition(hasForm: Bool = true) throws -> ApplicationDefinition {
    let change = try ChangeForm(
      path: "/password", form: .init(parsing: "#change"), current: .init(parsing: "[name=current]"),
      new: .init(parsing: "[name=new]"), submit: .init(parsing: "[name=change]"),
      success: .selector(.init(parsing: "#changed")), failure: .selector(.init(parsing: "#change-failed")))
    let form = try BrowserForm(
      origin: "https://ledger.city.example", loginPath: "/login", form: .init(parsing: "#login"),
      user: .init(parsing: "[name=user]"), password: .init(parsing: "[name=password]"), submit: .init(parsing: "[name=enter]"),
      success: .path("/"), failure: .selector(.init(parsing: "#login-failed")), change: hasForm ? change : nil)
    return try ApplicationDefinition(
      id: ledger, nameJa: "伝票起票", nameEn: "Ledger", segments: [Segment(parsing: "lgwan")], access: .browser(form),
      accounts: ["kanri"], password: rule, freshnessSeconds: 3600, rotationDays: 80)
  }

  /// A watch whose session is open, and the vault that it asks.
  private func watching(
    hasForm: Bool = true, _ use: (CredentialClient, MemoryVault, SessionEnder) async throws -> Void
  ) async throws {
    try await watched(hasForm: hasForm) { folder, vault, ender in try await use(CredentialClient(folder: folder), vault, ender)
    }
  }

  /// The same, for whoever asks for himself.
  private func watched(
    hasForm: Bool = true, _ use: (String, MemoryVault, SessionEnder) async throws -> Void
  ) async throws {
    let authority = try TestAuthority()
    let issued = try authority.issue("server", names: [TestAuthority.loopback])
    let client = try authority.issue("PC", names: [.uniformResourceIdentifier("sanmon://city/lgwan/workstation/PC-1")])
    let vault = try MemoryVault(definition(hasForm: hasForm), instance: "city", authority: authority)
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
    let running = Task { try? await service.run() }
    let servers = try await state.connections()
    let result: Result<Void, any Error>
    do {
      try await logOn(folder, vault)
      try await use(folder.state, vault, SessionEnder(folder: folder.state, servers: servers))
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
      let opened = SessionOpened(
        session: "s-1", person: "p-1", displayName: "佐藤", segment: "lgwan", scenario: "logon", assurance: "AAL2",
        leaseSeconds: 900, onCardRemoval: "nothing", endsAt: 0, rule: "r", policyVersion: "v")
      return try await holder.adopt(opened, keys: keys, reader: "R", evidence: nil)
    }
    Issue.record("the watch does not run")
  }

  private func signIn(
    _ client: CredentialClient, _ account: String = "", _ outcome: SignInOutcome = .accepted
  ) async throws -> String {
    let handed = try await client.release(ledger, account: account)
    try await client.report(ledger, account: account, version: handed.version, outcome)
    return text(handed.credential.password)
  }

  private func text(_ password: Secret<ApplicationPassword>) -> String {
    password.withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "the new one follows the rule, is kept before anybody has it, and is in force when that is reported",
    arguments: ["", "kanri"])
  func change(account: String) async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1", account: account)
      #expect(try await signIn(client, account, account.isEmpty ? .mustChange : .accepted) == "Old-password-1")
      let change = try await client.change(ledger, account: account)
      #expect(text(change.current) == "Old-password-1" && rule.accepts(change.new) && change.new.count == 20)
      let state = account.isEmpty ? "mustChange" : "current"
      #expect(
        vault.versions(account) == [
          .init(number: 2, password: text(change.new), state: "unconfirmed"),
          .init(number: 1, password: "Old-password-1", state: state),
        ])
      try await client.reportChange(ledger, account: account, isAccepted: true)
      #expect(vault.versions(account) == [.init(number: 2, password: text(change.new), state: "current")])
      #expect(try await signIn(client, account) == text(change.new))
      // Asked for before, kept, asked back; nothing else.
      #expect(vault.acts.dropFirst(2).prefix(4).map { String($0.prefix(7)) } == ["release", "capture", "release", "report "])
    }
  }

  @Test("the browser is offered whose accounts may be used; one that is chosen is asked for by name, and none of hers is due")
  func owners() async throws {
    try await watched { folder, vault, _ in
      vault.keep("Owners-password-1")
      func offer(_ number: Int, name: String = "山田", application: String = "ledger", account: String = "") -> OwnerOffer {
        OwnerOffer(
          owner: "p-\(1000 + number)", displayName: name, application: application, account: account, until: 1_000_000)
      }
      let broker = WatchBroker(folder: folder)
      var state = try await broker.state()
      #expect(
        state.session == .open && state.applications.map(\.owners) == [[]] && state.applications.map(\.isPublished) == [true])
      vault.contents.withLock { contents in
        contents.owners = [
          offer(0, name: "山田\u{202E}太\n郎" + String(repeating: "長", count: 100)), offer(1, account: "kanri"),
          offer(2, account: "other"),
          offer(3, application: "sanitiser"),
        ]
        contents.unpublished = ["ledger"]
      }
      state = try await broker.state()
      let found = try #require(state.applications.first)
      #expect(found.owners.map(\.owner) == ["p-1000", "p-1001"], "of accounts that the file has")
      #expect(found.owners[0].name == "山田太郎" + String(repeating: "長", count: 58) && found.owners[0].until == 1_000_000)
      #expect(!found.isPublished)
      vault.contents.withLock { $0.owners = (0..<40).map { offer($0) } }
      #expect(try await broker.state().applications[0].owners.count == BrokerState.mostOwners)
      // Old enough to be changed, if it were her own.
      let hers = BrokerAccount("ledger", "", owner: "p-1000")
      let released = try await broker.release(hers)
      #expect(text(released.password) == "Owners-password-1" && !released.isChangeDue)
      try await broker.report(hers, version: released.version, outcome: .mustChange)
      await #expect(throws: AgentFault.self) { try await broker.change(application: "ledger", account: "") }
      #expect(vault.contents.withLock { $0.askedOwners } == ["p-1000", "p-1000"])
      await #expect(throws: AgentFault.self) { try await broker.release(BrokerAccount("ledger", "", owner: "a b")) }
    }
  }

  @Test("refused by the application, the former one stays in force, and nothing is tried again in this session")
  func refused() async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      _ = try await client.change(ledger, account: "")
      try await client.reportChange(ledger, account: "", isAccepted: false)
      #expect(vault.versions().map(\.state) == ["refused", "current"])
      #expect(try await signIn(client) == "Old-password-1")
      await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "") }
      #expect(vault.versions().count == 2)
    }
  }

  @Test("nothing is generated before a sign-in was accepted, for an application without a form, or for another account")
  func notBegun() async throws {
    for hasForm in [true, false] {
      try await watching(hasForm: hasForm) { client, vault, _ in
        vault.keep("Old-password-1")
        await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "") }
        _ = try await signIn(client, "", .refused)
        await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "") }
        vault.keep("Other-password-1")
        if hasForm { _ = try await client.release(ledger, account: "") } else { _ = try await signIn(client) }
        await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "") }
        await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "kanri") }
        await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "unknown") }
        #expect(!vault.acts.contains { $0.hasPrefix("capture") })
      }
    }
  }

  @Test("what the vault hands over now has to be what was signed in with")
  func overtaken() async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      // An administrator sets another one meanwhile.
      vault.keep("Set-password-1", state: "unconfirmed")
      await #expect(throws: AgentFault.self) { try await client.change(ledger, account: "") }
      #expect(vault.versions().map(\.number) == [2, 1])
      #expect(try await signIn(client) == "Set-password-1", "and nobody has to wait")
    }
  }

  @Test("nobody else is handed one of the two, and what others say is not taken for the new one")
  func others() async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      vault.keep("Second-password-1", account: "kanri")
      let batch = try await client.release(ledger, account: "")
      _ = try await signIn(client)
      _ = try await client.change(ledger, account: "")
      await #expect(throws: AgentFault.passwordChanging) { try await client.release(ledger, account: "") }
      let typed = try StoredCredential(user: "u", password: Secret(copying: Array("Typed-password-1".utf8)))
      await #expect(throws: AgentFault.passwordChanging) { try await client.register(typed, for: ledger, account: "") }
      // A batch that signed in with the former one ends well only now.
      try await client.report(ledger, account: "", version: batch.version, .accepted)
      try await client.report(ledger, account: "", version: batch.version, .refused)
      #expect(vault.versions().map(\.state) == ["unconfirmed", "current"])
      #expect(try await signIn(client, "kanri") == "Second-password-1")
      try await client.reportChange(ledger, account: "", isAccepted: true)
      try await client.report(ledger, account: "", version: batch.version, .refused)
      #expect(vault.versions().map(\.state) == ["current"])
    }
  }

  @Test("of a page that never answered: after a minute the next sign-in finds out, and a late answer changes nothing")
  func unanswered() async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      let change = try await client.change(ledger, account: "")
      // In steps: a late tick would mean that the machine had slept.
      for _ in 0..<3 {
        clock.advance(milliseconds: HandedVersions.changeLives / 3)
        try await Task.sleep(for: .milliseconds(600))
      }
      let tried = try await client.release(ledger, account: "")
      #expect(text(tried.credential.password) == text(change.new))
      try await client.report(ledger, account: "", version: tried.version, .refused)
      #expect(try await signIn(client) == "Old-password-1")
      try await client.reportChange(ledger, account: "", isAccepted: true)
      #expect(vault.versions().map(\.state) == ["refused", "current"])
    }
  }

  @Test("what the vault does not keep, or hands back as another one, is not handed out")
  func notKept() async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      vault.contents.withLock { $0.isForgetful = true }
      await #expect(throws: AgentFault.vaultUntrusted(.release)) { try await client.change(ledger, account: "") }
      #expect(try await signIn(client) == "Old-password-1")
    }
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      vault.contents.withLock { $0.keepsInstead = "Another-password-1" }
      await #expect(throws: AgentFault.vaultUntrusted(.release)) { try await client.change(ledger, account: "") }
      #expect(vault.versions().count == 2, "with a number that is right")
    }
  }

  @Test(
    "a vault that says no at any step leaves the former one in force, without a wrong try",
    arguments: [SessionAct.Kind.capture, .release])
  func vaultRefuses(kind: SessionAct.Kind) async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      let body = ErrorBody(.releasesTooMany, reference: nil)
      vault.contents.withLock { $0.refusals = [kind: (body, afterCapture: kind == .release)] }
      await #expect(throws: AgentFault.server(.refused(body))) { try await client.change(ledger, account: "") }
      #expect(try await signIn(client) == "Old-password-1")
      #expect(vault.versions().allSatisfy { $0.state != "unconfirmed" })
    }
  }

  @Test("locked while it is being kept: nothing is handed out, and the vault keeps both")
  func locked() async throws {
    try await watching { client, vault, ender in
      vault.keep("Old-password-1")
      _ = try await signIn(client)
      let change = try await client.change(ledger, account: "")
      try await ender.lock()
      await #expect(throws: AgentFault.noSession) { try await client.reportChange(ledger, account: "", isAccepted: true) }
      await #expect(throws: AgentFault.noSession) { try await client.release(ledger, account: "") }
      #expect(vault.versions().map(\.password) == [text(change.new), "Old-password-1"])
    }
  }

  @Test("whether it is due stands beside the credential", arguments: [(0, false), (80, true)] as [(Int64, Bool)])
  func due(days: Int64, isDue: Bool) async throws {
    try await watching { client, vault, _ in
      vault.keep("Old-password-1")
      vault.contents.withLock { $0.setAt = clock.now.wallMilliseconds - days * 86_400_000 }
      let handed = try await client.release(ledger, account: "")
      #expect(handed.isChangeDue == isDue)
    }
  }
}
