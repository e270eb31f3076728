import AuthTerms
import DurableSQLite
import GRDB

enum ThrottlesTable {
  static let schema = """
    CREATE TABLE throttles (
      key TEXT NOT NULL PRIMARY KEY,
      failures INTEGER NOT NULL CHECK (failures >= 0),
      last_failure TEXT NOT NULL,
      blocked_until TEXT
    ) STRICT, WITHOUT ROWID;
    """

  private static let sql = TableSQL(name: "throttles", columns: ["key", "failures", "last_failure", "blocked_until"])

  static func throttle(_ key: ThrottleKey, in db: Database) throws -> ThrottleRecord? {
    guard let row = try db.row("\(sql.select) WHERE key = ?", [key.text]) else { return nil }
    var columns = Columns(row, of: "throttles")
    _ = try columns.text()
    return ThrottleRecord(
      failures: Int(try columns.integer()), lastFailure: try columns.moment(), blockedUntil: try columns.optionalMoment())
  }

  static func set(_ record: ThrottleRecord?, for key: ThrottleKey, in db: Database) throws {
    guard let record else {
      try db.run("DELETE FROM throttles WHERE key = ?", [key.text])
      return
    }
    try db.run(sql.upsert, [key.text, record.failures, record.lastFailure.column, record.blockedUntil?.column])
  }
}
