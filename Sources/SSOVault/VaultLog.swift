import AuditLog
import AuthTerms
import Foundation
import GRDB

/// The vault's own append-only log: canonical rows in a Merkle tree, written in the transaction of what they tell.
struct VaultLog: TreeStore {
  private let database: Database

  init(_ database: Database) { self.database = database }

  func append(_ record: AuditRecord) throws {
    let encoded = try RecordEncoding.encode(record)
    var tree = self
    let sequence = try MerkleTree.append(TreeHash.leaf(encoded), to: &tree)
    try database.cachedStatement(sql: "INSERT INTO log_rows(sequence, encoded) VALUES (?, ?)")
      .execute(arguments: [Int64(sequence), encoded.blob])
  }

  func treeSize() throws -> UInt64 {
    let statement = try database.cachedStatement(sql: "SELECT coalesce(max(sequence) + 1, 0) FROM log_rows")
    return UInt64(try Int64.fetchOne(statement) ?? 0)
  }

  func treeNode(level: Int, index: UInt64) throws -> TreeHash {
    let statement = try database.cachedStatement(sql: "SELECT hash FROM log_nodes WHERE level = ? AND position = ?")
    guard let hash = try Data.fetchOne(statement, arguments: [level, Int64(index)]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT)
    }
    return try TreeHash(parsing: hash)
  }

  mutating func storeTreeNode(_ hash: TreeHash, level: Int, index: UInt64) throws {
    try database.cachedStatement(sql: "INSERT INTO log_nodes(level, position, hash) VALUES (?, ?, ?)")
      .execute(arguments: [level, Int64(index), hash.bytes.blob])
  }

  /// Reads every row again and compares the tree they make with the one that is stored.
  /// - Returns: the number of rows; `nil` when rows and tree differ.
  static func verify(_ database: Database) throws -> UInt64? {
    let log = VaultLog(database)
    let size = try log.treeSize()
    var frontier = Frontier()
    let rows = try Row.fetchCursor(database, sql: "SELECT sequence, encoded FROM log_rows ORDER BY sequence")
    var expected: Int64 = 0
    while let row = try rows.next() {
      let encoded: Data = row["encoded"]
      guard row["sequence"] == expected, (try? RecordEncoding.decode(Array(encoded))) != nil else { return nil }
      frontier.append(TreeHash.leaf(Array(encoded)))
      expected += 1
    }
    guard try MerkleTree.root(of: size, in: log) == frontier.root else { return nil }
    return size
  }
}
