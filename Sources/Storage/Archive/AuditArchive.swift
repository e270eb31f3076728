public import AuditLog
import Dispatch
import DurableSQLite
import Foundation
import GRDB
import Synchronization

/// The log of a database file that somebody else wrote: a copy, a backup, or the live file beside the running server.
///
/// Opened for reading only; nothing in it is believed. Nothing is written, not even a side file when the folder is read-only.
public final class AuditArchive: Sendable {
  let database: DatabaseQueue
  /// Looks at the pages while `database` reads the rows: on two cores the shorter of both costs nothing.
  private let inspector: DatabaseQueue
  /// Rows held in memory at once.
  private static let page = 1000

  /// - Throws: `.unavailable` when there is no such file, `.conflict` when it is not a database of ours, `.corrupt` when it is no
  ///   database at all.
  public init(path: String) throws(StorageFault) {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON") }
    guard FileManager.default.fileExists(atPath: path) else { throw .unavailable("there is no such database file") }
    (database, inspector) = try Trouble().asking {
      func both(_ path: String) throws -> (DatabaseQueue, DatabaseQueue) {
        (try Self.open(path, configuration), try Self.open(path, configuration))
      }
      do {
        return try both(path)
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_CANTOPEN || error.resultCode == .SQLITE_READONLY
      {
        // A copy in WAL mode on a read-only medium: SQLite may not make its shared-memory file there, and need not.
        guard !FileManager.default.fileExists(atPath: path + "-wal"),
          let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
        else { throw error }
        return try both("file:\(escaped)?immutable=1")
      }
    }
  }

  private static func open(_ path: String, _ configuration: Configuration) throws -> DatabaseQueue {
    let database = try DatabaseQueue(path: path, configuration: configuration)
    try database.read(Migrations.requireKnown)
    return database
  }

  /// Reads and verifies the whole log (`LogVerifier`).
  ///
  /// - Parameters:
  ///   - verifiers: the log's public keys, from outside this file.
  ///   - elsewhere: checkpoints kept outside this file: only they can show that its end was cut off together with its own.
  ///   - witnesses: whose cosignatures count.
  ///   - origin: of the log, if it is known.
  public func verify(
    verifiers: [NoteVerifier], elsewhere: [KeptCheckpoint] = [], witnesses: [WitnessVerifier] = [], origin: String? = nil
  ) throws(StorageFault) -> LogReport {
    let damage = DamageReport()
    DispatchQueue.global().async { [inspector] in damage.found((try? inspector.read(Self.isDamaged)) ?? true) }
    return try Trouble().asking {
      // One read transaction: a server that goes on writing does not change what is looked at.
      try database.read { db in
        let own = (try? CheckpointsTable.notes(in: db)) ?? []
        var verifier = LogVerifier(
          checkpoints: elsewhere + own.map { KeptCheckpoint(source: "database", note: $0) }, verifiers: verifiers,
          witnesses: witnesses, origin: origin)
        do {
          try Self.feed(&verifier, from: db)
        } catch {
          verifier.rowIsUnreadable()
        }
        if damage.wait() { verifier.fileIsDamaged() }
        return verifier.finish()
      }
    }
  }

  /// Rows in order, read in pages, each page in the same snapshot only within one call of `verify`.
  public func rows(from sequence: UInt64, limit: Int) throws(StorageFault) -> [StoredRow] {
    try Trouble().asking {
      try database.read { try Self.rows($0, from: Int64(clamping: sequence), limit: min(max(limit, 0), 10_000)) }
    }
  }

  /// A named value of the instance, as it lies there.
  public func setting(_ name: String) throws(StorageFault) -> [UInt8]? {
    try Trouble().asking { try database.read { try SettingsTable.setting(name, in: $0) } }
  }

  /// The signed notes in the file, oldest first.
  public func checkpoints() throws(StorageFault) -> [String] {
    try Trouble().asking { try database.read(CheckpointsTable.notes) }
  }

  private static func feed(_ verifier: inout LogVerifier, from db: Database) throws {
    var next: Int64 = .min
    while true {
      let found = try found(db, from: next, limit: page)
      for (row, columns) in found {
        let goesOn = verifier.add(row) { record in
          AuditTable.searchValues(of: record) == columns
        } storedNode: { level, index in
          try? AuditTable.node(level: level, index: index, in: db)
        }
        if !goesOn { return }
      }
      guard let last = found.last, found.count == page else { return }
      next = Int64(clamping: last.row.sequence) + 1
    }
  }

  static func rows(_ db: Database, from sequence: Int64, limit: Int) throws -> [StoredRow] {
    try found(db, from: sequence, limit: limit).map { row, columns in
      var row = row
      if let record = try? RecordEncoding.decode(row.encoded) {
        row.areSearchColumnsRight = AuditTable.searchValues(of: record) == columns
      }
      return row
    }
  }

  /// Rows as they lie there, each with its search columns, which nothing was compared with yet.
  private static func found(
    _ db: Database, from sequence: Int64, limit: Int
  ) throws -> [(row: StoredRow, columns: [SQLiteValue])] {
    try db.rows(selection, [sequence, limit]).map { row in
      var columns = Columns(row, of: "audit")
      let place = try columns.integer()
      let encoded = try columns.bytes()
      let hash = try columns.bytes()
      return (
        StoredRow(sequence: UInt64(clamping: place), encoded: encoded, hash: hash), Array(row.values.dropFirst(3))
      )
    }
  }

  private static let selection =
    "SELECT sequence, encoded, hash, \(AuditTable.searchColumns.joined(separator: ", ")) FROM audit "
    + "WHERE sequence >= ? ORDER BY sequence LIMIT ?"

  /// Pages, indexes and free lists: a flipped byte there is in no row, yet a search might miss one because of it.
  private static func isDamaged(_ db: Database) throws -> Bool {
    guard let answer = try? String.fetchAll(db, sql: "PRAGMA integrity_check(1)") else { return true }
    return answer != ["ok"]
  }
}

/// What the thread that looked at the pages found.
private final class DamageReport: Sendable {
  private let isDamaged = Mutex(true)
  private let done = DispatchSemaphore(value: 0)

  func found(_ isDamaged: Bool) {
    self.isDamaged.withLock { $0 = isDamaged }
    done.signal()
  }

  /// Call once.
  func wait() -> Bool {
    done.wait()
    return isDamaged.withLock { $0 }
  }
}
