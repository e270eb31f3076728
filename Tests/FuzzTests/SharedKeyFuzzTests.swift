import AuthPolicy
import AuthTerms
import CardCiphers
import Foundation
import Fuzzing
import SmartCard
import Testing

/// What decides how a shared-key card is asked, and what such a card may say to it.
@Suite("Fuzz: shared-key cards", .serialized)
struct SharedKeyFuzzTests {
  #if DEBUG
    private static let (files, count) = (4_000, 40_000)
  #else
    // A file goes through the YAML library, at a hundred microseconds each; the rest of its million is deploy/soak's.
    private static let (files, count) = (40_000, 1_000_000)
  #endif

  private static func shipped() throws -> [[UInt8]] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try ["felica-lite-s", "desfire-ev2"].map { name in
      Array(try Data(contentsOf: root.appending(path: "policies/cards/\(name).yaml")))
    }
  }

  private static func scripts() throws -> [CardScript] {
    try zip(["felica-lite-s", "desfire-ev2"], shipped()).map { name, bytes in
      try CardScriptFile.compile(PolicySource(name: "\(name).yaml", bytes: bytes)).script
    }
  }

  private static let second = Array("card: desfire".utf8)

  /// Which of the two files this was, by its bytes: text would take longer than the reader.
  private static func isDESFire(_ bytes: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0] == second[0] && bytes[$0...].starts(with: second) }
  }

  private static func secret(_ count: Int, _ seed: Int) -> Secret<CardKey> {
    Secret(copying: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) })
  }

  private static func exchange(_ script: CardScript) throws -> CardExchange<OpenSSLCardCipher> {
    try CardExchange(
      script: script, number: [UInt8](repeating: 3, count: script.kind.numberLength), knownCounter: 5,
      masterKey: secret(script.keyLength, 1), random: secret(16, 2), cipher: OpenSSLCardCipher())
  }

  /// Whatever a script says, its first commands pass the agent's gate, and no card that knows nothing is proven by it.
  private static func check(_ script: CardScript) throws {
    guard (try? CardScript(canonicalBytes: script.canonicalBytes)) == script else { throw Fuzzer.Broken("does not read back") }
    var exchange = try exchange(script)
    let gate = CommandGate(script)
    guard case .send(let commands) = try exchange.begin(), !commands.isEmpty, commands.allSatisfy(gate.admits) else {
      throw Fuzzer.Broken("sends what its own gate stops")
    }
    guard case .refused = try exchange.step(commands.map { _ in [0x90, 0x00] }) else {
      throw Fuzzer.Broken("goes on without an answer")
    }
  }

  @Test("a file: a script inside every limit that reads back as it is, or every fault has a place in it")
  func files() async throws {
    let words =
      ScriptField.allWords + [
        "\"82\"", "\"91\"", "\"87\"", "\"00\"", "\"905a\"", "\"90c4\"", "\"9100\"", "\"91af\"", "steps:", "- ", "{", "}", "[",
        "]", ": ",
        "none", "ev3", "status: ", "answer: ", "data: ", "blocks: ", "method: ", "input: ", "&a", "*a", "~",
      ]
    let fuzzer = Fuzzer("card-file", corpus: try Self.shipped(), words: words, count: Self.files, share: 0.3)
    let tally = try await fuzzer.runOnThreads { bytes in
      let name = Self.isDESFire(bytes) ? "desfire-ev2" : "felica-lite-s"
      let script: CardScript
      do throws(PolicyFaults) {
        script = try CardScriptFile.compile(PolicySource(name: name + ".yaml", bytes: bytes)).script
      } catch {
        guard !error.faults.isEmpty, error.faults.allSatisfy({ $0.line >= 1 && $0.column >= 1 }) else {
          throw Fuzzer.Broken("no place")
        }
        return false
      }
      try Self.check(script)
      return true
    }
    #expect(tally.accepted > 200 && tally.refused > 1000)
  }

  @Test("canonical bytes: taken only as they were written")
  func kept() throws {
    let corpus = try Self.scripts().map(\.canonicalBytes)
    let words = ScriptField.allWords + ["felica-lite-s", "desfire-ev2", "none", "\u{0}\u{0}\u{0}\u{8}", "ev3", "80", "91"]
    let tally = try Fuzzer("card-kept", corpus: corpus, words: words, count: Self.count, share: 0.2).run { bytes in
      guard let script = try? CardScript(canonicalBytes: bytes) else { return false }
      guard script.canonicalBytes == bytes else { throw Fuzzer.Broken("two ways to write one script") }
      try Self.check(script)
      return true
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
  }

  @Test("frames of FeliCa: read or refused, and what a gate admits is one of three commands, byte for byte")
  func frames() throws {
    let number: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    let block = [UInt8](repeating: 7, count: 16)
    let corpus: [[UInt8]] = [
      FelicaFrame.polling(system: [0x88, 0xB4]), FelicaFrame.read(number, blocks: [0x82, 0x90, 0x91]),
      FelicaFrame.write(number, blocks: [0x80], contents: [block]),
      FelicaFrame.write(number, blocks: [0x92, 0x91], contents: [LiteSBlock.authenticated, block]),
      [18, 1] + number + number, [29, 7] + number + [0, 0, 1] + block, [12, 9] + number + [0, 0],
      [12, 9] + number + [1, 0xB2],
    ]
    let gate = CommandGate(kind: .felicaLiteS, commands: SharedKeyCardKind.felicaLiteS.ceiling)
    let tally = try Fuzzer("felica-frames", corpus: corpus, count: Self.count / 4, share: 0.2).run { bytes in
      if gate.admits(bytes) {
        let isRead = bytes[1] == 6
        let isWrite = bytes[1] == 8 && (bytes[15] == 0x80 || (bytes[15] == 0x92 && bytes[17] == 0x91))
        guard bytes[1] == 0 || isRead || isWrite, Int(bytes[0]) == bytes.count else { throw Fuzzer.Broken("another command") }
        return true
      }
      let polled = try? FelicaAnswer.polling(bytes)
      let written = try? FelicaAnswer.write(bytes)
      for count in 1...4 {
        if case .blocks(_, let contents)? = try? FelicaAnswer.read(bytes, count: count) {
          guard contents.count == count, contents.allSatisfy({ $0.count == 16 }) else { throw Fuzzer.Broken("no blocks") }
          return true
        }
      }
      return polled != nil || written != nil
    }
    #expect(tally.accepted > 1000 && tally.refused > 1000)
  }

  @Test("answers of cards that have no key: never a yes, never more commands than the script has", arguments: [0, 1])
  func answers(index: Int) throws {
    let script = try Self.scripts()[index]
    let number = [UInt8](repeating: 3, count: 8)
    let block = [UInt8](repeating: 3, count: 16)
    let corpus: [[[UInt8]]] = [
      [
        [18, 1] + number + [0, 0xF1, 0, 0, 0, 1, 0x43, 0], [12, 9] + number + [0, 0],
        [61, 7] + number + [0, 0, 3] + block + block + block,
      ],
      [
        [4, 1, 1, 0x12, 0, 0x18, 5, 0x91, 0xAF], [4, 1, 1, 2, 1, 0x18, 5, 0x91, 0xAF], block.dropLast(2) + [0x91, 0],
        [0x91, 0], block + [0x91, 0xAF],
      ],
    ]
    // The answers of a round in one input, each behind its length.
    let joined = corpus[index].flatMap { [UInt8($0.count)] + $0 } + [34] + block + block + [0x91, 0]
    let tally = try Fuzzer("card-answers-\(index)", corpus: [joined], count: 20_000, share: 0.15).run { bytes in
      var exchange = try Self.exchange(script)
      var rest = bytes[...]
      var step = try exchange.begin()
      var rounds = 0
      while case .send(let commands) = step {
        rounds += 1
        guard rounds <= script.rounds.count else { throw Fuzzer.Broken("more rounds than the script has") }
        var answers: [[UInt8]] = []
        while answers.count < commands.count, let length = rest.popFirst() {
          answers.append(Array(rest.prefix(Int(length))))
          rest = rest.dropFirst(Int(length))
        }
        step = try exchange.step(answers)
      }
      if case .proven = step { throw Fuzzer.Broken("a card without the key is proven") }
      guard case .refused(.outOfTurn) = try exchange.step([]) else { throw Fuzzer.Broken("goes on after its end") }
      return rounds > 1
    }
    #expect(tally.refused > 1000)
    // A DESFire's first answer cannot be judged before the second; a Lite-S never comes that far without its key.
    #expect(index == 0 ? tally.accepted == 0 : tally.accepted > 100)
  }
}
