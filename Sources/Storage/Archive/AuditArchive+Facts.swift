public import AuditLog
public import AuthTerms
import DurableSQLite
import GRDB

/// What a look at a log's end tells, without verifying it.
public struct LogFacts: Sendable {
  public let size: UInt64
  /// What the clock cannot rightly be before (`KeptClockFloor`), milliseconds since 1970-01-01 UTC; `nil` in an empty log.
  public let newestTime: Int64?
  /// Of the newest of these rows that names one.
  public let policyVersion: PolicyVersion?
  /// When people were imported last.
  public let lastImport: Int64?
  /// The note that was kept last; nothing in it was verified.
  public let newestCheckpoint: String?
}

extension AuditArchive {
  private static let window: UInt64 = 200

  /// Looks at the end of the log in one read transaction.
  public func facts() throws(StorageFault) -> LogFacts {
    try Trouble().asking {
      try database.read { db in
        let size = try AuditTable.size(in: db)
        let first = size > Self.window ? size - Self.window : 0
        let rows = try Self.rows(db, from: Int64(clamping: first), limit: Int(Self.window))
        let records = try rows.map { try RecordEncoding.decode($0.encoded) }
        var lastImport: Int64?
        if let row = try db.row("SELECT time FROM audit WHERE action = 'people.imported' ORDER BY sequence DESC LIMIT 1") {
          var columns = Columns(row, of: "audit")
          lastImport = try columns.integer()
        }
        return LogFacts(
          size: size,
          newestTime: try KeptClockFloor.newestTime(
            in: SQLiteState(db: db, trouble: Trouble(), localDayOffsetSeconds: 0)),
          policyVersion: records.last { $0.policyVersion != nil }?.policyVersion,
          lastImport: lastImport, newestCheckpoint: try CheckpointsTable.newest(in: db))
      }
    }
  }

  /// The root of the first `size` rows by the stored subtree hashes; `nil` when there are fewer rows.
  public func root(of size: UInt64) throws(StorageFault) -> TreeHash? {
    try Trouble().asking {
      try database.read { db in
        guard try AuditTable.size(in: db) >= size else { return nil }
        return try MerkleTree.root(
          of: size, in: SQLiteTree(state: SQLiteState(db: db, trouble: Trouble(), localDayOffsetSeconds: 0)))
      }
    }
  }
}
