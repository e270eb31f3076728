import GRDB

/// What the writer's connection must be, asked back from SQLite after every opening.
///
/// The pool sets `synchronous = NORMAL` by itself when it switches to WAL, after every hook we have; with NORMAL a power cut
/// loses commits that were already answered. So FULL is set afterwards, and then read back.
enum Durability {
  static func establish(on db: Database) throws {
    try db.execute(sql: "PRAGMA synchronous = FULL")
    // What was removed of a person is overwritten in the file.
    try db.execute(sql: "PRAGMA secure_delete = ON")
    for (pragma, wanted) in [
      ("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1"), ("trusted_schema", "0"), ("secure_delete", "1"),
    ] {
      guard try setting(pragma, of: db) == wanted else {
        throw StorageFault.unavailable("PRAGMA \(pragma) is not in force")
      }
    }
  }

  /// The value in force, as text.
  static func setting(_ pragma: String, of db: Database) throws -> String? {
    switch try DatabaseValue.fetchOne(db, sql: "PRAGMA \(pragma)")?.storage {
    case .int64(let number): String(number)
    case .string(let text): text
    default: nil
    }
  }
}
