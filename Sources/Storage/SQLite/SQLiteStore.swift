public import AuditLog
import Dispatch
import GRDB

/// The store on one SQLite file: WAL, `synchronous = FULL`, one writer with group commit, readers beside it.
public final class SQLiteStore: CheckpointingStore, Sendable {
  /// Of the file; the write-ahead log is `-wal` behind it.
  public let path: String
  private let writer: Writer
  private let lookups = Lookups()
  private let localDayOffsetSeconds: Int

  /// Opens or creates the file and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - path: created with mode 0600; refused when others can write it or its folder.
  ///   - localDayOffsetSeconds: the city's offset from UTC, for references (Japan: 32,400).
  /// - Throws: `.conflict` for a file that is not ours, open to others, or of a newer version; `.unavailable` when the required
  ///   durability is not in force.
  public init(path: String, localDayOffsetSeconds: Int = 32_400) throws(StorageFault) {
    self.localDayOffsetSeconds = localDayOffsetSeconds
    self.path = path
    writer = try Writer(path: path, localDayOffsetSeconds: localDayOffsetSeconds)
  }

  deinit { writer.close() }

  public func commit<C: Change>(_ change: C) async throws(StorageFault) -> C.Outcome {
    let writer = writer
    return try await withCheckedContinuation { writer.enqueue(PendingChange(change, $0)) }.get()
  }

  public func read<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    try await reading { (state) throws(StorageFault) in try query(state) }
  }

  public func lookUp<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    let handle = try await writer.readingHandle()
    let (offset, lookups) = (localDayOffsetSeconds, lookups)
    return try await withCheckedContinuation { continuation in
      lookups.enqueue(
        PendingQuery(
          handle, localDayOffsetSeconds: offset, { (state) throws(StorageFault) in try query(state) }, continuation))
    }.get()
  }

  public func eraseRemoved() async throws(StorageFault) -> Bool { try await writer.emptyLog() }

  public func indexOlderRows(_ count: Int) async throws(StorageFault) -> Bool {
    guard try await hasOlderRows() else { return false }
    let writer = writer
    try await withCheckedContinuation { (done: CheckedContinuation<Result<Void, StorageFault>, Never>) in
      writer.enqueue(
        PendingUpkeep(
          { (state) throws(StorageFault) in
            try state.trouble.asking { try AuditIndexTables.indexOlder(count, in: state.db) }
          }, done))
    }.get()
    return try await hasOlderRows()
  }

  private func hasOlderRows() async throws(StorageFault) -> Bool {
    try await reading { (state) throws(StorageFault) in
      try state.trouble.asking { try AuditIndexTables.unindexed(in: state.db) > 0 }
    }
  }

  /// What the store has been through since it was opened.
  public func condition() -> StoreCondition { writer.condition() }

  /// Finishes what is in line, then answers everything with `.unavailable`. The file may be opened again.
  public func close() { writer.close() }

  // MARK: Checkpoints and proofs

  public func store(checkpoint note: String) async throws(StorageFault) {
    let checkpoint = try Checkpoint(keeping: note)
    let writer = writer
    try await withCheckedContinuation { (done: CheckedContinuation<Result<Void, StorageFault>, Never>) in
      writer.enqueue(
        PendingUpkeep(
          { (state) throws(StorageFault) in
            guard try MerkleTree.root(of: checkpoint.size, in: SQLiteTree(state: state)) == checkpoint.root else {
              throw .conflict("the checkpoint is not one of this log")
            }
            try state.trouble.asking { try CheckpointsTable.put(note, size: checkpoint.size, in: state.db) }
          }, done))
    }.get()
  }

  public func checkpoints() async throws(StorageFault) -> [String] {
    try await reading { (state) throws(StorageFault) in try state.trouble.asking { try CheckpointsTable.notes(in: state.db) } }
  }

  public func newestCheckpoint() async throws(StorageFault) -> String? {
    try await reading { (state) throws(StorageFault) in try state.trouble.asking { try CheckpointsTable.newest(in: state.db) } }
  }

  public func auditRoot(_ size: UInt64) async throws(StorageFault) -> TreeHash? {
    try await reading { (state) throws(StorageFault) in try MerkleTree.root(of: size, in: SQLiteTree(state: state)) }
  }

  public func auditInclusionProof(of sequence: UInt64, size: UInt64) async throws(StorageFault) -> InclusionProof? {
    try await reading { (state) throws(StorageFault) in
      try MerkleTree.inclusionProof(of: sequence, size: size, in: SQLiteTree(state: state))
    }
  }

  public func auditConsistencyProof(from old: UInt64, to new: UInt64) async throws(StorageFault) -> ConsistencyProof? {
    try await reading { (state) throws(StorageFault) in
      try MerkleTree.consistencyProof(from: old, to: new, in: SQLiteTree(state: state))
    }
  }

  public func auditRangeProof(of rows: Range<UInt64>, size: UInt64) async throws(StorageFault) -> RangeProof? {
    try await reading { (state) throws(StorageFault) in
      try MerkleTree.rangeProof(of: rows, size: size, in: SQLiteTree(state: state))
    }
  }

  private func reading<R: Sendable>(
    _ query: @escaping @Sendable (SQLiteState) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    let handle = try await writer.readingHandle()
    let offset = localDayOffsetSeconds
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<R, StorageFault>, Never>) in
      handle.pool.asyncRead { access in
        handle.arrived()
        do throws(StorageFault) {
          let trouble = Trouble()
          let db = try trouble.asking { try access.get() }
          done.resume(returning: .success(try query(SQLiteState(db: db, trouble: trouble, localDayOffsetSeconds: offset))))
        } catch {
          done.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  // MARK: Copies

  /// A copy of the whole database as of one moment, one file without side files, made while others read and write.
  ///
  /// - Parameters:
  ///   - path: a file that does not exist yet, in a folder of this user's.
  ///   - mark: a setting that the copy has and this database has not, told the rows of the copy's log and their root.
  /// - Returns: the same two.
  public func copy(
    to path: String, mark: @escaping @Sendable (UInt64, TreeHash) -> (name: String, value: [UInt8])
  ) async throws(StorageFault) -> (size: UInt64, root: TreeHash) {
    let handle = try await writer.readingHandle()
    let offset = localDayOffsetSeconds
    let result = await withCheckedContinuation {
      (done: CheckedContinuation<Result<(size: UInt64, root: TreeHash), StorageFault>, Never>) in
      DispatchQueue.global(qos: .utility).async {
        defer { handle.arrived() }
        do throws(StorageFault) {
          done.resume(returning: .success(try DatabaseCopy.make(of: handle.pool, at: path, offset: offset, mark: mark)))
        } catch {
          done.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  // MARK: For tests

  package func limitPages(to pages: Int?) throws(StorageFault) { try writer.limitPages(to: pages) }
  package func writerSetting(_ pragma: String) throws(StorageFault) -> String? { try writer.writerSetting(pragma) }
}
