import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage

/// Whether the log in our database is the one that was signed last; asked before anything is written or listened on. A
/// database put back to yesterday would let in cards that were reported lost since.
///
/// Compared with the vault's last checkpoint, with the newest one we keep ourselves (which shows a vault that was put back),
/// with those in `witness`, and with what the `witnesses` that can be reached cosigned last. Not found: server and vault put back
/// together where no witness was kept out of reach.
/// A copy that was restored from a backup says so itself: it is opened, and waits for an approval.
struct LogContinuity: Sendable {
  let store: any CheckpointingStore
  let verifier: NoteVerifier

  private struct Signed {
    let epoch: UInt64
    let size: UInt64
    let root: TreeHash
    /// Where it was found.
    let source: StartFault.Source
  }

  /// - Returns: the copy that waits for an approval; `nil` if this is the live instance.
  /// - Throws: `StartFault` when the log is shorter than a checkpoint, or not the beginning of what it covers.
  /// - Parameter cosigned: what witnesses answered; a note that the vault's key has not signed counts as no answer, since anybody
  ///   between the two could say it.
  func examine(
    vault: VaultStatus, witness: String?, cosigned: [(name: String, note: String)] = []
  ) async throws -> RestoredCopy? {
    let (size, mark, epoch) = try await store.read {
      (state) throws(StorageFault) -> (UInt64, [UInt8], UInt64) in
      (try state.auditSize(), try state.setting(RestoredMark.setting) ?? [], try InstanceEpoch.read(state))
    }
    let seen = try (witness.map(checkpoints) ?? []) + cosigned.compactMap { try? read($0.note, .witness($0.name)) }
    let own = try await store.newestCheckpoint().flatMap { try? read($0, .vault) }
    if mark.isEmpty, !vault.isRestored {
      guard epoch == vault.epoch else { throw StartFault.epochsDiffer(log: epoch, vault: vault.epoch) }
      try await compare(vault, with: size)
      if let own, own.epoch == epoch, own.size > vault.checkpointSize {
        throw StartFault.vaultIsOlder(signed: own.size, vault: vault.checkpointSize)
      }
      try await compare(seen, with: size, in: vault)
      return nil
    }
    let restored = try mark.isEmpty ? nil : RestoredMark(decoding: mark)
    if let restored, try await store.auditRoot(restored.size)?.bytes != restored.root {
      throw StartFault.logIsAnother(signed: restored.size, source: .vault)
    }
    // What the vault signed behind the copy is lost, and is what the approval names; everything before it must fit.
    if restored.map({ vault.checkpointSize <= $0.size }) ?? true { try await compare(vault, with: size) }
    if restored == nil {
      // The vault's copy may not know of later epochs: of the witness, those of the log's own count.
      if let newer = seen.first(where: { $0.epoch > epoch }) {
        throw StartFault.epochsDiffer(log: epoch, vault: newer.epoch)
      }
      for signed in seen where signed.epoch == epoch { try await compare(signed, with: size) }
    }
    let known = (seen + [own].compactMap { $0 }).filter { $0.epoch >= vault.epoch }
    return RestoredCopy(
      mark: restored, isVaultRestored: vault.isRestored, size: size,
      epoch: max(epoch, known.map(\.epoch).max() ?? 1), known: known.map(\.size).max() ?? 0)
  }

  private func compare(_ vault: VaultStatus, with size: UInt64) async throws {
    guard vault.checkpointSize > 0 else { return }
    let root = try TreeHash(parsing: vault.checkpointRoot)
    try await compare(Signed(epoch: vault.epoch, size: vault.checkpointSize, root: root, source: .vault), with: size)
  }

  /// Checkpoints of an epoch that has ended hold as far as the next one began; what lies behind that was approved as lost.
  private func compare(_ seen: [Signed], with size: UInt64, in vault: VaultStatus) async throws {
    for signed in seen {
      guard signed.epoch <= vault.epoch else { throw StartFault.epochsDiffer(log: vault.epoch, vault: signed.epoch) }
      let end = vault.bases.filter { $0.epoch > signed.epoch }.map(\.size).min() ?? .max
      if signed.size <= end { try await compare(signed, with: size) }
    }
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
  private func read(_ note: String, _ source: StartFault.Source) throws -> Signed? {
    let signed = try SignedNote(parsing: note)
    let checkpoint = try Checkpoint(parsing: signed.text)
    guard verifier.verifies(signed), checkpoint.origin == verifier.name else { return nil }
    return Signed(
      epoch: try InstanceEpoch.of(checkpoint), size: checkpoint.size, root: checkpoint.root, source: source)
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
    let found: Signed?
    do { found = try read(text, .file(path)) } catch { throw StartFault.witnessUnusable(path, .unreadable) }
    guard let found else { throw StartFault.witnessUnusable(path, .notOurs) }
    return found
  }
}

/// The number that tells the log before an approved restore from the log after it: 1 until the first one.
enum InstanceEpoch {
  static let setting = "epoch"

  static func read(_ state: any StateReader) throws(StorageFault) -> UInt64 {
    guard let bytes = try state.setting(setting) else { return 1 }
    guard let epoch = UInt64(String(decoding: bytes, as: UTF8.self)) else { throw .corrupt("the epoch") }
    return epoch
  }

  /// The vault writes it as a further line from the second epoch on.
  static func of(_ checkpoint: Checkpoint) throws(MalformedInput) -> UInt64 {
    guard let line = checkpoint.extensions.first(where: { $0.hasPrefix("epoch ") }) else { return 1 }
    guard let epoch = UInt64(line.dropFirst("epoch ".count)) else {
      throw MalformedInput("checkpoint", expected: "the number of an epoch")
    }
    return epoch
  }
}
