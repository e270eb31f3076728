import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage

/// Whether the log in our database is the one that was signed last; asked before anything is written or listened on. A
/// database put back to yesterday would let in cards that were reported lost since.
///
/// Compared with the vault's last checkpoint, with the newest one we keep ourselves (which shows a vault that was put back),
/// and with those in `witness`. Not found: server and vault put back together where no witness was kept out of reach.
struct LogContinuity: Sendable {
  let store: any CheckpointingStore
  let verifier: NoteVerifier

  /// - Throws: `StartFault` when the log is shorter than a checkpoint, or not the beginning of what it covers.
  func require(vault: VaultStatus, witness: String?) async throws {
    let size = try await store.read { (state) throws(StorageFault) -> UInt64 in try state.auditSize() }
    if vault.checkpointSize > 0 {
      let signed = Signed(
        size: vault.checkpointSize, root: try TreeHash(parsing: vault.checkpointRoot), source: .vault)
      try await compare(signed, with: size)
    }
    if let own = try await store.newestCheckpoint().flatMap({ try? read($0) }), own.size > vault.checkpointSize {
      throw StartFault.vaultIsOlder(signed: own.size, vault: vault.checkpointSize)
    }
    for checkpoint in try witness.map(checkpoints) ?? [] { try await compare(checkpoint, with: size) }
  }

  private struct Signed {
    let size: UInt64
    let root: TreeHash
    /// Where it was found.
    let source: StartFault.Source
  }

  private func compare(_ signed: Signed, with size: UInt64) async throws {
    guard signed.size <= size else {
      throw StartFault.logIsOlder(size: size, signed: signed.size, source: signed.source)
    }
    guard try await store.auditRoot(signed.size) == signed.root else {
      throw StartFault.logIsAnother(signed: signed.size, source: signed.source)
    }
  }

  // MARK: The witness

  /// A checkpoint that the vault's key signed over this instance's log; else `nil`.
  private func read(_ note: String) throws -> Checkpoint? {
    let signed = try SignedNote(parsing: note)
    let checkpoint = try Checkpoint(parsing: signed.text)
    return verifier.verifies(signed) && checkpoint.origin == verifier.name ? checkpoint : nil
  }

  private static let fileLimit = 1000

  /// One file, or each file of a folder. What cannot be compared keeps the server from starting: a witness that is silently
  /// passed over is none.
  private func checkpoints(_ path: String) throws -> [Signed] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw StartFault.witnessUnusable(path, .missing)
    }
    var paths = [path]
    if isFolder.boolValue {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        throw StartFault.witnessUnusable(path, .missing)
      }
      paths = names.filter { !$0.hasPrefix(".") }.sorted().map { path + "/" + $0 }
    }
    guard paths.count <= Self.fileLimit else { throw StartFault.witnessUnusable(path, .tooMany) }
    return try paths.map(checkpoint)
  }

  private func checkpoint(_ path: String) throws -> Signed {
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: SignedNote.limit + 1),
      let text = String(validating: data, as: UTF8.self)
    else { throw StartFault.witnessUnusable(path, .unreadable) }
    let found: Checkpoint?
    do { found = try read(text) } catch { throw StartFault.witnessUnusable(path, .unreadable) }
    guard let found else { throw StartFault.witnessUnusable(path, .notOurs) }
    return Signed(size: found.size, root: found.root, source: .file(path))
  }
}
