public import AuditLog

/// A store whose log can be checkpointed and proven; both implementations can.
public protocol CheckpointingStore: Store {
  /// Keeps a signed checkpoint of this log. The signature is the caller's to check. A note with further signatures (witnesses')
  /// takes the place of the one it begins with.
  ///
  /// - Throws: `.conflict` when the note is malformed or says another root than the log has at that size.
  func store(checkpoint note: String) async throws(StorageFault)
  /// Signed notes, oldest first.
  func checkpoints() async throws(StorageFault) -> [String]
  /// The signed note that was kept last.
  func newestCheckpoint() async throws(StorageFault) -> String?
  /// `nil` when the log never had that size.
  func auditRoot(_ size: UInt64) async throws(StorageFault) -> TreeHash?
  func auditInclusionProof(of sequence: UInt64, size: UInt64) async throws(StorageFault) -> InclusionProof?
  func auditConsistencyProof(from old: UInt64, to new: UInt64) async throws(StorageFault) -> ConsistencyProof?
  /// Of neighbouring rows in the log of `size` rows; `nil` when they cannot be there.
  func auditRangeProof(of rows: Range<UInt64>, size: UInt64) async throws(StorageFault) -> RangeProof?
}

extension Checkpoint {
  /// The checkpoint in a signed note, or a conflict: what is malformed is not kept.
  init(keeping note: String) throws(StorageFault) {
    do {
      self = try Checkpoint(parsing: try SignedNote(parsing: note).text)
    } catch {
      throw .conflict("the checkpoint is not a signed note")
    }
  }
}
