import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Synchronization
import Testing

extension RealCardSuite {
  @Suite("readers, events and the service")
  struct Readers {
    private static func choose(_ reader: ReaderChoice = .onlyPIVCard) async -> CardFailure? {
      await RealCardSuite.failure { () async throws(CardFailure) in
        try await CardReaders.withCard(reader: reader, deadline: .seconds(5)) { channel throws(CardFailure) in channel.reader }
      }
    }

    @Test("F11: the card is chosen by what it can do, not by its place")
    func choice() async throws {
      try await CardBench.run { bench in
        #expect(await Self.choose() == .noCard)
        #expect(await Self.choose(.named(CardBench.firstReader)) == .noCard)
        #expect(await Self.choose(.named("Virtual PCD")) == .noReader)

        let first = try await bench.insert(try CardBench.card(), fault: "no-applet")
        try await Faults.eventually { await Self.choose() == .unsupportedCard }
        let second = try await bench.insert(try CardBench.card(), port: 35_964)
        try await Faults.eventually {
          try await CardReaders.states().filter(\.hasCard).count == 2
        }
        // One PIV card beside another card: it is the one, though it sits in the second reader.
        let used = try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in channel.reader }
        #expect(used == CardBench.secondReader)

        try first.tell("fault none")
        #expect(await Self.choose() == .ambiguousCard)
        #expect(await Self.choose(.named(CardBench.firstReader)) == nil)
        try second.takeOut()
        try await Faults.eventually { await Self.choose() == nil }

        // Another name for the reader, as after another port: nobody notices.
        try bench.renameReaders("Other Make")
        try first.wait(for: "inserted")
        try await Faults.eventually { await Self.choose() == nil }
        #expect(try await CardReaders.states().map(\.reader) == ["Other Make 00 00", "Other Make 00 01"])
        try first.takeOut()
      }
    }

    @Test("insertion and removal are told within a second")
    func events() async throws {
      try await CardBench.run { bench in
        let log = EventLog()
        defer { log.end() }
        try await log.wait {
          $0.contains(.serviceAvailable) && $0.contains(.readers([CardBench.firstReader, CardBench.secondReader]))
        }
        let inserted = try await bench.insert(try CardBench.card())
        let atr: [UInt8] = [0x3B, 0x80, 0x01, 0x81]
        try await log.wait(seconds: 1) { $0.contains(.inserted(reader: CardBench.firstReader, atr: atr)) }
        // Using the card is no event.
        _ = try await RealCardSuite.prove(.cardAuthentication, pin: nil)
        try inserted.send("remove")
        try await log.wait(seconds: 1) { $0.contains(.removed(reader: CardBench.firstReader)) }
        try inserted.wait(for: "removed")
        try inserted.tell("insert")
        try await log.wait(seconds: 1) { $0.filter { $0 == .inserted(reader: CardBench.firstReader, atr: atr) }.count == 2 }
        #expect(log.events.filter { $0 == .removed(reader: CardBench.firstReader) }.count == 1)
        try inserted.takeOut()
      }
    }

    @Test("F1: the service dies while we wait; losing it is no removal of ours to report, and the next logon works")
    func serviceDies() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        let log = EventLog()
        defer { log.end() }
        try await log.wait { $0.contains { if case .inserted = $0 { true } else { false } } }
        try bench.killService()
        try await log.wait(seconds: 2) { $0.contains(.serviceLost) }
        #expect(await Self.choose() == .serviceUnavailable)
        try await Task.sleep(for: .seconds(1))
        #expect(log.events.filter { $0 == .serviceLost }.count == 1)
        #expect(!log.events.contains { if case .removed = $0 { true } else { false } })

        try bench.startService()
        let back = ContinuousClock.now
        try inserted.wait(for: "inserted")
        try await Faults.eventually {
          await RealCardSuite.failure { () async throws(CardFailure) in
            try await RealCardSuite.prove(.authentication, pin: RealCardSuite.pin)
          } == nil
        }
        #expect(ContinuousClock.now - back < .seconds(2))
        try await log.wait(seconds: 2) { $0.filter { $0 == .serviceAvailable }.count == 2 }
        try await log.wait(seconds: 2) { $0.filter { if case .inserted = $0 { true } else { false } }.count == 2 }
        try inserted.takeOut()
      }
    }

    @Test("F1: the service dies in the middle of a use")
    func serviceDiesInUse() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        let found = await RealCardSuite.failure { () async throws(CardFailure) in
          try await CardReaders.withCard(deadline: .seconds(20)) { channel throws(CardFailure) in
            var card = PIVCard(channel: channel)
            try card.select()
            _ = try card.verifyPIN(RealCardSuite.pin)
            try? bench.killService()
            return try card.sign(slot: .authentication, algorithm: .p256, digest: RealCardSuite.digest)
          }
        }
        #expect(found == .serviceLost)
        try inserted.takeOut()
      }
    }

    @Test("F2: no service at start: said once, waited for without haste, found when it comes")
    func noService() async throws {
      try await CardBench.run { bench in
        try bench.stopService()
        #expect(await Self.choose() == .serviceUnavailable)
        let log = EventLog()
        defer { log.end() }
        try await log.wait { $0 == [.serviceLost] }
        let used = try Self.ticksOfMonitors()
        try await Task.sleep(for: .seconds(2))
        #expect(try Self.ticksOfMonitors() - used < 20, "no busy waiting")
        #expect(log.events == [.serviceLost])
        try bench.startService()
        try await log.wait(seconds: 2) { $0.contains(.serviceAvailable) }
      }
    }

    @Test("a monitor that is stopped ends its stream")
    func stops() async throws {
      try await CardBench.run { _ in
        let monitor = ReaderMonitor()
        var seen = 0
        for await event in monitor.events {
          seen += 1
          if case .readers = event { monitor.stop() }
        }
        #expect(seen >= 2)
      }
    }

    /// Clock ticks (1/100 s) that the threads of monitors used so far; other tests run in this process too.
    private static func ticksOfMonitors() throws -> Int {
      let tasks = "/proc/self/task"
      var ticks = 0
      for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
        guard let stat = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8),
          stat.contains("(sanmon-readers)")
        else { continue }
        let fields = stat.split(separator: ")").last?.split(separator: " ").compactMap { Int($0) } ?? []
        // After the name: state (no number), then ppid …; utime and stime are the 11th and 12th numbers.
        ticks += fields.count > 11 ? fields[10] + fields[11] : 0
      }
      return ticks
    }
  }
}

/// Keeps what a monitor says.
private final class EventLog: Sendable {
  private let monitor = ReaderMonitor()
  private let kept = Mutex<[ReaderEvent]>([])
  private let reading = Mutex<Task<Void, Never>?>(nil)

  init() {
    let task = Task { [monitor, weak self] in
      for await event in monitor.events { self?.keep(event) }
    }
    reading.withLock { $0 = task }
  }

  private func keep(_ event: ReaderEvent) { kept.withLock { $0.append(event) } }

  var events: [ReaderEvent] { kept.withLock { $0 } }

  func wait(seconds: Int = 5, until condition: ([ReaderEvent]) -> Bool) async throws {
    for _ in 0..<(seconds * 50) {
      if condition(events) { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw Shell.Failed(description: "not within \(seconds) s; the events were \(events)")
  }

  func end() { monitor.stop() }
}
