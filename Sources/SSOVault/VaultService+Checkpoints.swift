import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import GRDB

// A checkpoint is signed only if it extends the last one that was signed: a server that rewrites its log finds no second
// signature for the same history.

extension VaultService {
  func signCheckpoint(_ request: CheckpointRequest, _ keys: VaultKeys, _ now: Moment) throws -> String {
    do {
      return try write { try extend(request, keys, $0, now) }
    } catch VaultFailure.refused(let refusal) where refusal.code == .checkpointContradicts {
      // In a transaction of its own: the refusal rolled the first one back.
      try write { try VaultAlarms($0).raise("checkpoint.contradicts", refusal.note, at: now.wallMilliseconds) }
      throw VaultFailure.refused(refusal)
    }
  }

  /// The new checkpoint lies fsynced in our own file before its signature leaves.
  private func extend(_ request: CheckpointRequest, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws -> String {
    guard request.size <= UInt64(Int64.max) else { throw VaultFailure.no(.requestMalformed, "a size below 2^63") }
    let root = try TreeHash(parsing: request.root)
    let path = try request.proof.map { try TreeHash(parsing: $0) }
    if let last = try Row.fetchOne(database, sql: "SELECT size, root, note FROM checkpoint WHERE id = 1") {
      let size = UInt64(last["size"] as Int64)
      let lastRoot = try TreeHash(parsing: last["root"] as Data)
      if request.size == size && root == lastRoot { return last["note"] }
      guard request.size > size else {
        throw VaultFailure.no(.checkpointContradicts, "size \(size) was signed with another root, or the log became shorter")
      }
      guard request.oldSize == size else {
        throw VaultFailure.no(.checkpointNotExtending, "the proof must start from size \(size)")
      }
      guard ConsistencyProof(oldSize: size, newSize: request.size, path: path).proves(lastRoot, growsInto: root) else {
        throw VaultFailure.no(.checkpointContradicts, "the proof does not show that the log only grew from size \(size)")
      }
    } else {
      guard request.oldSize == 0, path.isEmpty, request.size > 0 || root == .empty else {
        throw VaultFailure.no(.checkpointNotExtending, "the first checkpoint starts from size 0")
      }
    }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: Self.checkpointRow, outcome: .done)
    record.note = "size \(request.size) root \(Hex.encode(root.bytes))"
    try VaultLog(database).append(record)
    return try sign(request.size, root, epoch: VaultEpochs.current(database), keys, database)
  }

  /// The vault cannot judge what a directory says; it keeps that it signed, and what.
  func signSnapshot(_ hash: [UInt8], _ keys: VaultKeys, _ database: Database, _ now: Moment) throws -> [UInt8] {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.snapshot.signed", outcome: .done)
    record.note = "SHA-256 \(Hex.encode(hash))"
    try VaultLog(database).append(record)
    return try keys.sign(snapshot: hash)
  }

  /// Signs and keeps the head of the log. From the second epoch on the note names it.
  func sign(_ size: UInt64, _ root: TreeHash, epoch: UInt64, _ keys: VaultKeys, _ database: Database) throws -> String {
    let checkpoint = try Checkpoint(
      origin: VaultKeys.origin(keys.instance), size: size, root: root, extensions: epoch > 1 ? ["epoch \(epoch)"] : [])
    let note = try keys.sign(checkpoint).encoded
    try database.execute(
      sql: """
        INSERT INTO checkpoint(id, size, root, note) VALUES (1, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note
        """, arguments: [Int64(size), root.bytes.blob, note])
    return note
  }
}
