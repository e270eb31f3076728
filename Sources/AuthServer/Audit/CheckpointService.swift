import AuditLog
import AuthAPI
import AuthTerms
import Storage
import Synchronization
import VaultLink

/// Has the vault sign checkpoints of the log: every few seconds when there are new rows, when asked, and at the end.
///
/// The vault signs only what extends the last one it signed; a log that was cut or rewritten gets no signature.
final class CheckpointService: Sendable {
  private let store: any CheckpointingStore
  private let vault: any Vault
  private let signed = Mutex<(size: UInt64, note: String)>((0, ""))
  private let turns = Mutex<(holds: Int, running: Int)>((0, 0))

  init(store: any CheckpointingStore, vault: any Vault) {
    self.store = store
    self.vault = vault
  }

  var signedSize: UInt64 { signed.withLock { $0.size } }
  /// `nil` until the first one since the start.
  var newestNote: String? { signed.withLock { $0.note.isEmpty ? nil : $0.note } }

  /// From its return until `release` nobody else's call has a checkpoint signed: while a backup ends in the very checkpoint of
  /// its copy, and while a restored copy waits for its approval.
  func hold() async {
    turns.withLock { $0.holds += 1 }
    while turns.withLock({ $0.running > 0 }) { try? await Task.sleep(for: .milliseconds(5)) }
  }

  func release() { turns.withLock { $0.holds -= 1 } }

  /// - Returns: the newest signed note; the former one if no row came since.
  /// - Throws: `HTTPFault.conflict` while somebody holds.
  func sign() async throws -> String {
    let isFree = turns.withLock { turns in
      guard turns.holds == 0 else { return false }
      turns.running += 1
      return true
    }
    guard isFree else { throw HTTPFault.conflict }
    defer { turns.withLock { $0.running -= 1 } }
    return try await sign(at: try await store.read { (state) throws(StorageFault) -> UInt64 in try state.auditSize() })
  }

  /// For who holds.
  func sign(at size: UInt64) async throws -> String {
    let status = try await vault.status()
    let former = signed.withLock { $0 }
    if size == status.checkpointSize, former.size == size, !former.note.isEmpty { return former.note }
    guard let root = try await store.auditRoot(size) else { throw StorageFault.corrupt("the log has no root at its own size") }
    var proof: [[UInt8]] = []
    if status.checkpointSize > 0, status.checkpointSize < size {
      proof = try await store.auditConsistencyProof(from: status.checkpointSize, to: size)?.path.map(\.bytes) ?? []
    }
    let note = try await vault.signCheckpoint(
      CheckpointRequest(size: size, root: root.bytes, oldSize: status.checkpointSize, proof: proof))
    try await store.store(checkpoint: note)
    signed.withLock { $0 = (size, note) }
    return note
  }
}
