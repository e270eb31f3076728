import AuditLog
import AuthTerms
import Crypto
import Foundation
import GRDB

// Each row is authenticated, but an older form of it is authentic too. So the vault keeps, sealed, an exclusive or over what every
// row adds (keyed, and known to nobody else), a code over the operators whose acts change the rows, and the size and root of its
// log at the last change. Rows put back do not give this sum; the sum put back with them does not fit a log in which later changes
// stand. All of it put back together is an older vault, which a checkpoint kept elsewhere shows.

extension ReleaseRegister {
  /// Rows of the log that tell of a change in these registers.
  private static let changes: Set<String> = [
    "vault.cards.registered", "vault.application.published", "vault.application.withdrawn", "vault.credential.set",
    "vault.credential.captured", "vault.credential.accepted", "vault.credential.refused", "vault.credential.mustChange",
    "vault.credentials.resealed", "vault.deputies.registered", "vault.deputies.withdrawn",
    "vault.credentials.resealed", "vault.credential.pending", "vault.credential.confirmed", "vault.credential.unused",
    "vault.cardkey.set", "vault.card.proven", "vault.code.issued", "vault.code.withdrawn", "vault.code.wrong",
    "vault.code.dead", "vault.code.used", "vault.cardkey.removed",
  ]

  private static let operatorChanges: Set<String> = ["vault.operator.registered", "vault.operator.revoked"]

  private struct Sum {
    var value: [UInt8]
    /// Code over all rows of operators.
    var operators: [UInt8]
    var size: UInt64
    var root: [UInt8]
  }

  /// What is found at start.
  enum Finding: Equatable {
    case asWritten
    /// Rows of cards, applications, credentials, deputies, keys or counters are not those that were written last.
    case rowsChanged
    /// The operators are not, or nothing can be said about them: whose acts count is not known.
    case operatorsChanged
  }

  /// After the row that tells of the change, in its transaction; also when nothing is otherwise than before, because of that row.
  /// - Parameter operatorsChanged: in this transaction too.
  func writeSum(operatorsChanged: Bool = false) throws {
    // One that does not open stays as it is: the next start finds it.
    guard var sum = try storedSum() else { return }
    for index in 0..<32 { sum.value[index] ^= difference[index] }
    try write(sum.value, operators: operatorsChanged ? operatorsCode() : sum.operators)
  }

  /// Nothing stands in the registers yet; the operators are taken as they are.
  func begin() throws { try write([UInt8](repeating: 0, count: 32), operators: operatorsCode()) }

  func finding() throws -> Finding {
    guard let sum = try storedSum(), try sum.operators == operatorsCode(),
      try MerkleTree.root(of: sum.size, in: VaultLog(database))?.bytes == sum.root
    else { return .operatorsChanged }
    var finding = Finding.asWritten
    if (try? computedSum()) != sum.value { finding = .rowsChanged }
    return try changedSince(sum.size) ?? finding
  }

  /// What the log tells of later than the sum.
  private func changedSince(_ size: UInt64) throws -> Finding? {
    var finding: Finding?
    let later = try Data.fetchCursor(
      database, sql: "SELECT encoded FROM log_rows WHERE sequence >= ?", arguments: [Int64(size)])
    while let encoded = try later.next() {
      let action = try RecordEncoding.decode(Array(encoded)).action
      if Self.operatorChanges.contains(action) { return .operatorsChanged }
      if Self.changes.contains(action) { finding = .rowsChanged }
    }
    return finding
  }

  /// Takes the registers as they are. Rows that are not authentic go.
  /// - Returns: how many went.
  func acceptAsIs() throws -> Int {
    var removed = 0
    for (table, keys) in Self.tables {
      let places = try Row.fetchAll(database, sql: "SELECT \(keys.joined(separator: ", ")) FROM \(table)")
      for place in places where (try? authenticated(place, in: table)) == nil {
        let condition = keys.map { "\($0) = ?" }.joined(separator: " AND ")
        try database.execute(
          sql: "DELETE FROM \(table) WHERE \(condition)", arguments: StatementArguments(place.databaseValues))
        removed += 1
      }
    }
    try write(computedSum(), operators: operatorsCode())
    return removed
  }

