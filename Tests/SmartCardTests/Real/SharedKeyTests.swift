import AuthPolicy
import AuthTerms
import CardCiphers
import Foundation
import PCSCReader
import SmartCard
import Testing

extension CardBench {
  /// The city's key of a kind, the same in all tests.
  static func cityKey(_ kind: SharedKeyCardKind) -> [UInt8] {
    (0..<(kind == .felicaLiteS ? 24 : 16)).map { UInt8(truncatingIfNeeded: $0 * 29 + 3) }
  }

  /// A fresh shared-key card.
  static func sharedCard(_ kind: SharedKeyCardKind, number: String? = nil, chip: String? = nil) throws -> String {
    let folder = Self.folder + "/shared-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try (Hex.encode(cityKey(kind)) + "\n").write(toFile: folder + "/city.key", atomically: true, encoding: .utf8)
    let usual = kind == .felicaLiteS ? "012e4cd8a1b2c3d4" : "04782e21801d80"
    _ = try simulator(
      [
        "issue-shared", "--card", folder + "/card", "--name", "三門 花子", "--kind", kind.name, "--number", number ?? usual,
        "--master-file", folder + "/city.key",
      ] + (chip.map { ["--chip", $0] } ?? []))
    return folder + "/card"
  }
}

extension RealCardSuite {
  @Suite("shared-key cards, driven by their shipped files")
  struct SharedKeys {
    private static func script(_ kind: SharedKeyCardKind) throws -> CardScript {
      let path = CardBench.root + "/policies/cards/\(kind.name).yaml"
      let bytes = Array(try Data(contentsOf: URL(filePath: path)))
      return try CardScriptFile.compile(PolicySource(name: "\(kind.name).yaml", bytes: bytes)).script
    }

    struct Ended: Sendable {
      var step: ExchangeStep
      var rounds = 0
    }

    /// Both sides in one process: the exchange as a vault would run it, the carrier as an agent would.
    private static func run(
      _ kind: SharedKeyCardKind, _ family: FelicaReaderFamily = .transparentSession, known: UInt32? = nil, seed: UInt8 = 1
    ) async throws -> Ended {
      let script = try script(kind)
      let number = try await carrying(kind, script, family) { carrier throws(CardFailure) in try carrier.number() }
      var exchange = try CardExchange(
        script: script, number: number, knownCounter: known, masterKey: Secret(copying: CardBench.cityKey(kind)),
        random: Secret(copying: (0..<16).map { UInt8($0) &* 7 &+ seed }), cipher: OpenSSLCardCipher())
      let first = try exchange.begin()
      let begun = exchange
      return try await carryingAll(kind, script, family, begun, first)
    }

    private static func carrying<R: Sendable>(
      _ kind: SharedKeyCardKind, _ script: CardScript, _ family: FelicaReaderFamily,
      _ body: @escaping @Sendable (inout CommandCarrier<PCSCChannel>) throws(CardFailure) -> R
    ) async throws(CardFailure) -> R {
      try await CardReaders.withCard(reader: .named(CardBench.firstReader), deadline: .seconds(5)) {
        channel throws(CardFailure) in
        var carrier = CommandCarrier(channel: channel, kind: kind, commands: script.commands, family: family)
        return try body(&carrier)
      }
    }

    private static func carryingAll(
      _ kind: SharedKeyCardKind, _ script: CardScript, _ family: FelicaReaderFamily,
      _ exchange: CardExchange<OpenSSLCardCipher>, _ first: ExchangeStep
    ) async throws(CardFailure) -> Ended {
      try await carrying(kind, script, family) { carrier throws(CardFailure) in
        var exchange = exchange
        var ended = Ended(step: first)
        while case .send(let commands) = ended.step {
          ended.rounds += 1
          let answers = try carrier.carry(commands)
          do throws(CardCipherFault) { ended.step = try exchange.step(answers) } catch { throw .malformedCommand }
        }
        return ended
      }
    }

    // Not inlined, here and below: the optimiser of 6.3 ends over a borrowed value otherwise.
    @inline(never)
    private static func refusal(_ ended: Ended) -> ExchangeRefusal? {
      if case .refused(let refusal) = ended.step { refusal } else { nil }
    }

    @inline(never)
    private static func proven(_ ended: Ended) -> ProvenSharedKeyCard? {
      if case .proven(let card) = ended.step { card } else { nil }
    }

