import AuditLog
import AuthTerms
import Storage
import Synchronization

/// What looks on while requests use the store.
protocol StoreWitness: AnyObject, Sendable {
  /// The request read, and goes on with what it saw.
  func hasRead(_ request: Int)
  /// The request is about to commit and waits for its turn.
  func willCommit(_ request: Int)
  /// Its change is durable; it has not been told.
  func hasCommitted(_ request: Int) async
  /// It is told, and goes on.
  func wasTold(_ request: Int, committed: Bool)
}

/// The store as requests see it: each read and each commit waits for its turn, and a commit may fail before or after it is durable.
final class SimulatedStore: CheckpointingStore {
  enum Fault: Sendable, Equatable {
    /// Nothing was written.
    case before
    /// All is durable, and the answer is lost.
    case after
  }

  private struct State {
    var isDead = false
    var isFull = false
    /// Set for the next commit.
    var next: Fault?
    var readFails = false
    /// Requests that a fault met.
    var met: Set<Int> = []
  }

  let base: any CheckpointingStore
  private let schedule: Schedule
  private let state = Mutex(State())
  private let witness: any StoreWitness

  init(_ base: any CheckpointingStore, schedule: Schedule, witness: any StoreWitness) {
    self.base = base
    self.schedule = schedule
    self.witness = witness
  }

  /// The process ended: whoever still waits gets nothing, and touches nothing.
  func die() { state.withLock { $0.isDead = true } }
  func setFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }
  var isFull: Bool { state.withLock { $0.isFull } }
  func plan(_ fault: Fault?) { state.withLock { $0.next = fault } }
  func failNextRead() { state.withLock { $0.readFails = true } }
  func healReads() { state.withLock { $0.readFails = false } }
  /// Whether a fault met this request.
  func hasMet(_ request: Int) -> Bool { state.withLock { $0.met.contains(request) } }

  /// For the witness, after each of its own awaits.
  func requireOwnThread() { schedule.requireOwnThread() }

  func commit<C: Change>(_ change: C) async throws(StorageFault) -> C.Outcome {
    // Without a request it is the stage being set, or the curtain.
    guard let request = Schedule.request else { return try await base.commit(change) }
    try requireAlive()
    witness.willCommit(request)
    await schedule.wait()
    try requireAlive()
    let fault: Fault? = state.withLock { state in
      let fault = state.isFull ? .before : state.next
      state.next = nil
      if fault != nil { state.met.insert(request) }
      return fault
    }
    if fault == .before {
      witness.wasTold(request, committed: false)
      throw .unavailable("simulated: nothing was written")
    }
    let outcome = try await base.commit(change)
    schedule.requireOwnThread()
    await witness.hasCommitted(request)
    await schedule.wait()
    try requireAlive()
    schedule.requireOwnThread()
    witness.wasTold(request, committed: fault == nil)
    if fault == .after { throw .unavailable("simulated: written, and not told") }
    return outcome
  }

  func read<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R {
    guard let request = Schedule.request else { return try await base.read(query) }
    try requireAlive()
    await schedule.wait()
    try requireAlive()
    let fails = state.withLock { state in
      guard state.readFails else { return false }
      state.readFails = false
      state.met.insert(request)
      return true
    }
    if fails { throw .unavailable("simulated: nothing was read") }
    let result = try await base.read(query)
    schedule.requireOwnThread()
    witness.hasRead(request)
    return result
  }

  private func requireAlive() throws(StorageFault) {
    if state.withLock({ $0.isDead }) { throw .unavailable("simulated: the process ended") }
  }

  // MARK: Checkpoints and proofs

  func store(checkpoint note: String) async throws(StorageFault) {
    try requireAlive()
    try await base.store(checkpoint: note)
  }

  func checkpoints() async throws(StorageFault) -> [String] { try await base.checkpoints() }
  func newestCheckpoint() async throws(StorageFault) -> String? { try await base.newestCheckpoint() }

  func auditRoot(_ size: UInt64) async throws(StorageFault) -> TreeHash? {
    if Schedule.request != nil { await schedule.wait() }
    try requireAlive()
    return try await base.auditRoot(size)
  }

  func auditInclusionProof(of sequence: UInt64, size: UInt64) async throws(StorageFault) -> InclusionProof? {
    try await base.auditInclusionProof(of: sequence, size: size)
  }

  func auditConsistencyProof(from old: UInt64, to new: UInt64) async throws(StorageFault) -> ConsistencyProof? {
    try await base.auditConsistencyProof(from: old, to: new)
  }

  func auditRangeProof(of rows: Range<UInt64>, size: UInt64) async throws(StorageFault) -> RangeProof? {
    try await base.auditRangeProof(of: rows, size: size)
  }
}
