import DurableSQLite
import GRDB

enum SettingsTable {
  static let schema = """
    CREATE TABLE settings (
      name TEXT NOT NULL PRIMARY KEY,
      value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  private static let sql = TableSQL(name: "settings", columns: ["name", "value"])

  static func setting(_ name: String, in db: Database) throws -> [UInt8]? {
    guard let row = try db.row("\(sql.select) WHERE name = ?", [name]) else { return nil }
    var columns = Columns(row, of: "settings")
    _ = try columns.text()
    return try columns.bytes()
  }

  static func set(_ value: [UInt8], for name: String, in db: Database) throws {
    try db.run(sql.upsert, [name, value])
  }
}
