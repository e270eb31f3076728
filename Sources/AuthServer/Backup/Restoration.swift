import AuditLog
import AuthAPI
import AuthTerms
import Synchronization

/// A copy from a backup that was opened and that nobody has approved.
struct RestoredCopy: Sendable, Equatable {
  /// What the database says of itself; `nil` if the vault's state alone was restored.
  let mark: RestoredMark?
  let isVaultRestored: Bool
  /// Rows when it was opened.
  let size: UInt64
  /// The greatest that database and witness have seen.
  let epoch: UInt64
  /// Rows of the greatest checkpoint that database or witness have; the vault's is asked when it counts.
  let known: UInt64

  /// What administrators have to sign so that it counts.
  func approval(_ vault: VaultStatus) -> RestoreApproval {
    let head = vault.checkpointSize
    let headRoot = vault.checkpointRoot.isEmpty ? TreeHash.empty.bytes : vault.checkpointRoot
    let have = mark?.size ?? size
    let known = max(known, head)
    let isBehind = mark.map { $0.size < head } ?? false
    return RestoreApproval(
      epoch: max(epoch, vault.epoch) + 1, size: isBehind ? have : head, root: isBehind ? mark?.root ?? [] : headRoot,
      head: head, headRoot: headRoot, lost: known > have ? known - have : 0)
  }
}

/// Whether this server may let anybody in: not while it is a copy that waits for an approval.
final class Restoration: Sendable {
  private let copy: Mutex<RestoredCopy?>

  init(_ copy: RestoredCopy?) { self.copy = Mutex(copy) }

  var pending: RestoredCopy? { copy.withLock { $0 } }

  func approved() { copy.withLock { $0 = nil } }
}
