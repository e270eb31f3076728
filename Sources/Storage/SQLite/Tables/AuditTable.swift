import AuditLog
import AuthTerms
import DurableSQLite
import GRDB

enum AuditTable {
  // Untrusted: whoever can write this file can change any of it; the signed checkpoints, and those kept elsewhere, find it out.
  // The triggers are against our own mistakes, not against that person. The columns behind `hash` are for searching only and
  // are compared with the record when the log is verified.
  static let schema = """
    CREATE TABLE audit (
      sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence >= 0),
      encoded BLOB NOT NULL,
      hash BLOB NOT NULL,
      time INTEGER NOT NULL,
      event_class TEXT NOT NULL,
      action TEXT NOT NULL,
      outcome TEXT NOT NULL,
      person TEXT,
      workstation TEXT,
      segment TEXT,
      reference INTEGER
    ) STRICT;
    CREATE INDEX audit_by_time ON audit (time);
    CREATE INDEX audit_by_person ON audit (person) WHERE person IS NOT NULL;
    CREATE INDEX audit_by_workstation ON audit (workstation) WHERE workstation IS NOT NULL;
    CREATE INDEX audit_by_reference ON audit (reference) WHERE reference IS NOT NULL;
    CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit rows stay'); END;
    CREATE TRIGGER audit_rows_do_not_change BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit rows do not change'); END;
    CREATE TABLE audit_nodes (
      level INTEGER NOT NULL CHECK (level >= 1),
      place INTEGER NOT NULL,
      hash BLOB NOT NULL,
      PRIMARY KEY (level, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_references (
      day INTEGER NOT NULL,
      number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 999999),
      sequence INTEGER NOT NULL REFERENCES audit (sequence),
      PRIMARY KEY (day, number)
    ) STRICT, WITHOUT ROWID;
    """

  static let searchColumns = ["time", "event_class", "action", "outcome", "person", "workstation", "segment", "reference"]
  private static let insert =
    "INSERT INTO audit (sequence, encoded, hash, \(searchColumns.joined(separator: ", "))) "
    + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

  static func searchValues(of record: AuditRecord) -> [SQLiteValue] {
    [
      record.time.sqliteValue, record.eventClass.rawValue.sqliteValue, record.action.sqliteValue,
      record.outcome.rawValue.sqliteValue, record.person?.text.sqliteValue ?? .null,
      record.workstation?.text.sqliteValue ?? .null, record.segment?.name.sqliteValue ?? .null,
      record.reference?.number.sqliteValue ?? .null,
    ]
  }

  static func size(in db: Database) throws -> UInt64 {
    guard let row = try db.row("SELECT max(sequence) FROM audit") else { return 0 }
    var columns = Columns(row, of: "audit")
    return try columns.optionalInteger().map { UInt64($0) + 1 } ?? 0
  }

  static func insert(_ record: AuditRecord, encoded: [UInt8], hash: TreeHash, at sequence: UInt64, in db: Database) throws {
    let front: [SQLiteValue] = [Int64(sequence).sqliteValue, encoded.sqliteValue, hash.bytes.sqliteValue]
    try db.run(insert, front + searchValues(of: record))
    try CardRowsTable.remember(record, at: sequence, in: db)
    try AuditIndexTables.remember(record, at: sequence, in: db)
  }

  static func leafHash(at sequence: UInt64, in db: Database) throws -> TreeHash? {
    guard let place = Int64(exactly: sequence),
      let row = try db.row("SELECT hash FROM audit WHERE sequence = ?", [place])
    else { return nil }
    var columns = Columns(row, of: "audit")
    return try TreeHash(parsing: columns.bytes())
  }

  static func node(level: Int, index: UInt64, in db: Database) throws -> TreeHash? {
    guard let place = Int64(exactly: index),
      let row = try db.row("SELECT hash FROM audit_nodes WHERE level = ? AND place = ?", [level, place])
    else { return nil }
    var columns = Columns(row, of: "audit_nodes")
    return try TreeHash(parsing: columns.bytes())
  }

  static func insertNode(_ hash: TreeHash, level: Int, index: UInt64, in db: Database) throws {
    try db.run("INSERT INTO audit_nodes (level, place, hash) VALUES (?, ?, ?)", [level, Int64(index), hash.bytes])
  }

  static func isReferenceTaken(_ reference: Reference, day: Int, in db: Database) throws -> Bool {
    try db.row("SELECT 1 FROM audit_references WHERE day = ? AND number = ?", [day, reference.number]) != nil
  }

  static func take(_ reference: Reference, day: Int, sequence: UInt64, in db: Database) throws {
    try db.run(
      "INSERT INTO audit_references (day, number, sequence) VALUES (?, ?, ?)", [day, reference.number, Int64(sequence)])
  }

  /// Every row that is shown is compared with its hash first.
  /// - Parameter row: sequence, encoded, hash.
  static func row(_ row: SQLiteRow) throws -> AuditRow {
    var columns = Columns(row, of: "audit")
    let sequence = UInt64(clamping: try columns.integer())
    let encoded = try columns.bytes()
    guard try columns.bytes() == TreeHash.leaf(encoded).bytes, let record = try? RecordEncoding.decode(encoded) else {
      throw StorageFault.corrupt("audit row \(sequence)")
    }
    return AuditRow(sequence: sequence, record: record)
  }
}
