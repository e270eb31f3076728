import Dispatch
import GRDB
import Synchronization

/// One thread for short reads. Whatever arrived while the last ones were answered shares the next snapshot: a transaction and
/// a change of threads for many of them instead of one for each.
final class Lookups: Sendable {
  /// Queries in one snapshot: at about 20 µs each, nobody waits longer than a commit takes.
  private static let batchLimit = 128
  /// Queries waiting; the next one is refused.
  private static let queueLimit = 4096

  private struct Line {
    var waiting: [any PendingLookup] = []
    var isDraining = false
  }

  private let queue = DispatchQueue(label: "sanmon.store.lookups", qos: .userInitiated)
  private let line = Mutex(Line())

  func enqueue(_ lookup: any PendingLookup) {
    let isAdmitted = line.withLock { line in
      guard line.waiting.count < Self.queueLimit else { return false }
      line.waiting.append(lookup)
      if !line.isDraining {
        line.isDraining = true
        queue.async { self.drain() }
      }
      return true
    }
    if !isAdmitted { lookup.fail(.unavailable("too many queries are waiting")) }
  }

  private func drain() {
    while let (handle, batch) = next() {
      do {
        try handle.pool.read { db in
          for lookup in batch { lookup.run(on: db) }
        }
      } catch {
        // Who was answered before the handle failed was answered from it; the others are told.
        for lookup in batch { lookup.fail(SQLiteFault.of(error)) }
      }
    }
  }

  /// The longest run of queries for one handle.
  private func next() -> (Handle, [any PendingLookup])? {
    line.withLock { line in
      guard let handle = line.waiting.first?.handle else {
        line.isDraining = false
        return nil
      }
      let batch = Array(line.waiting.prefix(Self.batchLimit).prefix { $0.handle === handle })
      line.waiting.removeFirst(batch.count)
      return (handle, batch)
    }
  }
}

/// A query that waits for its snapshot.
protocol PendingLookup: AnyObject, Sendable {
  /// The handle it asks, and was let in to.
  var handle: Handle { get }
  func run(on db: Database)
  /// Nothing happens if it was answered already.
  func fail(_ fault: StorageFault)
}

final class PendingQuery<R: Sendable>: PendingLookup {
  typealias Continuation = CheckedContinuation<Result<R, StorageFault>, Never>

  let handle: Handle
  private let localDayOffsetSeconds: Int
  private let query: @Sendable (SQLiteState) throws(StorageFault) -> R
  private let continuation: Mutex<Continuation?>

  init(
    _ handle: Handle, localDayOffsetSeconds: Int, _ query: @escaping @Sendable (SQLiteState) throws(StorageFault) -> R,
    _ continuation: Continuation
  ) {
    self.handle = handle
    self.localDayOffsetSeconds = localDayOffsetSeconds
    self.query = query
    self.continuation = Mutex(continuation)
  }

  func run(on db: Database) {
    do throws(StorageFault) {
      // Its own trouble: one damaged row is the fault of whoever asked for it.
      let state = SQLiteState(db: db, trouble: Trouble(), localDayOffsetSeconds: localDayOffsetSeconds)
      answer(.success(try query(state)))
    } catch {
      answer(.failure(error))
    }
  }

  func fail(_ fault: StorageFault) { answer(.failure(fault)) }

  private func answer(_ result: Result<R, StorageFault>) {
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    guard let waiting else { return }
    handle.arrived()
    waiting.resume(returning: result)
  }
}
