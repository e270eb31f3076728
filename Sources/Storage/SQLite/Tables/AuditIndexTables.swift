import AuditLog
import AuthTerms
import DurableSQLite
import GRDB

/// By what rows of the log are found, besides person, workstation and reference (decision 52).
///
/// A kind is what many rows have in common: segment, class, action, outcome, code and the shape of the note. A city has some
/// hundreds, so each row costs one short entry whatever it is searched by later. Beside them, for each day of the clock, between
/// which rows its rows stand.
///
/// Untrusted: who can change these hides rows from a search, and nothing else; each row that is shown was compared with its hash,
/// and with what was asked. They are tables of their own because rows of the log do not change.
enum AuditIndexTables {
  /// Rows of before are put in afterwards, from the newest on (`indexOlder`): a start does not wait for fifty million of them.
  static let schema = """
    CREATE TABLE audit_kinds (
      id INTEGER PRIMARY KEY,
      key BLOB NOT NULL UNIQUE,
      segment TEXT,
      event_class TEXT NOT NULL,
      action TEXT NOT NULL,
      outcome TEXT NOT NULL,
      code TEXT,
      note BLOB
    ) STRICT;
    CREATE TABLE audit_of_kind (
      kind INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (kind, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_days (
      day INTEGER PRIMARY KEY,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE audit_unindexed (
      id INTEGER PRIMARY KEY CHECK (id = 0),
      until INTEGER NOT NULL CHECK (until >= 0)
    ) STRICT;
    INSERT INTO audit_unindexed (id, until) SELECT 0, coalesce(max(sequence) + 1, 0) FROM audit;
    """

  /// Kinds with a shape of their own. Beyond it a note of a new shape has none, and is looked at in every search for text.
  private static let kindLimit: Int64 = 20_000

  // MARK: Writing

  static func remember(_ record: AuditRecord, at sequence: UInt64, in db: Database) throws {
    let place = Int64(sequence)
    let kind = try kind(of: record, in: db)
    try db.run("INSERT INTO audit_of_kind (kind, sequence) VALUES (?, ?)", [kind, place])
    try db.run(
      """
      INSERT INTO audit_days (day, first, last) VALUES (?, ?, ?)
      ON CONFLICT (day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)
      """, [day(record.time), place, place])
  }

