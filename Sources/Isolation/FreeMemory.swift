import CIsolation

/// What was free after a burst of connections would otherwise stay this process's until it ends.
public enum FreeMemory {
  /// For the start of a process, before its threads.
  public static func useFewHeaps() { sanmon_use_few_heaps() }

  /// Gives free pages back to the system when more than `bytes` are free; some milliseconds of work, so not after each request.
  /// - Returns: whether it did.
  @discardableResult
  public static func giveBack(above bytes: Int) -> Bool { sanmon_give_back_memory(max(0, bytes)) == 1 }
}
