import AuditLog
import Dispatch
import DurableSQLite
import GRDB
import Synchronization

/// The one thread that writes. Whatever arrived while the last commit was being synced shares the next one (group commit).
///
/// After any error that is not a refusal, everything in the batch is answered as failed, the handle is closed and a new one is
/// opened before the next batch: a failed fsync may have thrown pages away that the old handle still believes in. Nothing is
/// tried twice.
final class Writer: Sendable {
  /// Units in one transaction.
  private static let batchLimit = 256
  /// Units waiting; the next one is refused. At about 5,000 a second the last in line waits about a second.
  private static let queueLimit = 4096

  /// How long one connection waits for another.
  private static let busySeconds = 5

  private struct Line {
    var waiting: [any PendingWork] = []
    var isDraining = false
    var isClosed = false
  }

  /// The last row that was answered as durable: it must still be there after a reopening.
  private struct Acknowledged {
    var size: UInt64
    var lastLeaf: TreeHash?
  }

  private let path: String
  private let localDayOffsetSeconds: Int
  private let queue = DispatchQueue(label: "sanmon.store.writer", qos: .userInitiated)
  private let line = Mutex(Line())
  private let handle: Mutex<Handle?>
  private let acknowledged: Mutex<Acknowledged>
  private let counters = Mutex(StoreCondition())
  private let pageLimit = Mutex<Int?>(nil)

  init(path: String, localDayOffsetSeconds: Int) throws(StorageFault) {
    self.path = path
    self.localDayOffsetSeconds = localDayOffsetSeconds
    let pool = try Self.open(path)
    handle = Mutex(Handle(pool))
    acknowledged = Mutex(try Self.end(of: pool))
  }

  // MARK: In line

  func enqueue(_ work: any PendingWork) {
    let refusal: StorageFault? = line.withLock { line in
      if line.isClosed { return .unavailable("the store is closed") }
      if line.waiting.count >= Self.queueLimit { return .unavailable("too many changes are waiting") }
      line.waiting.append(work)
      if !line.isDraining {
        line.isDraining = true
        queue.async { self.drain() }
      }
      return nil
    }
    if let refusal { work.answer(refusal) }
  }

  private func drain() {
    while true {
      let batch = line.withLock { line -> [any PendingWork] in
        guard !line.waiting.isEmpty else {
          line.isDraining = false
          return []
        }
        let batch = Array(line.waiting.prefix(Self.batchLimit))
        line.waiting.removeFirst(batch.count)
        return batch
      }
      if batch.isEmpty { return }
      let answers: [StorageFault?]
      do throws(StorageFault) {
        answers = try commit(batch)
      } catch {
        answers = batch.map { _ in error }
      }
      for (work, answer) in zip(batch, answers) { work.answer(answer) }
    }
  }

  // MARK: One transaction

  /// - Returns: for each unit `nil` or why it alone was undone. Throwing means that none is durable as far as anybody may rely on.
  private func commit(_ batch: [any PendingWork]) throws(StorageFault) -> [StorageFault?] {
    let handle = try openHandle()
    do {
      let answers = try handle.pool.writeWithoutTransaction { db in try self.transaction(batch, db) }
      try remember(handle.pool)
      counters.withLock { counters in
        counters.batches += 1
        counters.committed += answers.count { $0 == nil }
      }
      return answers
    } catch {
      let fault = SQLiteFault.of(error)
      counters.withLock { $0.failedBatches += 1 }
      discard(handle)
      // Readers need a handle too. If this fails, the next batch tries again.
      _ = try? openHandle()
      if case .conflict(let reason) = fault { throw .unavailable(reason) }
      throw fault
    }
  }

  private func transaction(_ batch: [any PendingWork], _ db: Database) throws -> [StorageFault?] {
    do {
      try db.beginTransaction(.immediate)
      var answers: [StorageFault?] = []
      for work in batch { answers.append(try attempt(work, db)) }
      try db.commit()
      return answers
    } catch {
      if db.isInsideTransaction { try? db.rollback() }
      throw error
    }
  }

  private func attempt(_ work: any PendingWork, _ db: Database) throws -> StorageFault? {
    let trouble = Trouble()
    try db.run("SAVEPOINT change")
    do throws(StorageFault) {
      var state = SQLiteState(db: db, trouble: trouble, localDayOffsetSeconds: localDayOffsetSeconds)
      try work.run(on: &state)
    } catch {
      if let fatal = trouble.fatal { throw fatal }
      try db.run("ROLLBACK TO SAVEPOINT change")
      try db.run("RELEASE SAVEPOINT change")
      return error
    }
    // A change that swallowed an I/O error does not get the others committed.
    if let fatal = trouble.fatal { throw fatal }
    try db.run("RELEASE SAVEPOINT change")
    return nil
  }

  // MARK: The log of pages

  /// Copies the write-ahead log into the database and cuts it to nothing, between two batches: pages as they were before a removal
  /// stand there until then.
  /// - Returns: `false` if a reader still needs it.
  func emptyLog() async throws(StorageFault) -> Bool {
    try await withCheckedContinuation { (done: CheckedContinuation<Result<Bool, StorageFault>, Never>) in
      queue.async {
        do throws(StorageFault) { done.resume(returning: .success(try self.emptyLogNow())) } catch {
          done.resume(returning: .failure(error))
        }
      }
    }.get()
  }

