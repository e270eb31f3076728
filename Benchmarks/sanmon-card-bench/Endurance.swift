import Foundation
import LoadClient
import PCSCReader
import SmartCard

/// Many uses of a card that comes and goes, in a process of its own, so that what stays behind can be counted.
struct Endurance {
  let reader: String
  let uses: Int

  /// - Returns: one line: uses that found a card and that found none, then files, threads and bytes beyond those before.
  func line() async throws -> String {
    let monitor = ReaderMonitor()
    let reading = Task { for await _ in monitor.events {} }
    // What is made once is made now: the pools of threads and the timers of both kinds.
    for _ in 0..<min(uses, 500) { _ = await use() }
    try await Task.sleep(for: .milliseconds(10))
    let before = try Held()
    var (found, missed) = (0, 0)
    while found < uses {
      if await use() { found += 1 } else { missed += 1 }
      // A card that is out for good, or a service that is gone.
      guard missed < uses + 10_000 else { throw WrongAnswer("no card") }
    }
    // A thread that has answered needs a moment to end, its deadline's timer five seconds.
    try await Task.sleep(for: .seconds(6))
    let after = try Held()
    monitor.stop()
    await reading.value
    return "uses=\(found) missed=\(missed) " + after.beyond(before)
  }

  private func use() async -> Bool {
    do throws(CardFailure) {
      let left = try await CardReaders.withCard(reader: .named(reader)) { channel throws(CardFailure) in
        var card = PIVCard(channel: channel)
        try card.select()
        return try card.pinTriesLeft()
      }
      return left == 3
    } catch {
      try? await Task.sleep(for: .milliseconds(2))
      return false
    }
  }
}