    @Test(
      "a Lite-S proves itself through either family of readers, and its counter moves", arguments: FelicaReaderFamily.allCases)
    func liteS(family: FelicaReaderFamily) async throws {
      try await CardBench.run { bench in
        let card = try CardBench.sharedCard(.felicaLiteS)
        let inserted = try await bench.insert(card)
        let first = try await Self.run(.felicaLiteS, family)
        #expect(first.rounds == 2)
        let proven = try #require(Self.proven(first))
        #expect(Hex.encode(proven.number) == "012e4cd8a1b2c3d4" && proven.proofClass == .symmetric3DES)
        #expect(proven.counter == 1001)
        let second = try await Self.run(.felicaLiteS, family, known: proven.counter, seed: 2)
        #expect(Self.proven(second)?.counter == 1002)
        #expect(try CardBench.simulator(["show", "--card", card]).contains("counter    1002"))
        try inserted.takeOut()
      }
    }

    @Test("a DESFire proves itself in two round trips")
    func desfire() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.sharedCard(.desfireEV2))
        let ended = try await Self.run(.desfireEV2)
        #expect(ended.rounds == 2)
        let proven = try #require(Self.proven(ended))
        #expect(Hex.encode(proven.number) == "04782e21801d80" && proven.proofClass == .symmetricAES && proven.counter == nil)
        try inserted.takeOut()
      }
    }

    @Test("copies and strangers are refused, each with its reason", arguments: SharedKeyCardKind.allCases)
    func faults(kind: SharedKeyCardKind) async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.sharedCard(kind))
        let isLiteS = kind == .felicaLiteS
        try inserted.tell("fault wrong-key")
        #expect(Self.refusal(try await Self.run(kind)) == (isLiteS ? .wrongMAC : .cardRefused(0x91AE)))
        try inserted.tell("fault changed-number")
        #expect(Self.refusal(try await Self.run(kind)) == (isLiteS ? .identifierChanged : .cardRefused(0x91AE)))
        if isLiteS {
          try inserted.tell("fault counter-back")
          #expect(Self.refusal(try await Self.run(kind, known: 1000)) == .cloneSuspected)
        } else {
          try inserted.tell("fault flip-signature")
          #expect(Self.refusal(try await Self.run(kind)) == .wrongMAC)
        }
        try inserted.tell("fault none")
        #expect(Self.proven(try await Self.run(kind, known: isLiteS ? 1000 : nil)) != nil)
        try inserted.takeOut()
      }
    }

    @Test("chips older than the file asks for")
    func olderChips() async throws {
      try await CardBench.run { bench in
        for (kind, chip) in [(SharedKeyCardKind.felicaLiteS, "f0"), (.desfireEV2, "01")] {
          let inserted = try await bench.insert(try CardBench.sharedCard(kind, chip: chip))
          #expect(Self.refusal(try await Self.run(kind)) == .chipTooOld)
          try inserted.takeOut()
        }
      }
    }

    @Test("a mute card, and answers that are too long or too short, end in time", arguments: SharedKeyCardKind.allCases)
    func broken(kind: SharedKeyCardKind) async throws {
      try await CardBench.run { bench in
        let script = try Self.script(kind)
        func number() async -> CardFailure? {
          await RealCardSuite.failure { () async throws(CardFailure) in
            try await Self.carrying(kind, script, .pn532) { carrier throws(CardFailure) in try carrier.number() }
          }
        }
        let inserted = try await bench.insert(try CardBench.sharedCard(kind))
        try inserted.tell("fault short-answer")
        let short = await number()
        if case .malformedCard = short {} else { Issue.record("\(String(describing: short))") }
        try inserted.tell("fault huge-answer")
        #expect(await number() != nil)
        try inserted.takeOut()
        let mute = try await bench.insert(try CardBench.sharedCard(kind), fault: "mute")
        let start = ContinuousClock.now
        #expect(await number() == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(7))
        try mute.takeOut()
      }
    }

    @Test("a card of another kind has no number of this kind")
    func otherKind() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.sharedCard(.desfireEV2))
        let script = try Self.script(.felicaLiteS)
        let found = await RealCardSuite.failure { () async throws(CardFailure) in
          try await Self.carrying(.felicaLiteS, script, .pn532) { carrier throws(CardFailure) in try carrier.number() }
        }
        #expect(found == .unsupportedCard)
        try inserted.takeOut()
      }
    }
  }
}
