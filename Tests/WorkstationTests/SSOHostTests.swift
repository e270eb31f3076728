import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Synchronization
import Testing
import Workstation

@Suite("what the agent answers to the browser's extension")
struct SSOHostTests {
  /// Hands out what it was told to, and writes down what it was asked.
  private final class TestBroker: CredentialBroker {
    struct Contents {
      var state: BrokerState
      var credentials: [String: Result<ReleasedCredential, AgentFault>] = [:]
      var released: [String] = []
      var reported: [String] = []
      var beforeRelease: (@Sendable () async -> Void)?
      var stateFault: AgentFault?
      var reportFault: AgentFault?
    }

    let contents: Mutex<Contents>
    let changes: AsyncStream<BrokerChange>
    let announce: AsyncStream<BrokerChange>.Continuation

    init(_ state: BrokerState) {
      contents = Mutex(Contents(state: state))
      (changes, announce) = AsyncStream.makeStream()
    }

    func state() async throws(AgentFault) -> BrokerState {
      let (state, fault) = contents.withLock { ($0.state, $0.stateFault) }
      if let fault { throw fault }
      return state
    }

    func release(application: String, account: String) async throws(AgentFault) -> ReleasedCredential {
      let (found, before) = contents.withLock { contents in
        contents.released.append("\(application)/\(account)")
        return (contents.credentials["\(application)/\(account)"], contents.beforeRelease)
      }
      await before?()
      guard let found else { throw .noSession }
      return try found.get()
    }

    func report(application: String, account: String, outcome: SignInOutcome) async throws(AgentFault) {
      let fault = contents.withLock { contents in
        contents.reported.append("\(application)/\(account) \(outcome)")
        return contents.reportFault
      }
      if let fault { throw fault }
    }

    var released: [String] { contents.withLock { $0.released } }
    var reported: [String] { contents.withLock { $0.reported } }
  }

  private static func application(
    _ id: String = "ledger", origin: String = "https://ledger.city.example", accounts: [String] = ["", "kanri"]
  ) -> BrokerState.Application {
    BrokerState.Application(
      id: id, nameJa: "伝票起票", nameEn: "Ledger", origin: origin, loginPath: "/login", form: "#login", user: "[name=user]",
      password: "[name=password]", submit: "[name=enter]", success: .path("/"), failure: .selector("#login-failed"),
      mustChange: nil, change: nil, accounts: accounts)
  }

  private func serving(
    _ session: BrokerState.Session = .open, _ applications: [BrokerState.Application] = [application()],
    _ use: (BrowserPipes, TestBroker) async throws -> Void
  ) async throws {
    let (pipes, broker) = (BrowserPipes(), TestBroker(BrokerState(session: session, applications: applications)))
    broker.contents.withLock {
      $0.credentials = ["ledger/": .success(ReleasedCredential(user: "hanako", password: secret("Aa1-aaaaaaaa")))]
    }
    let host = SSOHost(broker: broker, messages: pipes.messages)
    let serving = Task { try await host.run() }
    let used: Result<Void, any Error>
    do { used = .success(try await use(pipes, broker)) } catch { used = .failure(error) }
    try pipes.end()
    try await serving.value
    try used.get()
  }

  private static func release(
    _ application: String = "ledger", _ account: String = "", origin: String = "https://ledger.city.example"
  ) -> String {
    #"{"kind":"release","application":"\#(application)","account":"\#(account)","origin":"\#(origin)"}"#
  }

  private static func outcome(_ outcome: String, _ account: String = "") -> String {
    #"{"kind":"outcome","application":"ledger","account":"\#(account)","outcome":"\#(outcome)"}"#
  }

  private func code(_ pipes: BrowserPipes) async throws -> String {
    let found = try await pipes.answer()
    guard found["kind"] as? String == "fault" else { return found["kind"] as? String ?? "" }
    #expect(Set(found.keys) == ["kind", "code", "ja", "en"])
    return found["code"] as? String ?? ""
  }

