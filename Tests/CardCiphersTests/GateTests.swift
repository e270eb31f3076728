import AuthTerms
import SmartCard
import Testing

@Suite("what may be sent to a shared-key card")
struct GateTests {
  private static let number: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
  private static let block = [UInt8](repeating: 0xAA, count: 16)
  private let felica = CommandGate(kind: .felicaLiteS, commands: SharedKeyCardKind.felicaLiteS.ceiling)
  private let desfire = CommandGate(kind: .desfireEV2, commands: SharedKeyCardKind.desfireEV2.ceiling)

  @Test("FeliCa: a poll, reads of what is no key, and writes of RC and STATE alone")
  func felicaFrames() {
    let (number, block) = (Self.number, Self.block)
    #expect(felica.admits(FelicaFrame.polling(system: [0x88, 0xB4])))
    for blocks in [[0x82, 0x91], [0x00, 0x0E, 0x92, 0x91], [0x82]] as [[UInt8]] {
      #expect(felica.admits(FelicaFrame.read(number, blocks: blocks)))
    }
    #expect(felica.admits(FelicaFrame.write(number, blocks: [0x80], contents: [block])))
    #expect(felica.admits(FelicaFrame.write(number, blocks: [0x92, 0x91], contents: [LiteSBlock.authenticated, block])))

    for blocks in [[0x80], [0x87], [0x82, 0x87], [0x0F]] as [[UInt8]] {
      #expect(!felica.admits(FelicaFrame.read(number, blocks: blocks)), "\(blocks)")
    }
    for blocks in [[0x00], [0x82], [0x87], [0x88], [0x92]] as [[UInt8]] {
      #expect(!felica.admits(FelicaFrame.write(number, blocks: blocks, contents: [block])), "\(blocks)")
    }
    #expect(!felica.admits(FelicaFrame.write(number, blocks: [0x92, 0x91], contents: [block, block])), "another STATE")
    #expect(!felica.admits(FelicaFrame.write(number, blocks: [0x87, 0x91], contents: [block, block])))
  }

  @Test("FeliCa: other commands, services, lengths and forms of a block list")
  func felicaForms() {
    let read = FelicaFrame.read(Self.number, blocks: [0x82, 0x91])
    #expect(felica.admits(read))
    for (at, value) in [
      (0, read[0] + 1), (1, 0x02), (1, 0x08), (1, 0x10), (10, 2), (11, 0x09), (11, 0x08), (12, 1), (13, 0), (13, 3), (13, 5),
      (14, 0x00), (14, 0x81),
    ]
      as [(Int, UInt8)]
    {
      var changed = read
      changed[at] = value
      #expect(!felica.admits(changed), "byte \(at) = \(value)")
    }
    for bad in [[], [1], read + [0], Array(read.dropLast()), [6, 0, 0x88, 0xB4, 1, 0], [6, 0, 0x88, 0xB4, 0, 1]] as [[UInt8]] {
      #expect(!felica.admits(bad))
    }
    #expect(!felica.admits(FelicaFrame.read(Self.number, blocks: [])))
    #expect(!felica.admits(FelicaFrame.read(Self.number, blocks: [0, 1, 2, 3, 4])))
  }

  @Test("only what a script lists, and never what no script may")
  func lists() throws {
    let reads = CommandGate(kind: .felicaLiteS, commands: [.read])
    #expect(reads.admits(FelicaFrame.read(Self.number, blocks: [0x82, 0x91])))
    #expect(!reads.admits(FelicaFrame.polling(system: [0x88, 0xB4])))
    #expect(!reads.admits(FelicaFrame.write(Self.number, blocks: [0x80], contents: [Self.block])))
    // ChangeKey, CreateApplication, FormatPICC: a list that names them does not let them through.
    let wide = CommandGate(
      kind: .desfireEV2, commands: try ["90c4", "90ca", "90fc", "905a"].map { try CardCommandCode(parsing: $0) })
    for instruction in [0xC4, 0xCA, 0xFC, 0x71] as [UInt8] {
      #expect(!wide.admits([0x90, instruction, 0, 0, 0]))
    }
    #expect(wide.admits([0x90, 0x5A, 0, 0, 3, 1, 2, 3, 0]))
  }

  @Test("DESFire: the wrapped form and no other")
  func desfireForms() {
    for good in [
      [0x90, 0x60, 0, 0, 0], [0x90, 0x71, 0, 0, 2, 0, 0, 0], [0x90, 0xAF, 0, 0, 32] + Self.block + Self.block + [0],
    ] as [[UInt8]] {
      #expect(desfire.admits(good))
    }
    for bad in [
      [], [0x90, 0x60, 0, 0], [0x00, 0x60, 0, 0, 0], [0x90, 0x60, 1, 0, 0], [0x90, 0x60, 0, 1, 0], [0x90, 0x60, 0, 0, 1],
      [0x90, 0x71, 0, 0, 3, 0, 0, 0], [0x90, 0x71, 0, 0, 2, 0, 0, 1], [0x90, 0x71, 0, 0, 0, 0], [0x90, 0xC4, 0, 0, 0],
      [0x90, 0xAF, 0, 0, 33] + Self.block + Self.block + [0, 0],
    ] as [[UInt8]] { #expect(!desfire.admits(bad), "\(bad)") }
  }
}

@Suite("what a FeliCa card says")
struct FelicaAnswerTests {
  private static let number: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  @Test("answers to the three commands")
  func good() throws {
    let number = Self.number
    #expect(
      try FelicaAnswer.polling([18, 1] + number + [9, 9, 9, 9, 9, 9, 9, 9])
        == .card(number: number, parameters: [UInt8](repeating: 9, count: 8)))
    let block = [UInt8](repeating: 7, count: 16)
    #expect(try FelicaAnswer.read([29, 7] + number + [0, 0, 1] + block, count: 1) == .blocks(number: number, [block]))
    #expect(
      try FelicaAnswer.read([45, 7] + number + [0, 0, 2] + block + number + number, count: 2)
        == .blocks(number: number, [block, number + number]))
    #expect(try FelicaAnswer.write([12, 9] + number + [0, 0]) == .written(number: number))
    #expect(try FelicaAnswer.read([12, 7] + number + [1, 0xB2], count: 4) == .refused(number: number, flags: 0x01B2))
    #expect(try FelicaAnswer.write([12, 9] + number + [0, 1]) == .refused(number: number, flags: 1))
  }

  @Test("frames that are none")
  func malformed() {
    let number = Self.number
    let block = [UInt8](repeating: 7, count: 16)
    for bad in [
      [], [0], [18, 1] + number, [19, 1] + number + number, [18, 0] + number + number, [18, 1] + number + number + [0],
    ] as [[UInt8]] {
      #expect(throws: MalformedInput.self) { try FelicaAnswer.polling(bad) }
    }
    for bad in [
      [], [12, 9] + number + [0, 0], [28, 7] + number + [0, 0, 1] + block, [29, 7] + number + [0, 0, 2] + block,
      [29, 7] + number + [1, 0, 1] + block, [12, 7] + number + [0, 0], [30, 7] + number + [0, 0, 1] + block + [0],
    ] as [[UInt8]] { #expect(throws: MalformedInput.self) { try FelicaAnswer.read(bad, count: 1) } }
    for bad in [
      [], [11, 9] + number + [0], [12, 7] + number + [0, 0], [13, 9] + number + [0, 0, 0], [13, 9] + number + [1, 0, 0],
    ] as [[UInt8]] {
      #expect(throws: MalformedInput.self) { try FelicaAnswer.write(bad) }
    }
  }
}
