import AuditLog
import Simulation
import Storage
import Synchronization

/// A right store with one wrong habit, now and then.
enum WrongHabit: Sendable, CaseIterable {
  /// Answers as if the change were durable, and writes nothing.
  case losesTheChange
  /// Writes the row and forgets what it tells of.
  case losesTheState
  /// What was committed last is gone after a fall.
  case losesTheTail
  /// Writes the change twice.
  case writesTwice

  /// What has to find it.
  var finders: Set<Invariant> {
    switch self {
    case .losesTheChange: [.rowsTellWhatHappened, .stateIsAsPredicted, .noGrantWithoutDurableRow]
    case .losesTheState: [.stateIsAsPredicted]
    case .losesTheTail: [.toldIsKept]
    case .writesTwice: [.rowsTellWhatHappened, .noSessionWithoutGrant, .stateIsAsPredicted]
    }
  }
}

/// Where such a store comes from. What it loses stays lost.
final class LosingSource: StoreSource {
  private let habit: WrongHabit
  private let state: Mutex<(store: InMemoryStore, behind: InMemoryStore, hasFallen: Bool)>

  init(_ habit: WrongHabit) {
    self.habit = habit
    state = Mutex((InMemoryStore(), InMemoryStore(), false))
  }

  func open() async throws -> any CheckpointingStore {
    let (store, behind, hasFallen) = state.withLock { $0 }
    return hasFallen ? store : LosingStore(store, behind: behind, habit)
  }

  func fall() async throws {
    guard habit == .losesTheTail else { return }
    state.withLock { $0 = ($0.behind, $0.behind, true) }
  }

  func remove() {}
}

final class LosingStore: CheckpointingStore {
  private let base: InMemoryStore
  /// Gets every change but each fortieth.
  private let behind: InMemoryStore
  private let habit: WrongHabit
  private let count = Mutex(0)

  init(_ base: InMemoryStore, behind: InMemoryStore, _ habit: WrongHabit) {
    self.base = base
    self.behind = behind
    self.habit = habit
  }

  func commit<C: Change>(_ change: C) async throws(StorageFault) -> C.Outcome {
    let number = count.withLock { count in
      count += 1
      return count
    }
    let isWrong = number % 40 == 0
    // What follows a change that is missing may not fit any more.
    if habit == .losesTheTail, !isWrong { _ = try? await behind.commit(change) }
    guard isWrong else { return try await base.commit(change) }
    switch habit {
    case .losesTheTail: return try await base.commit(change)
    case .losesTheChange: return try await tried(change).outcome
    case .losesTheState:
      let (outcome, record) = try await tried(change)
      try await base.commit(RowAlone(record: record))
      return outcome
    case .writesTwice:
      let outcome = try await base.commit(change)
      let (_, record) = try await tried(
        RowAlone(record: AuditRecord(time: 0, eventClass: .session, action: "again", outcome: .done)))
      try await base.commit(RowAlone(record: record))
      return outcome
    }
  }

  /// What the change would have done.
  private func tried<C: Change>(_ change: C) async throws(StorageFault) -> (outcome: C.Outcome, record: AuditRecord) {
    let kept = Kept<C.Outcome>()
    do { try await base.commit(Tried(change: change, kept: kept)) } catch {
      guard let result = kept.result.withLock({ $0 }) else { throw error }
      return result
    }
    throw .conflict("a trial was committed")
  }

  private final class Kept<Outcome: Sendable>: Sendable {
    let result = Mutex<(outcome: Outcome, record: AuditRecord)?>(nil)
  }

  private struct Tried<C: Change>: Change {
    let change: C
    let kept: Kept<C.Outcome>

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      let result = try change.apply(to: &state)
      kept.result.withLock { $0 = (result.0, result.1) }
      throw .conflict("only tried")
    }
  }

  private struct RowAlone: Change {
    let record: AuditRecord
    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) { ((), record) }
  }

  func read<R: Sendable>(
    _ query: @escaping @Sendable (any StateReader) throws(StorageFault) -> R
  ) async throws(StorageFault) -> R { try await base.read(query) }
  func store(checkpoint note: String) async throws(StorageFault) { try await base.store(checkpoint: note) }
  func checkpoints() async throws(StorageFault) -> [String] { try await base.checkpoints() }
  func newestCheckpoint() async throws(StorageFault) -> String? { try await base.newestCheckpoint() }
  func auditRoot(_ size: UInt64) async throws(StorageFault) -> TreeHash? { try await base.auditRoot(size) }
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
