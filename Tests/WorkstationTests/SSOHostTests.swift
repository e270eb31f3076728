import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Synchronization
import Testing
import Workstation

@Suite("what the agent answers to the browser's extension")
struct SSOHostTests {
  private static func application(
    _ id: String = "ledger", origin: String = "https://ledger.city.example", accounts: [String] = ["", "kanri"]
  ) -> BrokerState.Application {
    BrokerState.Application(
      id: id, nameJa: "伝票起票", nameEn: "Ledger", origin: origin, loginPath: "/login", form: "#login", user: "[name=user]",
      password: "[name=password]", submit: "[name=enter]", success: .path("/"), failure: .selector("#login-failed"),
      mustChange: nil, change: nil, accounts: accounts)
  }

  private static func changeable(_ id: String = "ledger") -> BrokerState.Application {
    var found = application(id)
    found.change = BrokerState.Change(
      path: "/password", form: "#change", current: "[name=current]", new: "[name=new]", again: nil, submit: "[name=change]",
      success: .selector("#changed"), failure: .selector("#change-failed"))
    return found
  }

  private func serving(
    _ session: BrokerState.Session = .open, _ applications: [BrokerState.Application] = [application()],
    _ use: (BrowserPipes, MemoryBroker) async throws -> Void
  ) async throws {
    let (pipes, broker) = (BrowserPipes(), MemoryBroker(BrokerState(session: session, applications: applications)))
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
    _ application: String = "ledger", _ account: String = "", owner: String = "",
    origin: String = "https://ledger.city.example"
  ) -> String {
    #"{"kind":"release","application":"\#(application)","account":"\#(account)","owner":"\#(owner)","origin":"\#(origin)"}"#
  }