  /// Every row gets its code from another root, if all of them are those that were written last.
  /// - Parameter told: writes the row of the log that tells of it, before the new sum; is handed the number of rows.
  /// - Throws: `DamagedRow` when they are not; nothing may be written then.
  func writeAnew(under new: RowSeal, root: UInt32, told: (Int) throws -> Void) throws {
    guard let stored = try storedSum(), try stored.operators == operatorsCode(), try changedSince(stored.size) == nil else {
      throw DamagedRow(table: "register_seal")
    }
    let former = try seal
    var (before, after) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
    var count = 0
    for (table, keys) in Self.tables + [("proven_sessions", ["keys"])] {
      let condition = keys.map { "\($0) = ?" }.joined(separator: " AND ")
      for place in try Row.fetchAll(database, sql: "SELECT \(keys.joined(separator: ", ")) FROM \(table)") {
        let row = try authenticated(place, in: table)
        try run(
          "UPDATE \(table) SET mac = ? WHERE \(condition)",
          StatementArguments([new.code(row).databaseValue] + place.databaseValues))
        count += 1
        guard table != "proven_sessions" else { continue }
        for (index, byte) in former.share(row).enumerated() { before[index] ^= byte }
        for (index, byte) in new.share(row).enumerated() { after[index] ^= byte }
      }
    }
    guard before == stored.value else { throw DamagedRow(table: "register_seal") }
    try told(count)
    try write(after, operators: Array(new.code(operatorsRow())), sealed: new, root: root)
  }

  private static let tables = [
    ("cards", ["key"]), ("applications", ["id"]), ("credentials", ["person", "application", "account", "version"]),
    ("deputies", ["owner", "application", "account", "deputy"]), ("card_keys", ["script"]),
    ("card_counters", ["kind", "number"]), ("lookup_sheets", ["person", "segment"]),
  ]

  /// What is authenticated of one row, after its code was checked.
  private func authenticated(_ place: Row, in table: String) throws -> [UInt8] {
    switch table {
    case "cards": try cardRow(place[0])
    case "applications": try applicationRow(place[0])
    case "deputies": try deputyRow(place[0], place[1], place[2], place[3])
    case "card_keys": try cardKeyRow(place[0])
    case "card_counters": try counterRow(place[0], place[1])
    case "lookup_sheets": try sheetRow(place[0], place[1])
    case "proven_sessions": try sessionRow(place[0])
    default: try credentialRow(place[0], place[1], place[2], place[3])
    }
  }

  private func computedSum() throws -> [UInt8] {
    var value = [UInt8](repeating: 0, count: 32)
    for (table, keys) in Self.tables {
      let places = try Row.fetchCursor(database, sql: "SELECT \(keys.joined(separator: ", ")) FROM \(table)")
      while let place = try places.next() {
        for (index, byte) in try seal.share(authenticated(place, in: table)).enumerated() { value[index] ^= byte }
      }
    }
    return value
  }

  private func storedSum() throws -> Sum? {
    guard let sealed = try Data.fetchOne(database, sql: "SELECT sealed FROM register_seal WHERE id = 1"),
      let bytes = try seal.open(sealed)
    else { return nil }
    var reader = LengthPrefixedReader(bytes, subject: "sum of registers", limit: 32)
    let sum = Sum(
      value: try reader.field(), operators: try reader.field(), size: try reader.unsigned(), root: try reader.field())
    return sum.value.count == 32 ? sum : nil
  }

  private func operatorsCode() throws -> [UInt8] { Array(try seal.code(operatorsRow())) }

  private func operatorsRow() throws -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("operators")
    let rows = try Row.fetchCursor(
      database, sql: "SELECT id, person, role, key, public_key, is_active, registered_at FROM operators ORDER BY id")
    while let row = try rows.next() {
      writer.field(row[0] as String)
      writer.field(row[1] as String)
      writer.field(row[2] as String)
      writer.field(row[3] as Data)
      writer.field(row[4] as Data)
      writer.field(row[5] as Int64)
      writer.field(row[6] as Int64)
    }
    return writer.bytes
  }

  private func write(_ value: [UInt8], operators: [UInt8]) throws {
    try write(value, operators: operators, sealed: seal, root: root)
  }

  private func write(_ value: [UInt8], operators: [UInt8], sealed seal: RowSeal, root: UInt32) throws {
    let log = VaultLog(database)
    let size = try log.treeSize()
    var writer = LengthPrefixedWriter()
    writer.field(value)
    writer.field(operators)
    writer.field(size)
    writer.field(try MerkleTree.root(of: size, in: log)?.bytes ?? [])
    try run("INSERT OR REPLACE INTO register_seal(id, sealed, root) VALUES (1, ?, ?)", [seal.close(writer.bytes), Int64(root)])
  }
}
