import AuthAPI
import AuthTerms
import Foundation
import Fuzzing
import Testing
import Workstation

/// What a browser, or somebody in its place, writes into the agent.
@Suite("Fuzz: the browser's messages", .serialized)
struct BrowserFuzzTests {
  private static let questions = [
    #"{"kind":"state"}"#,
    #"{"kind":"release","application":"ledger","account":"","owner":"p-000007","origin":"https://ledger.city.example"}"#,
    #"{"kind":"outcome","application":"ledger","account":"kanri","owner":"","version":"7","outcome":"mustChange"}"#,
    #"{"kind":"change","application":"ledger","account":"","origin":"https://ledger.city.example"}"#,
    #"{"kind":"changeOutcome","application":"ledger","account":"","outcome":"refused"}"#,
    #"{"kind":"capture","application":"ledger","account":"","user":"hanako","password":"Aa1-aaaaaaaa"}"#,
  ].map { Array($0.utf8) }

  /// The slow twin: any JSON in UTF-8, then its shape, no key twice.
  private static func twin(_ bytes: [UInt8]) -> [String]? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let texts = object as? [String: String], texts.values.allSatisfy({ $0.utf8.count <= 256 }), !bytes.contains(0),
      String(decoding: bytes, as: UTF8.self).matches(of: /"(?:[^"\\]|\\.)*"/).count == texts.count * 2
    else { return nil }
    let shapes = [
      "state": [], "release": ["application", "account", "owner", "origin"], "change": ["application", "account", "origin"],
      "outcome": ["application", "account", "owner", "version", "outcome"],
      "changeOutcome": ["application", "account", "outcome"],
      "capture": ["application", "account", "user", "password"],
    ]
    guard let kind = texts["kind"], let shape = shapes[kind], Set(texts.keys) == Set(shape + ["kind"]) else { return nil }
    let outcomes = kind == "outcome" ? ["accepted", "refused", "mustChange"] : ["accepted", "refused"]
    if let outcome = texts["outcome"], !outcomes.contains(outcome) { return nil }
    if let version = texts["version"] {
      guard version.wholeMatch(of: /0|[1-9][0-9]*/) != nil, UInt64(version) != nil else { return nil }
    }
    if kind == "capture" {
      guard let user = texts["user"], let password = texts["password"], !user.isEmpty, !password.isEmpty,
        !password.contains("\0"),
        !user.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
      else { return nil }
    }
    return [kind] + shape.compactMap { texts[$0] }
  }

  private static func words(_ message: ExtensionMessage) -> [String] {
    switch message {
    case .state: ["state"]
    case .release(let of, let origin): ["release", of.application, of.account, of.owner, origin]
    case .change(let application, let account, let origin): ["change", application, account, origin]
    case .outcome(let of, let version, let outcome):
      ["outcome", of.application, of.account, of.owner, "\(version)", outcome.rawValue]
    case .changeOutcome(let application, let account, let isAccepted):
      ["changeOutcome", application, account, isAccepted ? "accepted" : "refused"]
    case .capture(let application, let account, let credential):
      ["capture", application, account, credential.user, credential.password.withBytes { String(decoding: $0, as: UTF8.self) }]
    }
  }

  @Test("a question: understood as the slow twin understands it")
  func messages() throws {
    let words = [
      "kind", "state", "release", "\"", ":", ",", "{", "}", "[", "null", "\\u0000", "\\ud800", "accepted", "1e9", "capture",
      "change",
    ]
    let tally = try Fuzzer("browser-message", corpus: Self.questions, words: words, share: 0.5).run { bytes in
      let message = try? ExtensionMessage(parsing: bytes)
      guard message.map(Self.words) == Self.twin(bytes) else { throw Fuzzer.Broken("the twins differ") }
      return message != nil
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
  }

  private static func framed(_ messages: [[UInt8]]) -> [UInt8] {
    messages.flatMap { message in withUnsafeBytes(of: UInt32(message.count)) { Array($0) } + message }
  }

  /// The slow twin of framing: the messages, and whether the bytes ended where one ends.
  private static func unframed(_ bytes: [UInt8]) -> ([[UInt8]], isWhole: Bool) {
    var (rest, found) = (bytes[...], [[UInt8]]())
    while !rest.isEmpty {
      guard rest.count >= 4 else { return (found, false) }
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      guard (1...NativeMessaging.inputLimit).contains(length), rest.count - 4 >= length else { return (found, false) }
      found.append(Array(rest.dropFirst(4).prefix(length)))
      rest = rest.dropFirst(4 + length)
    }
    return (found, true)
  }

  @Test("a stream: cut into the messages that the slow twin cuts it into")
  func frames() throws {
    let corpus = [
      Self.framed(Self.questions), Self.framed([Self.questions[0]]), Self.framed([Array(repeating: 0x20, count: 300)]),
    ]
    let tally = try Fuzzer("browser-frames", corpus: corpus, count: 3000, share: 0.5).run { bytes in
      let bytes = Array(bytes.prefix(60_000))  // a pipe holds so much without a reader
      let pipe = Pipe()
      try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
      try pipe.fileHandleForWriting.close()
      let messages = NativeMessaging(input: pipe.fileHandleForReading.fileDescriptor, output: -1)
      var (found, isWhole) = ([[UInt8]](), true)
      do {
        while let message = try messages.receive() { found.append(message) }
      } catch is NativeMessagingFault {
        isWhole = false
      }
      let twin = Self.unframed(bytes)
      guard found == twin.0, isWhole == twin.isWhole else { throw Fuzzer.Broken("the twins differ") }
      return isWhole
    }
    #expect(tally.accepted > 20 && tally.refused > 500)
  }
}