  private func emptyLogNow() throws(StorageFault) -> Bool {
    let handle = try openHandle()
    do {
      return try handle.pool.writeWithoutTransaction { db in
        // A backup may read for minutes, and every commit would wait behind us.
        try db.execute(sql: "PRAGMA busy_timeout = 0")
        defer { try? db.execute(sql: "PRAGMA busy_timeout = \(Self.busySeconds * 1000)") }
        do { try db.checkpoint(.truncate) } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
          return false
        }
        return true
      }
    } catch {
      discard(handle)
      _ = try? openHandle()
      throw SQLiteFault.of(error)
    }
  }

  // MARK: The handle

  /// The handle for one reader, who was let in (`Handle.enter`); waits for the writer's thread to open a new one if the old one
  /// was given up.
  func readingHandle() async throws(StorageFault) -> Handle {
    while true {
      let handle = try await anyHandle()
      if handle.enter() { return handle }
    }
  }

  private func anyHandle() async throws(StorageFault) -> Handle {
    if let handle = handle.withLock({ $0 }) { return handle }
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Handle, StorageFault>, Never>) in
      queue.async {
        do throws(StorageFault) { done.resume(returning: .success(try self.openHandle())) } catch {
          done.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  /// Only on the writer's thread.
  private func openHandle() throws(StorageFault) -> Handle {
    if let handle = handle.withLock({ $0 }) { return handle }
    if line.withLock({ $0.isClosed }) { throw .unavailable("the store is closed") }
    let pool = try Self.open(path)
    do {
      let found = try requireAcknowledged(in: pool)
      if let pages = pageLimit.withLock({ $0 }) { try Self.limit(pool, to: pages) }
      counters.withLock { counters in
        counters.reopenings += 1
        counters.unansweredRows += found
      }
    } catch {
      try? pool.close()
      throw SQLiteFault.of(error)
    }
    let new = Handle(pool)
    handle.withLock { $0 = new }
    return new
  }

  private func discard(_ old: Handle) {
    handle.withLock { $0 = nil }
    old.close()
  }

  private func remember(_ pool: DatabasePool) throws(StorageFault) {
    let end = try Self.end(of: pool)
    acknowledged.withLock { $0 = end }
  }

  private static func end(of pool: DatabasePool) throws(StorageFault) -> Acknowledged {
    try Trouble().asking {
      try pool.writeWithoutTransaction { db in
        let size = try AuditTable.size(in: db)
        return Acknowledged(size: size, lastLeaf: size == 0 ? nil : try AuditTable.leafHash(at: size - 1, in: db))
      }
    }
  }

  /// - Returns: rows that became durable although their batch was answered as failed (a sync that failed after the write).
  private func requireAcknowledged(in pool: DatabasePool) throws -> UInt64 {
    let before = acknowledged.withLock { $0 }
    let now = try Self.end(of: pool)
    let leaf = before.size == 0 ? nil : try pool.read { try AuditTable.leafHash(at: before.size - 1, in: $0) }
    guard now.size >= before.size, leaf == before.lastLeaf else {
      throw StorageFault.corrupt("rows that were answered as durable are gone")
    }
    acknowledged.withLock { $0 = now }
    return now.size - before.size
  }

  private static func open(_ path: String) throws(StorageFault) -> DatabasePool {
    let hadContent = try DatabaseFile.prepare(path)
    return try Trouble().asking {
      var configuration = Configuration()
      configuration.foreignKeysEnabled = true
      configuration.busyMode = .timeout(Double(Self.busySeconds))
      configuration.maximumReaderCount = 4
      // A rollback that fails on a broken disk must not end the process.
      configuration.allowsUnsafeTransactions = true
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
      }
      if hadContent { try requireKnown(path, configuration) }
      let pool = try DatabasePool(path: path, configuration: configuration)
      do {
        try pool.writeWithoutTransaction { db in
          try Durability.establish(on: db)
          try WriteAheadLog.writeAgain(db)
        }
        try Migrations.migrator.migrate(pool)
        try pool.writeWithoutTransaction(Durability.establish)
      } catch {
        try? pool.close()
        throw error
      }
      return pool
    }
  }

  /// Looks without writing, unless a power cut fell into the making of the file: any reader first has to undo that half.
  private static func requireKnown(_ path: String, _ configuration: Configuration) throws {
    func look(readonly: Bool) throws {
      var peek = configuration
      peek.readonly = readonly
      let file = try DatabaseQueue(path: path, configuration: peek)
      try file.read(Migrations.requireKnown)
      try file.close()
    }
    do { try look(readonly: true) } catch let error as DatabaseError
      where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK
    { try look(readonly: false) }
  }

  // MARK: For the store

  func condition() -> StoreCondition {
    var condition = counters.withLock { $0 }
    condition.isOpen = handle.withLock { $0 } != nil
    return condition
  }

  func close() {
    line.withLock { $0.isClosed = true }
    queue.sync {}
    let open = handle.withLock { handle in
      defer { handle = nil }
      return handle
    }
    guard let open else { return }
    // So that the one file is the whole database for whoever copies it now. If it fails, the side file has the rest.
    _ = try? open.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    open.close()
  }

  /// A disk that is full at so many pages, for tests; `nil` lifts it.
  func limitPages(to pages: Int?) throws(StorageFault) {
    pageLimit.withLock { $0 = pages }
    guard let pool = handle.withLock({ $0?.pool }) else { return }
    try Trouble().asking { try Self.limit(pool, to: pages ?? 1_073_741_823) }
  }

  private static func limit(_ pool: DatabasePool, to pages: Int) throws {
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
  }

  /// A pragma of the writer's connection, as text, for tests.
  func writerSetting(_ pragma: String) throws(StorageFault) -> String? {
    guard let pool = handle.withLock({ $0?.pool }) else { return nil }
    return try Trouble().asking { try pool.writeWithoutTransaction { try Durability.setting(pragma, of: $0) } }
  }
}
