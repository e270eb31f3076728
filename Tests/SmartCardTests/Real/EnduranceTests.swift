import AuthTerms
import Foundation
import PCSCReader
import Programs
import SmartCard
import Testing
import Workstation

extension RealCardSuite {
  @Suite("two readers, and many cards one after the other")
  struct Endurance {
    @Test("two cards in two readers, used at the same time, each with its own PIN state")
    func together() async throws {
      try await CardBench.run { bench in
        let (first, second) = (
          try await bench.insert(try CardBench.card()),
          try await bench.insert(try CardBench.card(.init(key: "p384")), port: 35_964)
        )
        try await Faults.eventually { try await CardReaders.states().filter(\.hasCard).count == 2 }
        await withTaskGroup(of: CardFailure?.self) { group in
          for round in 0..<20 {
            let reader = round.isMultiple(of: 2) ? CardBench.firstReader : CardBench.secondReader
            group.addTask {
              await RealCardSuite.failure { () async throws(CardFailure) in
                try await RealCardSuite.prove(
                  .authentication, pin: RealCardSuite.pin, reader: .named(reader), deadline: .seconds(20))
              }
            }
            // Beyond eight at a time the ninth is told "busy", which is another test.
            if round % 6 == 5 { for await failure in group { #expect(failure == nil) } }
          }
          for await failure in group { #expect(failure == nil) }
        }
        // A PIN that was wrong in one reader says nothing about the card in the other.
        let wrong = try await CardReaders.withCard(reader: .named(CardBench.firstReader)) { channel throws(CardFailure) in
          var card = PIVCard(channel: channel)
          try card.select()
          return try card.verifyPIN(RealCardSuite.wrongPIN)
        }
        #expect(wrong == .wrong(triesLeft: 2))
        let view = try await ReaderCards(reader: CardBench.secondReader).view()
        #expect(view.triesLeft == 3)
        try first.takeOut()
        try second.takeOut()
      }
    }

    @Test("a card is free while its holder types: another program reads it between two talks")
    func freeWhileTyping() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        let cards = ReaderCards()
        let view = try await cards.view()
        // The person types now. Somebody else's program takes the card alone, and lets go of it.
        try await CardReaders.withCard(reader: .named(view.reader), access: .exclusive, deadline: .seconds(5)) {
          _ throws(CardFailure) in
        }
        #expect(try Shell.must("opensc-tool", ["-n"]).contains("Personal Identity Verification Card"))
        let signed = try await cards.run(
          CardErrand(
            reader: view.reader, slot: .authentication, certificate: try #require(view.certificates[.authentication]),
            digest: RealCardSuite.digest, pin: RealCardSuite.pin, leastTries: 2))
        guard case .signed = signed else {
          Issue.record("\(signed)")
          return
        }
        try inserted.takeOut()
      }
    }

    /// Putting a card in and taking it out costs more than a second each time, because the service looks every 400 ms: it leaves
    /// eight times between thousands of uses, which open and close all that a use opens. `SANMON_CARD_USES` sets their number.
    /// A process of its own: other tests open files in this one.
    @Test("10,000 uses and a card that comes and goes: no file, no thread and no memory stays behind", .timeLimit(.minutes(10)))
    func nothingStays() async throws {
      #if DEBUG
        let usual = 1_000
      #else
        let usual = 10_000
      #endif
      let uses = ProcessInfo.processInfo.environment["SANMON_CARD_USES"].flatMap { Int($0) } ?? usual
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        let program = try Program([CardBench.programs + "/sanmon-card-bench", "--endure", "\(uses)"])
        for _ in 0..<8 {
          try await Task.sleep(for: .milliseconds(500))
          try inserted.tell("remove")
          try inserted.tell("insert")
        }
        let ended = try program.end(within: 500)
        #expect(ended.status == 0, "\(ended)")
        let said = Self.numbers(ended.output)
        #expect(said["uses"] == uses && said["files"] == 0 && said["threads"] == 0, "\(ended.output)")
        // Pages come and go with the allocator; a leak of one page a use would be 40 MB.
        #expect((said["bytes"] ?? .max) < 16 << 20, "\(ended.output)")
        try inserted.takeOut()
      }
    }

    /// The words `name=number` of a line.
    private static func numbers(_ line: String) -> [String: Int] {
      Dictionary(
        line.split(whereSeparator: \.isWhitespace).compactMap { word -> (String, Int)? in
          let parts = word.split(separator: "=")
          return parts.count == 2 ? Int(parts[1]).map { (String(parts[0]), $0) } : nil
        }, uniquingKeysWith: { first, _ in first })
    }

    /// `SANMON_CARD_CYCLES` sets their number, of all readers together: deploy/soak has 10,000 of them in a quarter of an hour.
    @Test(
      "14 readers, in each a card put in, seen, used, taken out and seen to be gone: no file, thread or byte stays behind",
      .timeLimit(.minutes(90)))
    func comeAndGo() async throws {
      let cycles = ProcessInfo.processInfo.environment["SANMON_CARD_CYCLES"].flatMap { Int($0) } ?? 56
      try await CardBench.run(pairs: 7) { bench in
        let pipes = CardBench.folder + "/pipes"
        try? FileManager.default.removeItem(atPath: pipes)
        try FileManager.default.createDirectory(atPath: pipes, withIntermediateDirectories: true)
        let cards = try CardBench.readers(pairs: 7).map { reader in
          let pipe = pipes + "/" + reader.name
          guard mkfifo(pipe, 0o600) == 0 else { throw Shell.Failed(description: "no pipe: \(pipe)") }
          return try bench.obey(try CardBench.card(), port: reader.port, pipe: pipe)
        }
        let program = try Program(
          [CardBench.programs + "/sanmon-card-bench", "--cycles", "\(cycles)", "--pipes", pipes])
        let ended = try await program.ending(within: 300 + Double(cycles) / 4)
        #expect(ended.status == 0, "\(ended)")
        let said = Self.numbers(ended.output)
        #expect(said["cycles"] == cycles && said["readers"] == 14, "\(ended.output)")
        #expect(said["files"] == 0 && said["threads"] == 0, "\(ended.output)")
        // Each thread of the pools keeps some bytes for its next allocations: of 10,000 cycles, 105 bytes of each would be noticed.
        #expect((said["heap"] ?? .max) < 1 << 20 && (said["bytes"] ?? .max) < 16 << 20, "\(ended.output)")
        for card in cards { #expect(try card.takeOut() == 0) }
      }
    }
  }
}
