import DurableSQLite
import GRDB
import Testing

/// Values go to SQLite and come back through its own calls; GRDB reading the same rows is the slow twin.
@Suite("rows straight from SQLite")
struct SQLiteRowsTests {
  private static let values: [SQLiteValue] = [
    .null, .integer(0), .integer(.min), .integer(.max), .real(-0.5), .text(""), .text("佐藤 花子"), .text("a\u{0}b"),
    .text("\u{202E}逆\r\n"), .text(String(repeating: "長", count: 5_000)), .blob([]), .blob([0]),
    .blob([UInt8](repeating: 0xFF, count: 70_000)),
  ]

  private func table() throws -> DatabaseQueue {
    let queue = try DatabaseQueue()
    try queue.write { try $0.execute(sql: "CREATE TABLE t(k INTEGER PRIMARY KEY, v UNIQUE)") }
    return queue
  }

  private func same(_ value: SQLiteValue, _ other: DatabaseValue.Storage) -> Bool {
    switch (value, other) {
    case (.null, .null): true
    case (.integer(let a), .int64(let b)): a == b
    case (.real(let a), .double(let b)): a == b
    // GRDB ends a text at its first NUL.
    case (.text(let a), .string(let b)): a.prefix { $0 != "\u{0}" } == b
    case (.blob(let a), .blob(let b)): a == Array(b)
    default: false
    }
  }

  @Test("every kind of value comes back as it went in, and GRDB reads the same")
  func kinds() throws {
    try table().write { db in
      for (key, value) in Self.values.enumerated() { try db.run("INSERT INTO t VALUES (?, ?)", [key, value]) }
      let rows = try db.rows("SELECT k, v FROM t ORDER BY k")
      #expect(rows.map(\.values) == Self.values.enumerated().map { [.integer(Int64($0)), $1] })
      for (key, value) in Self.values.enumerated() {
        let twin = try Row.fetchOne(db, sql: "SELECT v FROM t WHERE k = ?", arguments: [key])
        let other: DatabaseValue? = twin?[0]
        #expect(same(value, try #require(other).storage), "\(key)")
        #expect(try db.row("SELECT v FROM t WHERE k = ?", [key])?.values == [value])
      }
      #expect(try db.row("SELECT v FROM t WHERE k = ?", [99]) == nil)
      #expect(try db.row("SELECT ?", [nil])?.values == [.null])
      #expect(try db.row("SELECT ?, ?", [true, false])?.values == [.integer(1), .integer(0)])
    }
  }

  @Test("a statement that somebody stands on is not the one that is used again")
  func nested() throws {
    try table().write { db in
      for key in 1...3 { try db.run("INSERT INTO t VALUES (?, ?)", [key, "v\(key)"]) }
      let pairs = try db.each("SELECT k FROM t ORDER BY k") { outer in
        (outer.values, try db.rows("SELECT k FROM t ORDER BY k").map(\.values))
      }
      #expect(pairs.map(\.0) == [[.integer(1)], [.integer(2)], [.integer(3)]])
      #expect(pairs.allSatisfy { $0.1 == pairs.map(\.0) })
    }
  }

  @Test("an error names no value, leaves the statement usable, and more or fewer values than places are refused")
  func refused() throws {
    try table().write { db in
      let insert = "INSERT INTO t VALUES (?, ?)"
      try db.run(insert, [1, "geheim-7"])
      let taken = #expect(throws: DatabaseError.self) { try db.run(insert, [2, "geheim-7"]) }
      #expect(taken?.resultCode == .SQLITE_CONSTRAINT && taken?.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE)
      #expect(taken.map { !"\($0)".contains("geheim-7") && $0.message == "UNIQUE constraint failed: t.v" } == true)
      try db.run(insert, [2, "other"])
      for count in [0, 1, 3] {
        let fault = #expect(throws: DatabaseError.self) { try db.run(insert, Array(repeating: 5, count: count)) }
        #expect(fault?.resultCode == .SQLITE_RANGE)
      }
      #expect(try db.rows("SELECT k FROM t").count == 2)
      // What a reader throws ends the statement too.
      #expect(throws: CancellationError.self) { try db.each("SELECT k FROM t") { _ in throw CancellationError() } }
      try db.execute(sql: "DROP TABLE t")
    }
  }

  @Test("bytes that are no UTF-8 are mended, and trap nothing")
  func malformed() throws {
    try table().write { db in
      try db.execute(sql: "INSERT INTO t VALUES (1, CAST(x'66ff6f' AS TEXT))")
      #expect(try db.row("SELECT v FROM t")?.values == [.text("f\u{FFFD}o")])
    }
  }
}
