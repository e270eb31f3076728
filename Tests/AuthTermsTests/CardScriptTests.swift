import AuthTerms
import Testing

@Suite("scripts of shared-key cards")
struct CardScriptTests {
  private static let steps: [[ScriptStep]] = [
    [
      ScriptStep(command: .polling, data: [.constant([0x88, 0xB4])], answer: [.number, .chip]),
      ScriptStep(command: .write, blocks: [0x80], data: [.nonce]),
      ScriptStep(command: .read, blocks: [0x82, 0x91], answer: [.cardID, .mac]),
    ]
  ]

  private static func script(
    id: String = "a", name: String = "カード", rounds: [[ScriptStep]] = steps,
    commands: [CardCommandCode] = [.polling, .read, .write]
  ) throws(MalformedInput) -> CardScript {
    try CardScript(
      id: id, nameJa: name, nameEn: "Card", kind: .felicaLiteS, proof: .symmetric3DES, diversification: .liteSCardKey,
      generation: "lite-s", commands: commands, rounds: rounds)
  }

  @Test("one script, one spelling")
  func spelling() throws {
    let script = try Self.script()
    let bytes = script.canonicalBytes
    #expect(try CardScript(canonicalBytes: bytes) == script)
    #expect(throws: MalformedInput.self) { try CardScript(canonicalBytes: bytes + [0]) }
    #expect(throws: MalformedInput.self) { try CardScript(canonicalBytes: []) }
    for cut in 0..<bytes.count {
      #expect(throws: MalformedInput.self) { try CardScript(canonicalBytes: Array(bytes.prefix(cut))) }
    }
    #expect(throws: MalformedInput.self) {
      try CardScript(canonicalBytes: bytes + [UInt8](repeating: 0, count: CardScript.largestEncoding))
    }
  }

  @Test("a byte changed gives another script or none, never the same")
  func changes() throws {
    let script = try Self.script()
    let bytes = script.canonicalBytes
    for at in bytes.indices {
      for mask in [0x01, 0x80, 0x20] as [UInt8] {
        var changed = bytes
        changed[at] ^= mask
        guard let other = try? CardScript(canonicalBytes: changed) else { continue }
        #expect(other != script && other.canonicalBytes == changed)
      }
    }
  }

  @Test("limits of names, rounds and steps")
  func limits() throws {
    _ = try Self.script(id: String(repeating: "a", count: 48), name: String(repeating: "あ", count: 40))
    for id in ["", "A", "a_b", "a.b", "あ", String(repeating: "a", count: 49)] {
      #expect(throws: MalformedInput.self) { try Self.script(id: id) }
    }
    for name in ["", String(repeating: "あ", count: 41), "a\u{202E}b", "a\nb"] {
      #expect(throws: MalformedInput.self) { try Self.script(name: name) }
    }
    let read = Self.steps[0][2]
    _ = try Self.script(rounds: [Self.steps[0] + [read, read, read, read, read]])
    #expect(throws: MalformedInput.self) { try Self.script(rounds: [Self.steps[0] + [read, read, read, read, read, read]]) }
    _ = try Self.script(rounds: Self.steps + [[read], [read], [read]])
    #expect(throws: MalformedInput.self) { try Self.script(rounds: Self.steps + [[read], [read], [read], [read]]) }
    for rounds in [[], [[]], Self.steps + [[]]] as [[[ScriptStep]]] {
      #expect(throws: MalformedInput.self) { try Self.script(rounds: rounds) }
    }
    for commands in [[.write, .read, .polling], [.polling, .read], [.polling, .read, .write, .write]] as [[CardCommandCode]] {
      #expect(throws: MalformedInput.self) { try Self.script(commands: commands) }
    }
  }

  @Test("fields and commands by their words")
  func words() throws {
    for word in ScriptField.allWords { #expect(try ScriptField(parsing: word).text == word) }
    #expect(try ScriptField(parsing: "00ff") == .constant([0, 0xFF]))
    for bad in ["", "0", "0G", "FF", "nonces", String(repeating: "00", count: 33)] {
      #expect(throws: MalformedInput.self) { try ScriptField(parsing: bad) }
    }
    #expect(try CardCommandCode(parsing: "905a") == .selectApplication)
    for bad in ["", "9", "905a00", "905A", "zz"] { #expect(throws: MalformedInput.self) { try CardCommandCode(parsing: bad) } }
  }

  @Test("what a kind shows, and how its chips name themselves")
  func kinds() {
    #expect(
      SharedKeyCardKind.felicaLiteS.proofClass == .symmetric3DES && SharedKeyCardKind.desfireEV2.proofClass == .symmetricAES)
    for kind in SharedKeyCardKind.allCases {
      #expect(SharedKeyCardKind(name: kind.name) == kind)
      for generation in kind.generations { #expect(kind.chipByte(ofGeneration: generation) != nil) }
      #expect(kind.chipByte(ofGeneration: "ev1") == nil)
    }
  }
}