  private static func kind(of record: AuditRecord, in db: Database) throws -> Int64 {
    var note = AuditWords.shape(of: record.note)
    if let known = try kind(key(record, note), in: db) { return known }
    if note != nil, try newestKind(in: db) >= kindLimit {
      note = nil
      if let known = try kind(key(record, note), in: db) { return known }
    }
    let bytes = key(record, note)
    try db.run(
      "INSERT INTO audit_kinds (key, segment, event_class, action, outcome, code, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [
        bytes, record.segment?.name, record.eventClass.rawValue, record.action, record.outcome.rawValue,
        record.code?.rawValue, note,
      ])
    guard let made = try kind(bytes, in: db) else { throw StorageFault.corrupt("table audit_kinds") }
    return made
  }

  private static func kind(_ key: [UInt8], in db: Database) throws -> Int64? {
    guard let row = try db.row("SELECT id FROM audit_kinds WHERE key = ?", [key]) else { return nil }
    var columns = Columns(row, of: "audit_kinds")
    return try columns.integer()
  }

  private static func newestKind(in db: Database) throws -> Int64 {
    guard let row = try db.row("SELECT max(id) FROM audit_kinds") else { return 0 }
    var columns = Columns(row, of: "audit_kinds")
    return try columns.optionalInteger() ?? 0
  }

  private static func key(_ record: AuditRecord, _ note: [UInt8]?) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(record.segment?.name ?? "")
    writer.field(record.eventClass.rawValue)
    writer.field(record.action)
    writer.field(record.outcome.rawValue)
    writer.field(record.code?.rawValue ?? "")
    writer.field(note == nil ? "any" : "")
    writer.field(note ?? [])
    return writer.bytes
  }

  /// Of UTC: nothing but a way to find rows.
  private static func day(_ milliseconds: Int64) -> Int64 { milliseconds.flooredDivision(by: 86_400_000) }

  // MARK: Rows of before

  /// Rows below this one are not in the index yet: none of them is in a copy that an older version wrote and nobody updated.
  static func unindexed(in db: Database) throws -> Int64 {
    guard try db.tableExists("audit_unindexed") else { return .max }
    guard let row = try db.row("SELECT until FROM audit_unindexed WHERE id = 0") else {
      throw StorageFault.corrupt("table audit_unindexed")
    }
    var columns = Columns(row, of: "audit_unindexed")
    return try columns.integer()
  }

  /// Puts the newest `count` of them in.
  static func indexOlder(_ count: Int, in db: Database) throws {
    let until = try unindexed(in: db)
    guard until > 0 else { return }
    let first = max(0, until - Int64(min(max(count, 1), 10_000)))
    let rows = try db.rows("SELECT sequence, encoded FROM audit WHERE sequence >= ? AND sequence < ?", [first, until])
    for row in rows {
      var columns = Columns(row, of: "audit")
      let sequence = UInt64(clamping: try columns.integer())
      guard let record = try? RecordEncoding.decode(try columns.bytes()) else {
        throw StorageFault.corrupt("audit row \(sequence)")
      }
      try remember(record, at: sequence, in: db)
    }
    try db.run("UPDATE audit_unindexed SET until = ? WHERE id = 0", [first])
  }

  // MARK: Looking

  /// Between which rows, both inclusive, all rows of the span stand that are in the index; `nil`: there are none.
  static func span(from: Int64?, until: Int64?, in db: Database) throws -> (first: Int64, last: Int64)? {
    let newest: Int64 = until.map { $0 == Int64.min ? Int64.min : $0 - 1 } ?? Int64.max
    guard
      let row = try db.row(
        "SELECT min(first), max(last) FROM audit_days WHERE day >= ? AND day <= ?", [day(from ?? Int64.min), day(newest)])
    else { return nil }
    var columns = Columns(row, of: "audit_days")
    guard let first = try columns.optionalInteger(), let last = try columns.optionalInteger() else { return nil }
    return (first, last)
  }

  /// - Parameter shape: that of a text, in the note's; `nil`: any note.
  static func kinds(_ query: AuditQuery, noteHas shape: [UInt8]?, in db: Database) throws -> [Int64] {
    var conditions = AuditConditions()
    conditions.requireKind(query)
    conditions.require("code = ?", query.code?.rawValue.sqliteValue)
    conditions.require("(note IS NULL OR instr(note, ?) > 0)", shape?.sqliteValue)
    return try db.each("SELECT id FROM audit_kinds WHERE \(conditions.sql)", conditions.values) { row in
      var columns = Columns(row, of: "audit_kinds")
      return try columns.integer()
    }
  }
}

/// What a statement requires of a row, all of it.
struct AuditConditions {
  private(set) var parts: [String] = []
  private(set) var values: [SQLiteValue] = []

  var sql: String { parts.isEmpty ? "1" : parts.joined(separator: " AND ") }

  mutating func require(_ condition: String, _ value: SQLiteValue?) {
    guard let value else { return }
    parts.append(condition)
    values.append(value)
  }

  /// Columns that the log and its kinds have alike.
  mutating func requireKind(_ query: AuditQuery) {
    require("segment = ?", query.segment?.name.sqliteValue)
    require("event_class = ?", query.eventClass?.rawValue.sqliteValue)
    if let action = query.action, action.hasSuffix(".") {
      // Not LIKE: its patterns are not ours. What follows the dot in ASCII ends the range.
      require("action >= ?", action.sqliteValue)
      require("action < ?", (action.dropLast() + "/").sqliteValue)
    } else {
      require("action = ?", query.action?.sqliteValue)
    }
    require("outcome = ?", query.outcome?.rawValue.sqliteValue)
  }

  /// Every column of the log that a query may ask.
  mutating func require(_ query: AuditQuery) {
    require("person = ?", query.person?.text.sqliteValue)
    require("workstation = ?", query.workstation?.text.sqliteValue)
    requireKind(query)
    require("reference = ?", query.reference?.number.sqliteValue)
    require("time >= ?", query.from?.sqliteValue)
    require("time < ?", query.until?.sqliteValue)
  }
}
