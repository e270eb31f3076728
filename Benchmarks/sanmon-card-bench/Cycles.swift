import Foundation
import LoadClient
import PCSCReader
import SmartCard
import Synchronization

/// Cards put in and taken out, in many readers side by side, by a process of its own, so that what stays behind can be counted.
///
/// One cycle: a card is put in, the monitor says so, the card is held and asked for its counter of tries, it is taken out, the
/// monitor says so. The reader service looks every 400 ms and the simulator waits 600 ms before a card comes back: a reader does
/// about one cycle a second.
struct Cycles {
  /// One pipe of a simulator's control lines for each reader, under the reader's name.
  let pipes: String
  let count: Int

  private struct Reader {
    let name: String
    let control: Int32
    let events: AsyncStream<ReaderEvent>
  }

  /// How many cycles are still to be begun, and how many are over.
  private final class Tally: Sendable {
    private let state: Mutex<(left: Int, done: Int, missed: Int)>

    init(_ count: Int) { state = Mutex((count, 0, 0)) }

    func take() -> Bool {
      state.withLock { state in
        guard state.left > 0 else { return false }
        state.left -= 1
        return true
      }
    }

    func finish(missed: Int) {
      state.withLock { state in
        state.done += 1
        state.missed += missed
      }
    }

    var done: Int { state.withLock { $0.done } }
    var missed: Int { state.withLock { $0.missed } }
  }

  /// - Returns: one line: cycles, tries that found a reader busy, then files, threads and bytes beyond those before.
  func line() async throws -> String {
    let monitor = ReaderMonitor()
    defer { monitor.stop() }
    let (readers, sorting) = try open(monitor)
    // What is made once is made now: the pools of threads and the timers of both kinds.
    try await run(readers, Tally(2 * readers.count))
    // A thread that has answered needs a moment to end, its deadline's timer five seconds.
    try await Task.sleep(for: .seconds(6))
    let before = try Held()
    let tally = Tally(count)
    try await run(readers, tally)
    try await Task.sleep(for: .seconds(6))
    let after = try Held()
    sorting.cancel()
    return "cycles=\(tally.done) readers=\(readers.count) missed=\(tally.missed) " + after.beyond(before)
  }

  /// Opens the pipes, each of which waits for its simulator, and hands every reader its own events.
  private func open(_ monitor: ReaderMonitor) throws -> ([Reader], Task<Void, Never>) {
    var readers: [Reader] = []
    var sinks: [String: AsyncStream<ReaderEvent>.Continuation] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: pipes).sorted() {
      let (events, sink) = AsyncStream.makeStream(of: ReaderEvent.self)
      let control = Foundation.open(pipes + "/" + name, O_WRONLY | O_CLOEXEC)
      guard control >= 0 else { throw WrongAnswer("no pipe of control lines: \(name)") }
      readers.append(Reader(name: name, control: control, events: events))
      sinks[name] = sink
    }
    guard !readers.isEmpty else { throw WrongAnswer("no pipes of control lines") }
    let (all, targets) = (monitor.events, sinks)
    let sorting = Task {
      for await event in all {
        switch event {
        case .inserted(let reader, _), .removed(let reader): targets[reader]?.yield(event)
        case .readers, .serviceLost, .serviceAvailable: break
        }
      }
      for target in targets.values { target.finish() }
    }
    return (readers, sorting)
  }

  private func run(_ readers: [Reader], _ tally: Tally) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for reader in readers {
        group.addTask {
          var events = reader.events.makeAsyncIterator()
          while tally.take() {
            try Self.tell("insert", reader)
            try await Self.wait(&events, for: { if case .inserted = $0 { true } else { false } })
            let missed = try await Self.use(reader.name)
            try Self.tell("remove", reader)
            try await Self.wait(&events, for: { if case .removed = $0 { true } else { false } })
            tally.finish(missed: missed)
          }
        }
      }
      group.addTask { try await Self.watch(tally) }
      for _ in readers { _ = try await group.next() }
      group.cancelAll()
    }
  }

  /// Ends it all when no card has come or gone for a minute.
  private static func watch(_ tally: Tally) async throws {
    var last = -1
    while true {
      do { try await Task.sleep(for: .seconds(60)) } catch { return }
      let done = tally.done
      guard done != last else { throw WrongAnswer("no cycle for a minute, after \(done)") }
      last = done
    }
  }

  /// - Throws: `CancellationError` when nothing is told any more.
  private static func wait(
    _ events: inout AsyncStream<ReaderEvent>.Iterator, for isMeant: (ReaderEvent) -> Bool
  ) async throws {
    while let event = await events.next() {
      if isMeant(event) { return }
    }
    throw CancellationError()
  }

  private static func tell(_ line: String, _ reader: Reader) throws {
    let bytes = Array((line + "\n").utf8)
    guard write(reader.control, bytes, bytes.count) == bytes.count else { throw WrongAnswer("no simulator: \(reader.name)") }
  }

  /// - Returns: how often somebody else's turn had to be waited for: at most eight cards are held at a time.
  private static func use(_ reader: String) async throws -> Int {
    let end = ContinuousClock.now + .seconds(30)
    var missed = 0
    while true {
      var left: Int?
      do throws(CardFailure) {
        let found = try await CardReaders.withCard(reader: .named(reader)) { channel throws(CardFailure) in
          var card = PIVCard(channel: channel)
          try card.select()
          return try card.pinTriesLeft()
        }
        left = found
      } catch {
        guard error == .readerBusy, ContinuousClock.now < end else { throw error }
      }
      if let left {
        guard left == 3 else { throw WrongAnswer("another card in \(reader)") }
        return missed
      }
      missed += 1
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}
