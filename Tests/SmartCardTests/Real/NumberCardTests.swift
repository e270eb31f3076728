import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Testing
import Workstation

extension RealCardSuite {
  @Suite("cards that tell a number alone, at a workstation's reader")
  struct NumberCards {
    /// A card file of the simulator.
    private static func tag(_ number: String, chip: String? = nil) throws -> String {
      let folder = CardBench.folder + "/tag-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try CardBench.simulator(
        ["issue-identifier", "--card", folder + "/card", "--name", "三門 花子", "--number", number]
          + (chip.map { ["--chip", $0] } ?? []))
      return folder + "/card"
    }

    @Test(
      "the reader tells number and chip; a card without a key is no PIV card",
      arguments: [
        ("01120d8aa1b2c3d4", "46", FelicaGeneration.aes), ("01120d8aa1b2c3d4", "20", .des), ("04a1b2c3", nil, nil),
        ("04a1b2c3d4e5f6", nil, nil),
      ] as [(String, String?, FelicaGeneration?)])
    func told(number: String, chip: String?, generation: FelicaGeneration?) async throws {
      try await CardBench.run { bench in
        let cards = ReaderCards()
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.numberCard() } == .noCard)
        let file = try Self.tag(number, chip: chip)
        let inserted = try await bench.insert(file)
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.view() } == .unsupportedCard)
        let view = try await cards.numberCard()
        #expect(Hex.encode(view.number.bytes) == number && view.reader == CardBench.firstReader)
        #expect(view.generation == generation && (view.chip == nil) == (chip == nil))
        #expect(try await ReaderCards(reader: CardBench.firstReader).numberCard() == view)
        #expect(try CardBench.simulator(["show", "--card", file]).contains("number     \(number)"))
        try inserted.takeOut()
      }
    }

    @Test("a copy is the card: nothing at the reader tells them apart")
    func copy() async throws {
      try await CardBench.run { bench in
        let cards = ReaderCards()
        let first = try await bench.insert(try Self.tag("01120d8aa1b2c3d4", chip: "46"))
        let view = try await cards.numberCard()
        try first.takeOut()
        let second = try await bench.insert(try Self.tag("01120d8aa1b2c3d4", chip: "46"))
        #expect(try await cards.numberCard() == view)
        try second.takeOut()
      }
    }

    @Test("two of them are one too many; a mute one ends in time")
    func several() async throws {
      try await CardBench.run { bench in
        let cards = ReaderCards()
        let first = try await bench.insert(try Self.tag("04a1b2c3"))
        let second = try await bench.insert(try Self.tag("04a1b2c4"), port: 35_964)
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.numberCard() } == .ambiguousCard)
        try second.takeOut()
        try first.tell("fault mute")
        let start = ContinuousClock.now
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.numberCard() } == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(7))
        try first.takeOut()
      }
    }
  }
}
