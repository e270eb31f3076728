import AuthAPI
import AuthTerms
import Foundation
import Testing
import Workstation

/// Two pipes, seen from the browser's end.
final class BrowserPipes: Sendable {
  let messages: NativeMessaging
  private let toHost: FileHandle
  private let fromHost: FileHandle
  private let hostEnds: [Int32]

  init() {
    let (inward, outward) = (Pipe(), Pipe())
    // Copies: a Pipe closes its own.
    hostEnds = [dup(inward.fileHandleForReading.fileDescriptor), dup(outward.fileHandleForWriting.fileDescriptor)]
    toHost = FileHandle(fileDescriptor: dup(inward.fileHandleForWriting.fileDescriptor), closeOnDealloc: true)
    fromHost = FileHandle(fileDescriptor: dup(outward.fileHandleForReading.fileDescriptor), closeOnDealloc: true)
    messages = NativeMessaging(input: hostEnds[0], output: hostEnds[1])
  }

  deinit { for end in hostEnds { close(end) } }

  func put(_ bytes: [UInt8]) throws { try toHost.write(contentsOf: Data(bytes)) }

  func send(_ text: String) throws { try put(withUnsafeBytes(of: UInt32(text.utf8.count)) { Array($0) } + Array(text.utf8)) }

  /// The browser's end: nothing more comes.
  func end() throws { try toHost.close() }

  func stopReading() throws { try fromHost.close() }

  /// One message from the host, within 10 s.
  func receive() throws -> [String: Any] {
    let head = try read(4)
    let length = head.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    return try #require(JSONSerialization.jsonObject(with: read(Int(length))) as? [String: Any])
  }

  /// The same on a thread of its own: who waits on Swift's few shared ones keeps the host from answering.
  func answer() async throws -> [String: Any] {
    let text = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Data, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try JSONSerialization.data(withJSONObject: self.receive()) }) }
    }
    return try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
  }

  /// Whether something comes within the time.
  func isAnythingThere(milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: fromHost.fileDescriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
  }

  private func read(_ count: Int) throws -> Data {
    var found = Data()
    while found.count < count {
      try #require(isAnythingThere(milliseconds: 10_000), "the host says nothing")
      let part = try #require(try fromHost.read(upToCount: count - found.count))
      found += part
    }
    return found
  }
}

func secret(_ text: String) -> Secret<ApplicationPassword> { Secret(copying: Array(text.utf8)) }

@Suite("messages between browser and agent")
struct NativeMessagingTests {
  @Test("messages of 1 byte and of 64 KiB arrive whole, one after the other; then the end")
  func whole() throws {
    let pipes = BrowserPipes()
    let texts = ["x", String(repeating: "y", count: NativeMessaging.inputLimit), "z"]
    Thread.detachNewThread {
      for text in texts { try? pipes.send(text) }
      try? pipes.end()
    }
    for text in texts { #expect(try pipes.messages.receive() == Array(text.utf8)) }
    #expect(try pipes.messages.receive() == nil)
  }

  @Test(
    "a length of nothing, or beyond 64 KiB, ends it before anything is read",
    arguments: [0, UInt32(NativeMessaging.inputLimit) + 1, 0x7FFF_FFFF, .max])
  func lengths(length: UInt32) throws {
    let pipes = BrowserPipes()
    try pipes.put(withUnsafeBytes(of: length) { Array($0) })
    #expect(throws: NativeMessagingFault.length) { try pipes.messages.receive() }
  }

  @Test("a browser that goes away in the middle is no message", arguments: [1, 3, 4, 7])
  func cut(count: Int) throws {
    let pipes = BrowserPipes()
    try pipes.put(Array((withUnsafeBytes(of: UInt32(4)) { Array($0) } + Array("text".utf8)).prefix(count)))
    try pipes.end()
    #expect(throws: NativeMessagingFault.brokenOff) { try pipes.messages.receive() }
  }

  @Test("more than 1 MiB is not sent, and a browser that has gone is a fault")
  func outputs() throws {
    let pipes = BrowserPipes()
    #expect(throws: NativeMessagingFault.length) {
      try pipes.messages.send(["a": String(repeating: "x", count: NativeMessaging.outputLimit)])
    }
    #expect(!pipes.isAnythingThere(milliseconds: 0))
    let before = signal(SIGPIPE, SIG_IGN)
    defer { _ = signal(SIGPIPE, before) }
    try pipes.stopReading()
    #expect(throws: NativeMessagingFault.brokenOff) { try pipes.messages.send(["a": "b"]) }
  }

