import AuthAPI
import Foundation
import Fuzzing
import Testing
import Workstation

/// What a browser, or somebody in its place, writes into the agent.
@Suite("Fuzz: the browser's messages", .serialized)
struct BrowserFuzzTests {
  private static let questions = [
    #"{"kind":"state"}"#,
    #"{"kind":"release","application":"ledger","account":"","origin":"https://ledger.city.example"}"#,
    #"{"kind":"outcome","application":"ledger","account":"kanri","outcome":"mustChange"}"#,
  ].map { Array($0.utf8) }

  /// The slow twin: any JSON in UTF-8, then its shape, no key twice.
  private static func twin(_ bytes: [UInt8]) -> ExtensionMessage? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let texts = object as? [String: String], texts.values.allSatisfy({ $0.utf8.count <= 256 }), !bytes.contains(0),
      String(decoding: bytes, as: UTF8.self).matches(of: /"(?:[^"\\]|\\.)*"/).count == texts.count * 2
    else { return nil }
    let keys = Set(texts.keys)
    switch (texts["kind"], texts["application"], texts["account"], texts["origin"], texts["outcome"]) {
    case ("state", nil, nil, nil, nil) where keys.count == 1: return .state
    case ("release", let application?, let account?, let origin?, nil) where keys.count == 4:
      return .release(application: application, account: account, origin: origin)
    case ("outcome", let application?, let account?, nil, let text?) where keys.count == 4:
      return SignInOutcome(rawValue: text).map { .outcome(application: application, account: account, $0) }
    default: return nil
    }
  }

  @Test("a question: understood as the slow twin understands it")
  func messages() throws {
    let words = ["kind", "state", "release", "\"", ":", ",", "{", "}", "[", "null", "\\u0000", "\\ud800", "accepted", "1e9"]
    let tally = try Fuzzer("browser-message", corpus: Self.questions, words: words, share: 0.5).run { bytes in
      let message = try? ExtensionMessage(parsing: bytes)
      guard message == Self.twin(bytes) else { throw Fuzzer.Broken("the twins differ") }
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
