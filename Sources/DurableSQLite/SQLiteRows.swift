package import GRDB
import GRDBSQLite

/// One row, with the values of its columns in order.
package struct SQLiteRow: Sendable, Hashable {
  package let values: [SQLiteValue]

  init(_ statement: OpaquePointer) {
    values = (0..<sqlite3_column_count(statement)).map { SQLiteValue(statement, column: $0) }
  }
}

/// Statements straight through SQLite's own calls: a row of GRDB has the names of its columns looked up and lowered each time, and that
/// was a good part of what a short read cost. Statements come from GRDB's cache, so it stays the owner of connection and schema.
extension Database {
  package typealias Arguments = [(any SQLiteBindable)?]

  package func rows(_ sql: String, _ arguments: Arguments = []) throws -> [SQLiteRow] {
    try each(sql, arguments) { $0 }
  }

  /// For whole tables: what was read of a row is all that is kept of it.
  package func each<T>(_ sql: String, _ arguments: Arguments = [], read: (SQLiteRow) throws -> T) throws -> [T] {
    try stepping(sql, arguments) { step in
      var found: [T] = []
      while let row = try step() { found.append(try read(SQLiteRow(row))) }
      return found
    }
  }

  /// The first of them.
  package func row(_ sql: String, _ arguments: Arguments = []) throws -> SQLiteRow? {
    try stepping(sql, arguments) { step in try step().map(SQLiteRow.init) }
  }

  /// Carries it out to its end.
  package func run(_ sql: String, _ arguments: Arguments = []) throws {
    try stepping(sql, arguments) { step in while try step() != nil {} }
  }

  /// - Parameter body: is given the way to the next row: the statement while it stands on one.
  private func stepping<R>(
    _ sql: String, _ arguments: Arguments, _ body: (() throws -> OpaquePointer?) throws -> R
  ) throws -> R {
    var owner = try cachedStatement(sql: sql)
    // Somebody further up stands on a row of it.
    if sqlite3_stmt_busy(owner.sqliteStatement) != 0 { owner = try makeStatement(sql: sql) }
    let statement = owner.sqliteStatement
    // What an earlier use failed with is told again here, and is nobody's fault now.
    sqlite3_reset(statement)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    guard sqlite3_bind_parameter_count(statement) == arguments.count else {
      throw DatabaseError(
        resultCode: .SQLITE_RANGE, message: "\(arguments.count) values for another number of places", sql: sql)
    }
    for (place, argument) in arguments.enumerated() {
      try require((argument?.sqliteValue ?? .null).bind(to: statement, at: Int32(place + 1)), sql)
    }
    return try withExtendedLifetime(owner) {
      try body {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return statement }
        if code != SQLITE_DONE { try require(code, sql) }
        return nil
      }
    }
  }

  /// - Throws: `DatabaseError` with SQLite's own words, which name columns and never values.
  private func require(_ code: Int32, _ sql: String) throws {
    guard code != SQLITE_OK else { return }
    throw DatabaseError(
      resultCode: ResultCode(rawValue: code), message: sqliteConnection.map { String(cString: sqlite3_errmsg($0)) }, sql: sql)
  }
}