  @Test(
    "a credential is JSON that says the same, whatever is in it",
    arguments: [
      ("hanako", "Aa1-aaaaaaaa"), ("職員", "パスワード🔑"), ("q\"q", "\"\\\\\"\\"),
      ("\u{1}\t\n\r\u{1F}", "\u{0}\u{8}\u{C}\u{10}\u{7F}"),
      ("</script>", "{\"kind\":\"state\"}"),
    ])
  func credential(user: String, password: String) throws {
    let pipes = BrowserPipes()
    #expect(try pipes.messages.send(ReleasedCredential(user: user, password: secret(password))) { true })
    let found = try pipes.receive()
    let expected: NSDictionary = [
      "kind": "credential", "user": user, "password": password, "changeDue": false, "version": "1",
    ]
    #expect(found as NSDictionary == expected)
  }

  @Test("every character of ASCII stands in a password as itself")
  func characters() throws {
    let pipes = BrowserPipes()
    let password = String(decoding: 0...127, as: UTF8.self)
    _ = try pipes.messages.send(ReleasedCredential(user: "u", password: secret(password))) { true }
    #expect(try pipes.receive()["password"] as? String == password)
  }

  @Test(
    "what cannot stand in JSON, or is not there, is not sent",
    arguments: [[], [0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF]] as [[UInt8]])
  func notUTF8(password: [UInt8]) {
    let pipes = BrowserPipes()
    #expect(throws: NativeMessagingFault.malformed) {
      try pipes.messages.send(ReleasedCredential(user: "u", password: Secret(copying: password))) { true }
    }
    #expect(throws: NativeMessagingFault.malformed) {
      try pipes.messages.send(ReleasedCredential(user: "", password: secret("p"))) { true }
    }
    #expect(!pipes.isAnythingThere(milliseconds: 0))
  }

  @Test("the two passwords of a change are JSON that says the same, and are not sent once nobody wants them")
  func change() throws {
    let pipes = BrowserPipes()
    let change = PasswordChange(current: secret("q\"\\\u{1}"), new: secret("パスワード"))
    #expect(try !pipes.messages.send(change) { false })
    #expect(try pipes.messages.send(change) { true })
    #expect(try pipes.receive() as? [String: String] == ["kind": "change", "current": "q\"\\\u{1}", "new": "パスワード"])
    #expect(throws: NativeMessagingFault.malformed) {
      try pipes.messages.send(PasswordChange(current: secret("a"), new: Secret(copying: [0xFF]))) { true }
    }
  }

  @Test("which version it is, and whether it is too old, is said")
  func versions() throws {
    let pipes = BrowserPipes()
    let credential = ReleasedCredential(user: "u", password: secret("p"), version: .max, isChangeDue: true)
    #expect(try pipes.messages.send(credential) { true })
    let found = try pipes.receive()
    #expect(found["changeDue"] as? Bool == true && found["version"] as? String == "18446744073709551615")
  }

  @Test("a credential that is not wanted any more is not sent")
  func notWanted() throws {
    let pipes = BrowserPipes()
    #expect(try !pipes.messages.send(ReleasedCredential(user: "u", password: secret("p"))) { false })
    #expect(!pipes.isAnythingThere(milliseconds: 0))
  }

  @Test("a credential cannot be printed")
  func printing() {
    let credential = ReleasedCredential(user: "hanako-7", password: secret("canary-7"))
    var dumped = ""
    dump(credential, to: &dumped)
    let change = PasswordChange(current: secret("canary-8"), new: secret("canary-9"))
    dump(change, to: &dumped)
    for text in [
      "\(credential)", String(reflecting: credential), String(describing: [credential]), "\(change)",
      String(reflecting: change),
      dumped,
    ] {
      #expect(!text.contains("canary") && !text.contains("hanako"), "\(text)")
    }
  }

  // MARK: What the extension asks

  @Test("each question has its exact shape")
  func questions() throws {
    func parsed(_ text: String) throws -> [String] { try ExtensionMessage(parsing: Array(text.utf8)).words }
    #expect(try parsed(#"{"kind":"state"}"#) == ["state"])
    #expect(
      try parsed(#"{"kind":"release","application":"ledger","account":"","owner":"p-7","origin":"https://l.example"}"#)
        == ["release", "ledger", "", "p-7", "https://l.example"])
    for outcome in SignInOutcome.allCases {
      #expect(
        try parsed(
          #"{"kind":"outcome","application":"a","account":"b","owner":"","version":"18446744073709551615","outcome":"\#(outcome.rawValue)"}"#
        )
          == ["outcome", "a", "b", "", "18446744073709551615", outcome.rawValue])
    }
    #expect(try parsed(#"{"kind":"change","application":"a","account":"b","origin":"o"}"#) == ["change", "a", "b", "o"])
    for (word, isAccepted) in [("accepted", true), ("refused", false)] {
      #expect(
        try parsed(#"{"kind":"changeOutcome","application":"a","account":"","outcome":"\#(word)"}"#)
          == ["changeOutcome", "a", "", "\(isAccepted)"])
    }
    #expect(
      try parsed(#"{"kind":"capture","application":"a","account":"","user":"佐藤","password":"p\u00e4 \""}"#)
        == ["capture", "a", "", "佐藤", "pä \""])
  }

  private static let long = String(repeating: "a", count: 257)

  @Test(
    "anything else is none",
    arguments: [
      "", " ", "null", "[]", "7", "{}", #"{"kind":"State"}"#, #"{"kind":"state","more":"1"}"#, #"{"kind":7}"#,
      #"{"kind":"release","application":"a","account":""}"#,
      #"{"kind":"release","application":"a","account":"","origin":"o"}"#,
      #"{"kind":"release","application":"a","account":"","owner":"","origin":"o","password":"p"}"#,
      #"{"kind":"release","application":"a","account":null,"owner":"","origin":"o"}"#,
      #"{"kind":"release","application":"a","account":"","owner":null,"origin":"o"}"#,
      #"{"kind":"release","application":["a"],"account":"","owner":"","origin":"o"}"#,
      #"{"kind":"outcome","application":"a","account":"","owner":"","version":"1","outcome":"Accepted"}"#,
      #"{"kind":"outcome","application":"a","account":"","version":"1","outcome":"accepted"}"#,
      #"{"kind":"outcome","application":"a","account":"","owner":"","outcome":"accepted"}"#,
      #"{"kind":"outcome","application":"a","account":"","owner":"","version":"01","outcome":"accepted"}"#,
      #"{"kind":"outcome","application":"a","account":"","owner":"","version":"-1","outcome":"accepted"}"#,
      #"{"kind":"outcome","application":"a","account":"","owner":"","version":"1","outcome":true}"#,
      #"{"kind":"changeOutcome","application":"a","account":"","outcome":"mustChange"}"#,
      #"{"kind":"change","application":"a","account":""}"#,
      #"{"kind":"capture","application":"a","account":"","user":"","password":"p"}"#,
      #"{"kind":"capture","application":"a","account":"","user":"u","password":""}"#,
      #"{"kind":"capture","application":"a","account":"","user":"a\u0007","password":"p"}"#,
      #"{"kind":"capture","application":"a","account":"","user":"u","password":"\#(long)"}"#, #"{"kind":"state"}x"#,
      #"{"kind":"state""#,
      #"{"kind":"state","kind2":{"kind":{}}}"#, #"{"kind":"state","kind":"state"}"#, #"{"kind":"release","kind":"state"}"#,
      #"{"kind":"release","application":"a","application":"b","account":"","owner":"","origin":"o"}"#,
      #"{"kind":"release","application":"\#(long)","account":"","owner":"","origin":"o"}"#,
    ])
  func notQuestions(text: String) {
    #expect(throws: NativeMessagingFault.malformed) { try ExtensionMessage(parsing: Array(text.utf8)) }
  }

  @Test("bytes that are no text, and nesting without end, are none")
  func hostile() {
    let wide = Array("{\"kind\":\"state\"}".utf8).flatMap { [$0, 0] as [UInt8] }
    for bytes in [[0xFF, 0xFE], Array(repeating: UInt8(ascii: "["), count: 60_000), wide] as [[UInt8]] {
      #expect(throws: NativeMessagingFault.malformed) { try ExtensionMessage(parsing: bytes) }
    }
  }
}

extension ExtensionMessage {
  /// What it says, for comparing: messages themselves hold secrets, and cannot be compared.
  fileprivate var words: [String] {
    switch self {
    case .state: ["state"]
    case .release(let of, let origin): ["release", of.application, of.account, of.owner, origin]
    case .outcome(let of, let version, let outcome):
      ["outcome", of.application, of.account, of.owner, "\(version)", outcome.rawValue]
    case .change(let application, let account, let origin): ["change", application, account, origin]
    case .changeOutcome(let application, let account, let isAccepted): ["changeOutcome", application, account, "\(isAccepted)"]
    case .capture(let application, let account, let credential):
      ["capture", application, account, credential.user, credential.password.withBytes { String(decoding: $0, as: UTF8.self) }]
    }
  }
}
