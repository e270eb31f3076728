public import AuditLog
import Synchronization

/// The second implementation of the store, for tests and as the plain reading of its contract. Keeps nothing.
public final class InMemoryStore: CheckpointingStore, Sendable {
  private struct Everything {
    var state: MemoryState
    var checkpoints: [(size: UInt64, note: String)] = []
  }

  private let everything: Mutex<Everything>

  public init(localDayOffsetSeconds: Int = 32_400) {
    everything = Mutex(Everything(state: MemoryState(localDayOffsetSeconds: localDayOffsetSeconds)))
  }

  public func commit<C: Change>(_ change: C) async throws(StorageFault) -> C.Outcome {
    // The result type keeps the lock's own error type out of the signature.
    try everything.withLock { everything -> Result<C.Outcome, StorageFault> in
      do throws(StorageFault) {
        var copy = everything.state
        let (outcome, record) = try change.apply(to: &copy)
        try copy.append(record)
        everything.state = copy
        return .success(outcome)
      } catch {
        return .failure(error)
      }
    }.get()
  }

  public func read<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    try everything.withLock { everything -> Result<R, StorageFault> in
      do throws(StorageFault) { return .success(try query(everything.state)) } catch { return .failure(error) }
    }.get()
  }

  public func store(checkpoint note: String) async throws(StorageFault) {
    let checkpoint = try Checkpoint(keeping: note)
    guard try await auditRoot(checkpoint.size) == checkpoint.root else {
      throw .conflict("the checkpoint is not one of this log")
    }
    everything.withLock { everything in
      guard !everything.checkpoints.contains(where: { $0.note == note }) else { return }
      if let begun = everything.checkpoints.firstIndex(where: { note.utf8.starts(with: $0.note.utf8) }) {
        everything.checkpoints[begun].note = note
        return
      }
      // Oldest first, by size; equal sizes in the order they came.
      let place = everything.checkpoints.firstIndex { $0.size > checkpoint.size } ?? everything.checkpoints.endIndex
      everything.checkpoints.insert((checkpoint.size, note), at: place)
    }
  }

  public func checkpoints() async throws(StorageFault) -> [String] { everything.withLock { $0.checkpoints.map(\.note) } }

  public func newestCheckpoint() async throws(StorageFault) -> String? {
    everything.withLock { $0.checkpoints.last?.note }
  }

  public func auditRoot(_ size: UInt64) async throws(StorageFault) -> TreeHash? {
    try MerkleTree.root(of: size, in: log)
  }

  public func auditInclusionProof(of sequence: UInt64, size: UInt64) async throws(StorageFault) -> InclusionProof? {
    try MerkleTree.inclusionProof(of: sequence, size: size, in: log)
  }

  public func auditConsistencyProof(from old: UInt64, to new: UInt64) async throws(StorageFault) -> ConsistencyProof? {
    try MerkleTree.consistencyProof(from: old, to: new, in: log)
  }

  public func auditRangeProof(of rows: Range<UInt64>, size: UInt64) async throws(StorageFault) -> RangeProof? {
    try MerkleTree.rangeProof(of: rows, size: size, in: log)
  }

  private var log: MemoryLog { everything.withLock { $0.state.log } }
}
