import AuthTerms
import Crypto
import Foundation
import GRDB
import Synchronization

/// A row of a register is not what was written: another's, an older form's, or bent.
struct DamagedRow: Error {
  let table: String
}

/// Authenticates the rows of the registers, each with the name of its table: HMAC-SHA256 under keys that the database does not
/// hold, so that rows exchanged or written by others do not count.
struct RowSeal: Sendable {
  /// Of the codes that stand in the rows.
  private let rows: SymmetricKey
  /// Of what each row adds to the sum over all; never stored, because sums of known codes can be forged.
  private let shares: SymmetricKey
  private let sums: SymmetricKey

  /// - Parameter root: 32 bytes.
  init(root: Secret<KeyMaterial>) {
    func derive(_ label: String) -> SymmetricKey {
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: root.withBytes { SymmetricKey(data: $0) }, info: Data(label.utf8), outputByteCount: 32)
    }
    rows = derive("sanmon/vault-rows/1")
    shares = derive("sanmon/vault-row-shares/1")
    sums = derive("sanmon/vault-row-sums/1")
  }

  /// - Parameter row: table and every field, length-prefixed.
  func code(_ row: [UInt8]) -> Data { Data(HMAC<SHA256>.authenticationCode(for: row, using: rows)) }

  func require(_ code: Data, of row: [UInt8], table: String) throws {
    // Compared by the library, in a time that tells nothing.
    guard HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: row, using: rows) else {
      throw DamagedRow(table: table)
    }
  }

  func share(_ row: [UInt8]) -> [UInt8] { Array(HMAC<SHA256>.authenticationCode(for: row, using: shares)) }
}

extension RowSeal {
  /// AES-256-GCM: the sum must be neither known nor chosen by who holds the database.
  func close(_ sum: [UInt8]) throws -> Data {
    let box = try AES.GCM.seal(sum, using: sums)
    return Data(box.nonce) + box.ciphertext + box.tag
  }

  func open(_ sealed: Data) -> [UInt8]? {
    guard let box = try? AES.GCM.SealedBox(combined: sealed), let sum = try? AES.GCM.open(box, using: sums) else { return nil }
    return Array(sum)
  }
}

/// The keys over rows by the numbers of their roots; which of them is in force stands in the database, so that it changes in the
/// transaction that writes the rows anew, and is known after a commit of which nobody can say whether it arrived.
final class RowSeals: Sendable {
  private let seals: Mutex<[UInt32: RowSeal]>

  /// - Parameter roots: 32 bytes each; at least one.
  init(roots: [UInt32: Secret<KeyMaterial>]) { seals = Mutex(roots.mapValues { RowSeal(root: $0) }) }

  func replace(roots: [UInt32: Secret<KeyMaterial>]) {
    let new = roots.mapValues { RowSeal(root: $0) }
    seals.withLock { $0 = new }
  }

  /// - Throws: `DamagedRow` when the database names a root that is not there.
  func inForce(_ database: Database) throws -> (number: UInt32, seal: RowSeal) {
    let statement = try database.cachedStatement(sql: "SELECT root FROM register_seal WHERE id = 1")
    let named = try Int64.fetchOne(statement)
    return try seals.withLock { seals in
      // Before the first sum is written there is one root.
      guard let number = named.map({ UInt32(clamping: $0) }) ?? seals.keys.max(), let seal = seals[number] else {
        throw DamagedRow(table: "register_seal")
      }
      return (number, seal)
    }
  }

  /// - Throws: `DamagedRow` for a number that no root has.
  func seal(_ number: UInt32) throws -> RowSeal {
    guard let seal = seals.withLock({ $0[number] }) else { throw DamagedRow(table: "register_seal") }
    return seal
  }
}

/// The vault's registers of cards, applications, credentials and proven sessions. Lives inside a transaction.
struct ReleaseRegister {
  let database: Database
  /// The one that this state names: another transaction may have renewed it a moment ago.
  private let inForce: Result<(number: UInt32, seal: RowSeal), any Error>
  /// What this transaction changes in the sum over all rows.
  private(set) var difference = [UInt8](repeating: 0, count: 32)

  init(_ database: Database, _ keys: VaultKeys) {
    self.database = database
    inForce = Result { try keys.rows.inForce(database) }
  }

  var seal: RowSeal { get throws { try inForce.get().seal } }
  /// Number of the root, 1 and above.
  var root: UInt32 { get throws { try inForce.get().number } }

  /// - Parameter row: that goes away or comes in: both are the same to an exclusive or.
  mutating func count(_ row: [UInt8]) throws {
    for (index, byte) in try seal.share(row).enumerated() { difference[index] ^= byte }
  }

  /// The first row of a statement that is kept prepared.
  func first(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
    try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
  }

  func run(_ sql: String, _ arguments: StatementArguments) throws {
    try database.cachedStatement(sql: sql).execute(arguments: arguments)
  }
}
