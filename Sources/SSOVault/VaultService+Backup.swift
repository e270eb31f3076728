import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import GRDB
import Sealing
import Synchronization

// What the vault gives away sealed, and what it takes back. A copy is marked as restored when it is made: wherever it is put, a
// vault over it signs nothing that lets anybody in until administrators have approved that.

extension VaultService {
  /// What a restored state may still be asked: who it is, the server's own certificate, and acts of operators by their keys.
  private static let whileRestored: Set<VaultRequest.Kind> = [
    .status, .trustRoots, .publicKeys, .listOperators, .registerOperator, .revoke, .signServer, .approveRestore, .initialise,
  ]

  func requireApproved(for request: VaultRequest) throws {
    guard isRestored.withLock({ $0 }) else { return }
    var isAllowed = Self.whileRestored.contains(request.kind)
    // The code may have been used after the copy was made.
    if case .registerOperator(let registration) = request, registration.authority != .administrator { isAllowed = false }
    guard isAllowed else {
      throw VaultFailure.no(.restoreNotApproved, "this state was restored from a backup: administrators have to approve it")
    }
  }

  func openBackup(_ keys: VaultKeys, _ now: Moment) throws -> VaultBackup {
    guard let recovery else {
      throw VaultFailure.no(.recoveryKeyMissing, "the vault was started without --recovery-key")
    }
    try write { database in
      var record = AuditRecord(
        time: now.wallMilliseconds, eventClass: .administration, action: "vault.backup.made", outcome: .done)
      if let last = try Row.fetchOne(database, sql: "SELECT size, root FROM checkpoint WHERE id = 1") {
        let (size, root): (Int64, Data) = (last["size"], last["root"])
        // Only to a log that some backup had can an approval lead back.
        try database.execute(
          sql: "INSERT OR IGNORE INTO backups(size, root, made_at) VALUES (?, ?, ?)",
          arguments: [size, root, now.wallMilliseconds])
        record.note = "log of \(size) rows"
      }
      try VaultLog(database).append(record)
    }
    return try backup.make(to: recovery) { path in
      try copy(to: path)
      try mark(path, at: now)
    } front: { path, entry in
      let (size, root, epoch) = try look(at: path)
      let manifest = BackupManifest(
        part: .vault, instance: keys.instance, madeAt: now.wallMilliseconds, version: Release.version, epoch: epoch,
        size: size, root: root.bytes, entries: [entry])
      var front = LengthPrefixedWriter()
      front.field(manifest.canonicalBytes)
      front.field(try keys.sign(backup: Array(SHA256.hash(data: manifest.canonicalBytes))))
      return front.bytes
    }
  }

  private func mark(_ path: String, at now: Moment) throws {
    let database = try DatabaseQueue(path: path)
    try database.write {
      try $0.execute(
        sql: "INSERT OR REPLACE INTO restored(id, made_at) VALUES (1, ?)", arguments: [now.wallMilliseconds])
    }
    try database.close()
  }

  /// A copy that does not hold what it should is not given away.
  private func look(at path: String) throws -> (size: UInt64, root: TreeHash, epoch: UInt64) {
    var configuration = Configuration()
    configuration.readonly = true
    let database = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? database.close() }
    return try database.read { database in
      guard let size = try VaultLog.verify(database), let root = try MerkleTree.root(of: size, in: VaultLog(database)),
        try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") == "ok"
      else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
      return (size, root, try VaultEpochs.current(database))
    }
  }

  // MARK: Approval

  /// A new epoch begins at a log that a backup of this vault had, or at the head itself. The old head is kept with the act.
  func approveRestore(_ signed: SignedAct, _ keys: VaultKeys, _ now: Moment) throws -> UInt64 {
    let epoch = try write { database in
      let names = Set(RestoreApproval(epoch: 2, size: 0, root: [], head: 0, headRoot: [], lost: 0).parameters.keys)
      _ = try check(signed, kind: Act.Kind.approveRestore, names: names, keys, now)
      guard let approval = try? RestoreApproval(parameters: signed.act.parameters) else {
        throw VaultFailure.no(.actNotAllowed, "an epoch, two sizes with their roots, and a number of rows")
      }
      try authorise(signed, required: keys.segments.contains(.mynumber) ? 2 : 1, VaultRegister(database))
      try VaultEpochs.begin(approval, act: signed.encoded, now: now.wallMilliseconds, database)
      _ = try sign(approval.size, TreeHash(parsing: approval.root), epoch: approval.epoch, keys, database)
      try VaultRegister(database).voidAllCodes(now: now.wallMilliseconds)
      try record("restore.approved", signed, database, now) {
        $0.note =
          "epoch \(approval.epoch) from row \(approval.size) \(Hex.encode(approval.root)), head was \(approval.head) "
          + "\(Hex.encode(approval.headRoot)), known lost \(approval.lost)"
      }
      return approval.epoch
    }
    isRestored.withLock { $0 = false }
    return epoch
  }
}

/// Where each epoch of the log began, and whether this state waits for an approval. Lives inside a transaction.
enum VaultEpochs {
  static func isRestored(_ database: Database) throws -> Bool {
    try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM restored)") ?? false
  }

  static func current(_ database: Database) throws -> UInt64 {
    UInt64(try Int64.fetchOne(database, sql: "SELECT coalesce(max(number), 1) FROM epochs") ?? 1)
  }

  static func bases(_ database: Database) throws -> [EpochBase] {
    try Row.fetchAll(database, sql: "SELECT number, size FROM epochs ORDER BY number DESC LIMIT 64").reversed().map {
      EpochBase(epoch: UInt64($0["number"] as Int64), size: UInt64($0["size"] as Int64))
    }
  }

  static func begin(_ approval: RestoreApproval, act: [UInt8], now: Int64, _ database: Database) throws {
    let last = try Row.fetchOne(database, sql: "SELECT size, root FROM checkpoint WHERE id = 1")
    let head = UInt64(last?["size"] as Int64? ?? 0)
    let headRoot = (last?["root"] as Data?).map(Array.init) ?? TreeHash.empty.bytes
    guard approval.head == head, approval.headRoot == headRoot, try approval.epoch > current(database) else {
      throw VaultFailure.no(.restoreContradicts, "the approval names another head or epoch than the vault's")
    }
    let isKnown =
      approval.size == head
      ? approval.root == headRoot
      : try approval.size < head
        && Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM backups WHERE size = ? AND root = ?)",
          arguments: [Int64(approval.size), approval.root.blob]) ?? false
    guard isKnown, approval.lost >= head - approval.size else {
      throw VaultFailure.no(.restoreContradicts, "no backup of this vault had that log, or fewer rows are named as lost")
    }
    try database.execute(
      sql: """
        INSERT INTO epochs(number, size, root, head, head_root, lost, approved_at, act) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
        """,
      arguments: [
        Int64(approval.epoch), Int64(approval.size), approval.root.blob, Int64(head), headRoot.blob, Int64(approval.lost), now,
        act.blob,
      ])
    // What was given up once is not taken back: those backups hold rows that no epoch to come has.
    try database.execute(sql: "DELETE FROM backups WHERE size > ?", arguments: [Int64(approval.size)])
    try database.execute(sql: "DELETE FROM restored")
  }
}
