/// What the store has been through since it was opened: for metrics and readiness.
public struct StoreCondition: Sendable, Hashable {
  /// False between a fault and the next successful opening.
  public var isOpen = true
  /// Transactions, and changes that became durable in them: their ratio is the group commit.
  public var batches = 0
  public var committed = 0
  /// Batches that were answered as failed as a whole.
  public var failedBatches = 0
  public var reopenings = 0
  /// Rows found after a reopening whose batch had been answered as failed. Each says more than was told, never less.
  public var unansweredRows: UInt64 = 0

  public init() {}
}
