import GRDB
import GRDBSQLite

/// The file in front of the database. Calls SQLite's own way to it, so that whatever stands there is passed too.
enum VaultWriteAheadLog {
  // SQLite cuts a write to its lowest 17 bits.
  private static let chunk = 1 << 16

  /// Writes every byte of the log where it already is, and syncs it: what a failed sync left in the kernel's cache only would
  /// otherwise be read from there, never written, and missing after a power cut, with everything appended behind it.
  static func writeAgain(_ db: Database) throws {
    // As the only writer: no byte changes between being read and being written.
    try db.inTransaction(.immediate) {
      var file: UnsafeMutablePointer<sqlite3_file>?
      try require(sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file))
      guard let file, let methods = file.pointee.pMethods?.pointee, let size = methods.xFileSize, let read = methods.xRead,
        let write = methods.xWrite, let sync = methods.xSync
      else { return .rollback }
      var length: sqlite3_int64 = 0
      try require(size(file, &length))
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
      defer { buffer.deallocate() }
      for offset in stride(from: 0, to: length, by: chunk) {
        let count = Int32(min(Int64(chunk), length - offset))
        try require(read(file, buffer.baseAddress, count, offset))
        try require(write(file, buffer.baseAddress, count, offset))
      }
      if length > 0 { try require(sync(file, SQLITE_SYNC_NORMAL)) }
      return .rollback
    }
  }

  private static func require(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }
}
