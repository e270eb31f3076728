import CVeinKernel

/// Words in pages of their own: 64-byte aligned, held in memory where the limit allows, left out of core dumps, wiped at the end.
@safe final class LockedWords: CustomReflectable {
  private let words: UnsafeMutableBufferPointer<UInt64>
  /// False when RLIMIT_MEMLOCK did not allow it.
  let isLocked: Bool

  /// - Parameter count: words, all zero at first.
  init(count: Int) throws(ComparisonFault) {
    var locked: Int32 = 0
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<UInt64>.stride)
    guard count > 0, !overflow, let memory = unsafe sanmon_vein_reserve(bytes, &locked) else {
      throw .outOfMemory(bytes: bytes)
    }
    unsafe words = UnsafeMutableBufferPointer(start: memory.bindMemory(to: UInt64.self, capacity: count), count: count)
    isLocked = locked == 1
  }

  var count: Int { unsafe words.count }

  func withWords<R, Failure: Error>(_ use: (UnsafeMutableBufferPointer<UInt64>) throws(Failure) -> R) throws(Failure) -> R {
    try unsafe use(words)
  }

  /// - Parameter first: so many words from the beginning.
  func wipe(first: Int) {
    unsafe sanmon_vein_wipe(words.baseAddress, min(first, words.count) * MemoryLayout<UInt64>.stride)
  }

  var customMirror: Mirror { Mirror(self, children: []) }

  deinit { unsafe sanmon_vein_release(words.baseAddress, words.count * MemoryLayout<UInt64>.stride) }
}
