import AuthTerms
import DurableSQLite
import GRDB

enum PasswordsTable {
  // Untrusted: the hash is sealed under a key that is not in this file; at worst a row is deleted or put back (docs/threat-model.md).
  static let schema = """
    CREATE TABLE passwords (
      person TEXT NOT NULL PRIMARY KEY REFERENCES people (id),
      sealed BLOB NOT NULL,
      changed_at TEXT NOT NULL
    ) STRICT;
    """

  private static let sql = TableSQL(name: "passwords", columns: ["person", "sealed", "changed_at"])

  static func password(of person: PersonID, in db: Database) throws -> StoredPassword? {
    guard let row = try db.row("\(sql.select) WHERE person = ?", [person.text]) else { return nil }
    var columns = Columns(row, of: "passwords")
    return StoredPassword(
      person: try columns.word { try PersonID(parsing: $0) }, sealed: try columns.bytes(), changedAt: try columns.moment())
  }

  static func put(_ password: StoredPassword, in db: Database) throws {
    try db.run(sql.upsert, [password.person.text, password.sealed, password.changedAt.column])
  }

  static func remove(_ person: PersonID, in db: Database) throws -> Bool {
    try db.run("DELETE FROM passwords WHERE person = ?", [person.text])
    return db.changesCount > 0
  }
}
