import AuthTerms
import Synchronization

/// Counts what has no row yet, so that whoever causes it for ever cannot fill the disk: one row, then at most one a minute. Bounded
/// by its keys.
final class RowLedger<Key: Hashable & Sendable>: Sendable {
  private struct Entry {
    var lastRow: Moment?
    var waiting: Int64 = 0
  }

  private let entries = Mutex<[Key: Entry]>([:])

  /// How many the row to be written now stands for; `nil` when it is too early for one.
  func count(_ key: Key, at now: Moment) -> Int64? {
    entries.withLock { entries in
      var entry = entries[key] ?? Entry()
      entry.waiting += 1
      defer { entries[key] = entry }
      if let last = entry.lastRow, now.milliseconds(since: last) < 60_000 { return nil }
      entry.lastRow = now
      defer { entry.waiting = 0 }
      return entry.waiting
    }
  }

  /// The row was not written.
  func restore(_ key: Key, count: Int64) {
    entries.withLock { $0[key, default: Entry()].waiting += count }
  }
}
