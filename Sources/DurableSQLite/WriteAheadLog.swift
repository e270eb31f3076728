package import GRDB
import GRDBSQLite

/// The file in front of the database. Calls SQLite's own way to it, so that whatever stands there is passed too.
package enum WriteAheadLog {
  // SQLite cuts a write to its lowest 17 bits.
  private static let chunk = 1 << 16

  /// Writes every byte of the log where it already is, and syncs it: before anything is appended or copied into the database.
  ///
  /// After a failed sync Linux believes the pages clean. They are read back from the cache, no later sync writes them, and a power
  /// cut ends the log in front of them: commits appended behind would be lost although their own sync succeeded. This process may
  /// be the next one after that sync, so it is done at every opening. The log is a few MiB at most, and empty after a good end.
  package static func writeAgain(_ db: Database) throws {
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
