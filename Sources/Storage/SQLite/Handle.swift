import Dispatch
import GRDB
import Synchronization

/// The open database, shared by its writer and its readers. Closes when the last reader who was let in has its connection.
///
/// `DatabasePool.close()` alone is not enough: a reader that has asked for a connection and not got it yet would get one that is
/// closed, and using that ends the process.
final class Handle: Sendable {
  let pool: DatabasePool
  private let readers = Mutex<(arriving: Int, isClosing: Bool)>((0, false))
  private let everybodyArrived = DispatchSemaphore(value: 0)

  init(_ pool: DatabasePool) { self.pool = pool }

  /// - Returns: false once it closes; else the caller calls `arrived`, once.
  func enter() -> Bool {
    readers.withLock { readers in
      guard !readers.isClosing else { return false }
      readers.arriving += 1
      return true
    }
  }

  /// The reader has its connection, which the pool waits for from here on, or has given up.
  func arrived() {
    let isLast = readers.withLock { readers in
      readers.arriving -= 1
      return readers.isClosing && readers.arriving == 0
    }
    if isLast { everybodyArrived.signal() }
  }

  /// Called once.
  func close() {
    let mustWait = readers.withLock { readers in
      readers.isClosing = true
      return readers.arriving > 0
    }
    if mustWait { everybodyArrived.wait() }
    try? pool.close()
  }
}
