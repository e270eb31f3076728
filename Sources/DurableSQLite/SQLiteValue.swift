import GRDBSQLite

/// A value as SQLite keeps it. Numbers that are no integers are in no table of ours.
package enum SQLiteValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  /// - Parameter statement: one that stands on a row.
  init(_ statement: OpaquePointer, column: Int32) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: self = .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: self = .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      // The text first: asking for it may convert it, and the length is of what was converted.
      let text = sqlite3_column_text(statement, column)
      let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column)))
      self = .text(String(decoding: bytes, as: UTF8.self))
    case SQLITE_BLOB:
      let blob = sqlite3_column_blob(statement, column)
      self = .blob(Array(UnsafeRawBufferPointer(start: blob, count: Int(sqlite3_column_bytes(statement, column)))))
    default: self = .null
    }
  }
}

/// What a place in a statement may be given.
package protocol SQLiteBindable {
  var sqliteValue: SQLiteValue { get }
}

extension SQLiteValue: SQLiteBindable {
  package var sqliteValue: SQLiteValue { self }

  /// - Returns: SQLite's code.
  func bind(to statement: OpaquePointer, at place: Int32) -> Int32 {
    // SQLite makes a copy of its own before it returns.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch self {
    case .null: return sqlite3_bind_null(statement, place)
    case .integer(let number): return sqlite3_bind_int64(statement, place, number)
    case .real(let number): return sqlite3_bind_double(statement, place, number)
    case .text(var text):
      // A text without bytes may have no address, and none means NULL.
      guard !text.isEmpty else { return sqlite3_bind_text64(statement, place, "", 0, copied, UInt8(SQLITE_UTF8)) }
      return text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          sqlite3_bind_text64(statement, place, $0.baseAddress, UInt64($0.count), copied, UInt8(SQLITE_UTF8))
        }
      }
    case .blob(let bytes):
      guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, place, 0) }
      return bytes.withUnsafeBytes { sqlite3_bind_blob64(statement, place, $0.baseAddress, UInt64($0.count), copied) }
    }
  }
}

extension Int64: SQLiteBindable { package var sqliteValue: SQLiteValue { .integer(self) } }
extension Int: SQLiteBindable { package var sqliteValue: SQLiteValue { .integer(Int64(self)) } }
extension Bool: SQLiteBindable { package var sqliteValue: SQLiteValue { .integer(self ? 1 : 0) } }
extension String: SQLiteBindable { package var sqliteValue: SQLiteValue { .text(self) } }
extension [UInt8]: SQLiteBindable { package var sqliteValue: SQLiteValue { .blob(self) } }
