import Synchronization

/// One unit that waits for the writer.
protocol PendingWork: AnyObject, Sendable {
  /// Runs in a savepoint of its own; throwing undoes it alone.
  func run(on state: inout SQLiteState) throws(StorageFault)
  /// Called once, after the commit that made it durable or after it failed.
  func answer(_ fault: StorageFault?)
}

/// A change, and whoever awaits its outcome.
final class PendingChange<C: Change>: PendingWork {
  private let change: C
  private let outcome = Mutex<C.Outcome?>(nil)
  private let continuation: CheckedContinuation<Result<C.Outcome, StorageFault>, Never>

  init(_ change: C, _ continuation: CheckedContinuation<Result<C.Outcome, StorageFault>, Never>) {
    self.change = change
    self.continuation = continuation
  }

  func run(on state: inout SQLiteState) throws(StorageFault) {
    let (value, record) = try change.apply(to: &state)
    try state.append(record)
    outcome.withLock { $0 = value }
  }

  func answer(_ fault: StorageFault?) {
    if let fault {
      continuation.resume(returning: .failure(fault))
    } else if let value = outcome.withLock({ $0 }) {
      continuation.resume(returning: .success(value))
    } else {
      continuation.resume(returning: .failure(.unavailable("the change was not run")))
    }
  }
}

/// Work of the store itself that has no row: keeping a checkpoint.
final class PendingUpkeep: PendingWork {
  private let work: @Sendable (inout SQLiteState) throws(StorageFault) -> Void
  private let continuation: CheckedContinuation<Result<Void, StorageFault>, Never>

  init(
    _ work: @escaping @Sendable (inout SQLiteState) throws(StorageFault) -> Void,
    _ continuation: CheckedContinuation<Result<Void, StorageFault>, Never>
  ) {
    self.work = work
    self.continuation = continuation
  }

  func run(on state: inout SQLiteState) throws(StorageFault) { try work(&state) }

  func answer(_ fault: StorageFault?) {
    continuation.resume(returning: fault.map { .failure($0) } ?? .success(()))
  }
}