  private static func outcome(_ outcome: String, _ account: String = "", owner: String = "", version: Int = 1) -> String {
    #"{"kind":"outcome","application":"ledger","account":"\#(account)","owner":"\#(owner)","version":"\#(version)","outcome":"\#(outcome)"}"#
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
    full.owners = [
      BrokerState.Owner(owner: "p-000007", name: "山田 太郎", account: "", until: 1_798_383_600_000),
      BrokerState.Owner(owner: "shared-kaikei", name: "", account: "kanri", until: 1_798_383_600_000),
    ]
    full.isPublished = false
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
      let expected: NSDictionary = [
        "kind": "credential", "user": "hanako", "password": "Aa1-aaaaaaaa", "changeDue": false, "version": "1",
      ]
      #expect(try await pipes.answer() as NSDictionary == expected)
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
      #expect(broker.reported == ["ledger/ 1 \(outcome)"])
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

  // MARK: Somebody else's

  @Test("an owner's credential is asked for by her name, whether or not she is listed: the vault decides")
  func owners() async throws {
    try await serving { pipes, broker in
      broker.contents.withLock {
        $0.credentials["ledger/ of p-000007"] = .success(ReleasedCredential(user: "yamada", password: secret("Bb2-bbbbbbbb")))
        $0.credentials["ledger/kanri of p-000008"] = .failure(
          .server(.refused(ErrorBody(.credentialOfOther, reference: nil))))
      }
      try pipes.send(Self.release(owner: "p-000007"))
      let expected: NSDictionary = [
        "kind": "credential", "user": "yamada", "password": "Bb2-bbbbbbbb", "changeDue": false, "version": "1",
      ]
      #expect(try await pipes.answer() as NSDictionary == expected)
      try pipes.send(Self.outcome("accepted", owner: "p-000007", version: 3))
      #expect(try await code(pipes) == "noted")
      try pipes.send(Self.release("ledger", "kanri", owner: "p-000008"))
      #expect(try await code(pipes) == "AP181")
      #expect(broker.released == ["ledger/ of p-000007", "ledger/kanri of p-000008"])
      #expect(broker.reported == ["ledger/ of p-000007 3 accepted"])
    }
  }

  @Test("a refused one of hers is no reason to withhold one's own, and has words of its own")
  func ownersWithheld() async throws {
    try await serving { pipes, broker in
      for outcome in ["refused", "mustChange"] {
        broker.announce.yield(.changed)
        #expect(try await code(pipes) == "changed")
        try pipes.send(Self.outcome(outcome, owner: "p-000007"))
        #expect(try await code(pipes) == "noted")
        try pipes.send(Self.release(owner: "p-000007"))
        #expect(try await code(pipes) == "SA108")
        try pipes.send(Self.release())
        #expect(try await code(pipes) == "credential")
      }
      #expect(broker.released == ["ledger/", "ledger/"])
    }
  }

  @Test(
    "hers goes no further than one's own: not elsewhere, not unlisted, not while nobody is there, not as a change or capture")
  func ownersElsewhere() async throws {
    try await serving { pipes, broker in
      for origin in ["https://ledger.city.example.attacker.example", "null", "https://ledger.city.example:8443"] {
        try pipes.send(Self.release(owner: "p-000007", origin: origin))
        #expect(try await code(pipes) == "SA103")
      }
      try pipes.send(Self.release("ledger", "other", owner: "p-000007"))
      #expect(try await code(pipes) == "SA102")
      broker.contents.withLock { $0.state.session = .locked }
      try pipes.send(Self.release(owner: "p-000007"))
      #expect(try await code(pipes) == "SA101")
      #expect(broker.released == [])
    }
    for text in [
      #"{"kind":"change","application":"ledger","account":"","owner":"p-000007","origin":"https://ledger.city.example"}"#,
      #"{"kind":"changeOutcome","application":"ledger","account":"","owner":"p-000007","outcome":"accepted"}"#,
      #"{"kind":"capture","application":"ledger","account":"","owner":"p-000007","user":"u","password":"p"}"#,
    ] { #expect(throws: NativeMessagingFault.malformed) { try ExtensionMessage(parsing: Array(text.utf8)) } }
  }

  // MARK: A former password

  @Test("a newer password that is refused leaves one try for the former one, and then nothing is tried")
  func former() async throws {
    try await serving { pipes, broker in
      try pipes.send(Self.outcome("refused", version: 2))
      var answer = try await pipes.answer()
      #expect(answer["kind"] as? String == "noted" && answer["retry"] as? Bool == true)
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "credential")
      try pipes.send(Self.outcome("refused", version: 3))
      answer = try await pipes.answer()
      #expect(answer["retry"] as? Bool == false, "a second time, whatever its number")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA104")
      // Of the first there is no former one.
      try pipes.send(Self.outcome("refused", "kanri", version: 1))
      #expect(try await pipes.answer()["retry"] as? Bool == false)
      #expect(broker.reported == ["ledger/ 2 refused", "ledger/ 3 refused", "ledger/kanri 1 refused"])
    }
  }

  @Test("a refusal that could not be reported is no reason for another try")
  func unreported() async throws {
    try await serving { pipes, broker in
      broker.contents.withLock { $0.reportFault = .server(.unreachable) }
      try pipes.send(Self.outcome("refused", version: 2))
      #expect(try await code(pipes) == "AG69")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA104")
    }
  }

  // MARK: Changes

  private static func change(_ account: String = "", origin: String = "https://ledger.city.example") -> String {
    #"{"kind":"change","application":"ledger","account":"\#(account)","origin":"\#(origin)"}"#
  }

  private static func changeOutcome(_ outcome: String) -> String {
    #"{"kind":"changeOutcome","application":"ledger","account":"","outcome":"\#(outcome)"}"#
  }

  private func changing(
    _ session: BrokerState.Session = .open, _ applications: [BrokerState.Application] = [changeable()],
    _ use: (BrowserPipes, MemoryBroker) async throws -> Void
  ) async throws {
    try await serving(session, applications) { pipes, broker in
      broker.contents.withLock {
        $0.changes["ledger/"] = .success(PasswordChange(current: secret("Old-1"), new: secret("New-1")))
      }
      try await use(pipes, broker)
    }
  }

  @Test("the two passwords of a change go out once in a session, also if the password has to be changed before it is used")
  func changesOnce() async throws {
    try await changing { pipes, broker in
      try pipes.send(Self.outcome("mustChange"))
      #expect(try await code(pipes) == "noted")
      try pipes.send(Self.change())
      #expect(try await pipes.answer() as? [String: String] == ["kind": "change", "current": "Old-1", "new": "New-1"])
      for announced in [BrokerChange.locked, .changed] {
        broker.announce.yield(announced)
        _ = try await pipes.answer()
        try pipes.send(Self.change())
        #expect(try await code(pipes) == "SA107")
      }
      try pipes.send(Self.change("kanri"))
      #expect(try await code(pipes) == "AG10", "another account, which has nothing to change")
      broker.announce.yield(.ended(logoff: []))
      #expect(try await code(pipes) == "ended")
      try pipes.send(Self.change())
      #expect(try await code(pipes) == "change")
      #expect(broker.changed == ["ledger/", "ledger/kanri", "ledger/"])
    }
  }

  @Test("an accepted change ends what withheld the password, a refused one does not")
  func changeOutcomes() async throws {
    try await changing { pipes, broker in
      try pipes.send(Self.outcome("mustChange"))
      #expect(try await code(pipes) == "noted")
      try pipes.send(Self.changeOutcome("refused"))
      #expect(try await code(pipes) == "noted")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA104")
      try pipes.send(Self.changeOutcome("accepted"))
      #expect(try await code(pipes) == "noted")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "credential")
      #expect(broker.reported == ["ledger/ 1 mustChange", "ledger/ change false", "ledger/ change true"])
    }
  }

  @Test(
    "nothing is changed elsewhere, for what is not listed, without a declared form, or while nobody is there",
    arguments: [
      ("https://ledger.city.example.attacker.example", "", BrokerState.Session.open, true, "SA103"),
      ("null", "", .open, true, "SA103"), ("https://ledger.city.example", "other", .open, true, "SA102"),
      ("https://ledger.city.example", "", .open, false, "SA106"), ("https://ledger.city.example", "", .locked, true, "SA101"),
      ("https://ledger.city.example", "", .none, true, "SA101"),
    ])
  func notChanged(origin: String, account: String, session: BrokerState.Session, hasForm: Bool, code expected: String)
    async throws
  {
    try await changing(session, [hasForm ? Self.changeable() : Self.application()]) { pipes, broker in
      try pipes.send(Self.change(account, origin: origin))
      #expect(try await code(pipes) == expected)
      #expect(broker.changed == [])
    }
  }

  @Test("the passwords of a change that come after a lock are thrown away")
  func changeTooLate() async throws {
    try await changing { pipes, broker in
      let (gate, opening) = AsyncStream<Void>.makeStream()
      broker.contents.withLock { contents in
        contents.beforeRelease = {
          broker.announce.yield(.locked)
          for await _ in gate {}
        }
      }
      try pipes.send(Self.change())
      #expect(try await code(pipes) == "locked")
      opening.finish()
      #expect(try await code(pipes) == "SA105")
    }
  }

  // MARK: Registering

  @Test("what a person typed is kept, and may be tried then")
  func captures() async throws {
    let typed = #"{"kind":"capture","application":"ledger","account":"","user":"hanako","password":"Aa1-aaaaaaaa"}"#
    try await serving { pipes, broker in
      try pipes.send(Self.outcome("refused"))
      #expect(try await code(pipes) == "noted")
      broker.contents.withLock { $0.captureFault = .server(.unreachable) }
      try pipes.send(typed)
      #expect(try await code(pipes) == "AG69")
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "SA104", "nothing was kept")
      broker.contents.withLock { $0.captureFault = nil }
      try pipes.send(typed)
      #expect(try await pipes.answer() as NSDictionary == ["kind": "noted", "retry": false] as NSDictionary)
      try pipes.send(Self.release())
      #expect(try await code(pipes) == "credential")
      #expect(broker.captured == ["ledger/ hanako", "ledger/ hanako"])
      try pipes.send(typed.replacing("ledger", with: "other"))
      #expect(try await code(pipes) == "SA102")
    }
    try await serving(.locked) { pipes, broker in
      try pipes.send(typed)
      #expect(try await code(pipes) == "SA101")
      #expect(broker.captured == [])
    }
  }

  @Test("whoever does not keep to the protocol is not answered any more")
  func malformed() async throws {
    let (pipes, broker) = (BrowserPipes(), MemoryBroker(BrokerState(session: .open, applications: [])))
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
