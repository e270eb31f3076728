import Foundation
import GRDB

/// Puts what several threads want to write into one transaction: the disk is waited for once for all of them, and nobody goes on
/// before it.
///
/// Whoever comes while nobody writes takes along all who wait by then. Each change has a savepoint of its own: one that throws
/// takes back itself and nothing else. When the transaction as a whole does not get through, all of them hear it.
final class GroupCommit: Sendable {
  /// Changes of one transaction: what comes later waits for the next, and not behind a hundred others.
  static let most = 64

  private let line = Line()

  /// Blocks until `change` is durable, or taken back.
  /// - Parameter transaction: carries out what it is given in one transaction, durable when it returns.
  func write<R>(
    _ change: (Database) throws -> R, in transaction: ((Database) throws -> Void) throws -> Void
  ) throws -> R {
    try withoutActuallyEscaping(change) { change in
      var result: R?
      // Set before this thread is woken, read after.
      let turn = Turn { result = try change($0) }
      if line.join(turn) { lead(transaction) }
      try turn.outcome.get()
      guard let result else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
      return result
    }
  }

  /// Carries out a group, its own turn among them, and leaves the lead to the first of those who came meanwhile.
  private func lead(_ transaction: ((Database) throws -> Void) throws -> Void) {
    let group = line.take()
    do {
      try transaction { database in
        if group.count == 1 { return try group[0].carryOut(in: database) }
        for turn in group { try turn.carryOutAlone(in: database) }
      }
    } catch {
      for turn in group { turn.fail(error) }
    }
    line.end(group)
  }
}

/// One change and what became of it.
///
/// `outcome` and what `change` writes to belong to the thread that leads from `Line.take` to `Line.end`, and to the thread that
/// waits before and after.
private final class Turn: @unchecked Sendable {
  /// Gone when the turn is done: nothing of the thread that waited is held beyond that.
  private var change: ((Database) throws -> Void)?
  private(set) var outcome: Result<Void, any Error> = .success(())
  // Both under the line's lock.
  private(set) var isDone = false
  var isLeader = false

  init(_ change: @escaping (Database) throws -> Void) { self.change = change }

  /// A throw takes the whole transaction back, which is this change alone.
  func carryOut(in database: Database) throws { try change?(database) }

  /// - Throws: only when the transaction itself is gone.
  func carryOutAlone(in database: Database) throws {
    do {
      try database.inSavepoint {
        try carryOut(in: database)
        return .commit
      }
    } catch {
      outcome = .failure(error)
      // After some faults of the disk SQLite takes back everything.
      guard database.isInsideTransaction else { throw error }
    }
  }

  /// Nothing of the group was written. Who was refused by its own change keeps that answer.
  func fail(_ error: any Error) {
    if case .success = outcome { outcome = .failure(error) }
  }

  func end() {
    change = nil
    isDone = true
  }
}

/// Who waits, in order of arrival.
private final class Line: @unchecked Sendable {
  // Everything is touched only between lock and unlock.
  private let condition = NSCondition()
  private var waiting: [Turn] = []
  private var isLed = false

  /// - Returns: whether this thread is to lead; otherwise the turn is done.
  func join(_ turn: Turn) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    waiting.append(turn)
    if !isLed {
      isLed = true
      return true
    }
    while !turn.isDone && !turn.isLeader { condition.wait() }
    return turn.isLeader
  }

  func take() -> [Turn] {
    condition.lock()
    defer { condition.unlock() }
    let group = Array(waiting.prefix(GroupCommit.most))
    waiting.removeFirst(group.count)
    return group
  }

  func end(_ group: [Turn]) {
    condition.lock()
    defer { condition.unlock() }
    for turn in group { turn.end() }
    if let next = waiting.first { next.isLeader = true } else { isLed = false }
    condition.broadcast()
  }
}
