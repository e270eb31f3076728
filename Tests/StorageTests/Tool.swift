import Foundation
import GRDB

/// Somebody with write access to a database file and no respect for our rules.
final class Tool {
  private let queue: DatabaseQueue

  init(_ path: String) throws { queue = try DatabaseQueue(path: path) }

  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try queue.write { try $0.execute(sql: sql, arguments: arguments) }
  }

  /// With foreign keys off, as a tool without them would.
  func runUnchecked(_ sql: String) throws {
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA foreign_keys = OFF")
      try db.execute(sql: sql)
    }
  }

  /// Lifts what protects rows from mistakes, as an attacker would first.
  func liftTriggers() throws {
    try run("DROP TRIGGER audit_rows_stay; DROP TRIGGER audit_rows_do_not_change")
    try queue.write { try $0.execute(sql: "PRAGMA foreign_keys = OFF") }
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF") }
  }

  /// How SQLite would go about it, with what its foreign keys look up, line by line.
  func plan(_ sql: String) throws -> [String] {
    try queue.read { try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] } }
  }

  func bytes(_ sql: String) throws -> [UInt8] {
    Array(try queue.read { try DatabaseValue.fetchOne($0, sql: sql) }.flatMap { Data.fromDatabaseValue($0) } ?? Data())
  }
}
