import AuditLog
import Foundation
import GRDB

/// A database copied page by page through SQLite, as of one moment.
enum DatabaseCopy {
  static func make(
    of pool: DatabasePool, at path: String, offset: Int, mark: (UInt64, TreeHash) -> (name: String, value: [UInt8])
  ) throws(StorageFault) -> (size: UInt64, root: TreeHash) {
    guard try !DatabaseFile.prepare(path) else { throw .conflict("there is a file where the copy should be") }
    let trouble = Trouble()
    return try trouble.asking {
      let copy = try DatabaseQueue(path: path)
      defer { try? copy.close() }
      // Readers and the writer of the original go on: in WAL mode a reader sees one moment for as long as it looks.
      try pool.backup(to: copy)
      return try copy.writeWithoutTransaction { db in
        // One file, whatever becomes of it.
        try db.execute(sql: "PRAGMA journal_mode = DELETE")
        let size = try AuditTable.size(in: db)
        let tree = SQLiteTree(state: SQLiteState(db: db, trouble: trouble, localDayOffsetSeconds: offset))
        guard let root = try MerkleTree.root(of: size, in: tree) else { throw StorageFault.corrupt("the log has no root") }
        let (name, value) = mark(size, root)
        try SettingsTable.set(value, for: name, in: db)
        return (size, root)
      }
    }
  }
}

/// Whether a database file, of whatever program, is whole: pages, indexes, constraints. Opened for reading only.
public enum DatabaseIntegrity {
  public static func isWhole(_ path: String) -> Bool {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON") }
    guard FileManager.default.fileExists(atPath: path),
      let database = try? DatabaseQueue(path: path, configuration: configuration)
    else { return false }
    defer { try? database.close() }
    return (try? database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(1)") }) == ["ok"]
  }
}