  /// The extension's tests take the same file for the host's answer: what is written here is what is read there.
  @Test("the state is what the extension takes, every key written, those without a value too")
  func state() async throws {
    var full = Self.application("sanitiser", origin: "http://127.0.0.1:8080", accounts: [])
    full.mustChange = .path("/password")
    full.change = BrokerState.Change(
      path: "/password", form: "#change", current: "[name=current]", new: "[name=new]", again: nil,
      submit: "button[name=change]",
      success: .selector("#changed"), failure: .selector("#change-failed"))
    try await serving(.open, [Self.application(), full]) { pipes, _ in
      try pipes.send(#"{"kind":"state"}"#)
      let golden = try Data(
        contentsOf: URL(filePath: #filePath).appending(path: "../../Browser/golden-state.json").standardized)
      let expected = try #require(JSONSerialization.jsonObject(with: golden) as? NSDictionary)
      #expect(try await pipes.answer() as NSDictionary == expected)
    }
  }

  @Test("a credential goes to the declared origin")
  func releases() async throws {
    try await serving { pipes, broker in
      try pipes.send(Self.release())
      let found = try await pipes.answer() as? [String: String]
      #expect(found == ["kind": "credential", "user": "hanako", "password": "Aa1-aaaaaaaa"])
      #expect(broker.released == ["ledger/"])
    }
  }

  @Test(
    "and to no other, in no other spelling",
    arguments: [
      "https://ledger.city.example.attacker.example", "https://ledger.city.example:8443", "http://ledger.city.example",
      "https://LEDGER.city.example", "https://ledger.city.example/", "https://ledger.city.example.", "null", "",
      "https://sanitiser.city.example", "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ])
  func otherOrigins(origin: String) async throws {
    let other = Self.application("sanitiser", origin: "https://sanitiser.city.example")
    try await serving(.open, [Self.application(), other]) { pipes, broker in
      try pipes.send(Self.release(origin: origin))
      #expect(try await code(pipes) == "SA103")
      #expect(broker.released == [])
    }
  }

  @Test("nothing is released that is not listed", arguments: [("unknown", ""), ("ledger", "other"), ("", ""), ("Ledger", "")])
  func notOffered(application: String, account: String) async throws {
    try await serving { pipes, broker in
      try pipes.send(Self.release(application, account))
      #expect(try await code(pipes) == "SA102")
      #expect(broker.released == [])
    }
  }

  @Test("nothing is released while nobody is there", arguments: [BrokerState.Session.locked, .none])
  func notOpen(session: BrokerState.Session) async throws {
    try await serving(session) { pipes, broker in
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA101")
      #expect(broker.released == [])
    }
  }

  @Test(
    "what was refused, or must be changed, waits until the broker says that something changed",
    arguments: ["refused", "mustChange"])
  func withheld(outcome: String) async throws {
    try await serving { pipes, broker in
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "credential")
      try pipes.send(Self.outcome(outcome))
      #expect(try await code(pipes) == "noted")
      for _ in 0..<3 {
        try pipes.send(Self.release())
        #expect(try await code(pipes) == "SA104")
      }
      // The other account of the same application is another password.
      try pipes.send(Self.release("ledger", "kanri"))
      #expect(try await code(pipes) == "AG10")
      broker.announce.yield(.locked)
      #expect(try await code(pipes) == "locked")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA104")
      broker.announce.yield(.changed)
      #expect(try await code(pipes) == "changed")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "credential")
      #expect(broker.reported == ["ledger/ \(outcome)"])
    }
  }

  @Test("an accepted password may be used again")
  func accepted() async throws {
    try await serving { pipes, broker in
      for _ in 0..<2 {
        try pipes.send(Self.release())
        #expect(try await code(pipes) == "credential")
        try pipes.send(Self.outcome("accepted"))
        #expect(try await code(pipes) == "noted")
      }
      #expect(broker.released.count == 2 && broker.reported.count == 2)
    }
  }

  @Test("what happens unasked is told at once, with the pages that end sessions")
  func changes() async throws {
    try await serving { pipes, broker in
      broker.announce.yield(.ended(logoff: [LogoffPage(origin: "https://ledger.city.example", path: "/logoff")]))
      let ended = try await pipes.answer()
      #expect(ended["kind"] as? String == "ended")
      #expect(ended["logoff"] as? [[String: String]] == [["origin": "https://ledger.city.example", "path": "/logoff"]])
    }
  }

  @Test(
    "a credential that the broker gives after a lock or an end is thrown away",
    arguments: [BrokerChange.locked, .ended(logoff: []), .changed])
  func tooLate(change: BrokerChange) async throws {
    try await serving { pipes, broker in
      let (gate, opening) = AsyncStream<Void>.makeStream()
      broker.contents.withLock { contents in
        contents.beforeRelease = {
          broker.announce.yield(change)
          for await _ in gate {}
        }
      }
      try pipes.send(Self.release())
      #expect(["locked", "ended", "changed"].contains(try await code(pipes)))
      opening.finish()
      #expect(try await code(pipes) == "SA105")
    }
  }

  @Test("a fault of the agent is told with its words, a refusal of the server with its code")
  func faults() async throws {
    try await serving { pipes, broker in
      broker.contents.withLock {
        $0.credentials["ledger/"] = .failure(.server(.refused(ErrorBody(.cardLost, reference: nil))))
        $0.credentials["ledger/kanri"] = .failure(.server(.unreachable))
        $0.reportFault = .watchNotRunning
      }
      try pipes.send(Self.release())
      #expect(try await code(pipes) == ErrorBody(.cardLost, reference: nil).code)
      try pipes.send(Self.release("ledger", "kanri"))
      #expect(try await code(pipes) == "AG69")
      try pipes.send(Self.outcome("refused"))
      #expect(try await code(pipes) == "AG65")
      // Not reported, and still not tried again.
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA104")
      broker.contents.withLock { $0.stateFault = .watchNotRunning }
      try pipes.send(#"{"kind":"state"}"#)
      #expect(try await code(pipes) == "AG65")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "AG65")
    }
  }

  @Test("whoever does not keep to the protocol is not answered any more")
  func malformed() async throws {
    let (pipes, broker) = (BrowserPipes(), TestBroker(BrokerState(session: .open, applications: [])))
    try pipes.send(#"{"kind":"state","more":"1"}"#)
    try pipes.send(#"{"kind":"state"}"#)
    await #expect(throws: NativeMessagingFault.malformed) {
      try await SSOHost(broker: broker, messages: pipes.messages).run()
    }
    #expect(!pipes.isAnythingThere(milliseconds: 50))
  }

  @Test("each refusal has its sentence in both languages", arguments: SSORefusal.allCases)
  func sentences(refusal: SSORefusal) {
    let isJapanese = { (text: String) in text.unicodeScalars.contains { (0x3040...0x9FFF).contains($0.value) } }
    #expect(isJapanese(refusal.sentence.ja) && !isJapanese(refusal.sentence.en) && !refusal.sentence.en.isEmpty)
    #expect(refusal.rawValue.wholeMatch(of: /SA[0-9]{3}/) != nil)
  }
}
