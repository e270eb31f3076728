import AuthTerms
import DurableSQLite
import GRDB

enum OperatorsTable {
  // `person` is no reference: the first administrator acts before any directory was read.
  static let schema = """
    CREATE TABLE operators (
      id TEXT NOT NULL PRIMARY KEY,
      role TEXT NOT NULL,
      person TEXT NOT NULL,
      unix_user TEXT UNIQUE,
      key BLOB NOT NULL UNIQUE,
      public_key BLOB NOT NULL,
      is_active INTEGER NOT NULL CHECK (is_active IN (0, 1))
    ) STRICT;
    """

  private static let sql = TableSQL(
    name: "operators", columns: ["id", "role", "person", "unix_user", "key", "public_key", "is_active"])

  static func operatorRecord(_ id: OperatorID, in db: Database) throws -> OperatorRecord? {
    try db.row("\(sql.select) WHERE id = ?", [id.text]).map(record)
  }

  static func operators(in db: Database) throws -> [OperatorRecord] {
    try db.rows("\(sql.select) ORDER BY id").map(record)
  }

  static func put(_ record: OperatorRecord, in db: Database) throws {
    try db.run(
      sql.upsert,
      [
        record.id.text, record.role.rawValue, record.person.text, record.unixUser, record.key.bytes,
        record.publicKey, record.isActive,
      ])
  }

  private static func record(_ row: SQLiteRow) throws -> OperatorRecord {
    var columns = Columns(row, of: "operators")
    return OperatorRecord(
      id: try columns.word { try OperatorID(parsing: $0) }, role: try columns.word(OperatorRole.init(rawValue:)),
      person: try columns.word { try PersonID(parsing: $0) }, unixUser: try columns.optionalText(),
      key: try columns.fingerprint(KeyFingerprint.self), publicKey: try columns.bytes(), isActive: try columns.flag())
  }
}
