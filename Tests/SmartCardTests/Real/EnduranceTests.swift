import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Testing
import Workstation

extension RealCardSuite {
  @Suite("two readers, and many cards one after the other")
  struct Endurance {
    /// Open files and threads of this process that belong to cards.
    private static func held() throws -> (files: Int, threads: Int) {
      let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { task in
        (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8))?.hasPrefix("sanmon-") ?? false
      }
      return (try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count, tasks.count)
    }

    private static func residentBytes() throws -> Int {
      let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
      return (Int(fields[1]) ?? 0) * 4096
    }

    @Test("two cards in two readers, used at the same time, each with its own PIN state")
    func together() async throws {
      try await CardBench.run { bench in
        let (first, second) = (
          try await bench.insert(try CardBench.card()), try await bench.insert(try CardBench.card(.init(key: "p384")), port: 35_964)
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
        #expect(
          try await CardReaders.withCard(reader: .named(CardBench.firstReader)) { channel throws(CardFailure) in
            var card = PIVCard(channel: channel)
            try card.select()
            return try card.verifyPIN(RealCardSuite.wrongPIN)
          } == .wrong(triesLeft: 2))
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

    /// Putting a card in and taking it out costs more than a second each time, because the service looks every 400 ms: eight of
    /// those, and thousands of uses, which open and close all that a use opens. `SANMON_CARD_CYCLES` sets the number of uses.
    @Test("10,000 uses and a card that comes and goes: no file, no thread and no memory stays behind", .timeLimit(.minutes(10)))
    func nothingStays() async throws {
      let uses = ProcessInfo.processInfo.environment["SANMON_CARD_CYCLES"].flatMap { Int($0) } ?? 10_000
      try await CardBench.run { bench in
        let monitor = ReaderMonitor()
        let reading = Task { for await _ in monitor.events {} }
        let inserted = try await bench.insert(try CardBench.card())
        func use() async throws {
          _ = try await CardReaders.withCard(reader: .named(CardBench.firstReader)) { channel throws(CardFailure) in
            var card = PIVCard(channel: channel)
            try card.select()
            return try card.pinTriesLeft()
          }
        }
        for _ in 0..<200 { try await use() }
        let (before, memory) = (try Self.held(), try Self.residentBytes())
        for number in 0..<uses {
          try await use()
          if number % max(1, uses / 8) == 0 {
            try inserted.tell("remove")
            let found = await RealCardSuite.failure { () async throws(CardFailure) in
              try await RealCardSuite.prove(.authentication, pin: nil, reader: .named(CardBench.firstReader))
            }
            #expect(found == .noCard)
            try inserted.tell("insert")
            try await Faults.eventually { (try? await use()) != nil }
          }
        }
        // A thread that has answered may need a moment to end.
        try await Faults.eventually { try Self.held().threads <= before.threads }
        let after = try Self.held()
        #expect(after.files <= before.files + 2 && after.threads <= before.threads, "\(before) then \(after)")
        // Pages come and go with the allocator and the sanitizers; a leak of one page a use would be 40 MB.
        let grown = try Self.residentBytes() - memory
        #expect(grown < 32 << 20, "\(grown) bytes more")
        monitor.stop()
        await reading.value
        try inserted.takeOut()
      }
    }
  }
}
