import Foundation

/// A point on the monotonic clock until which a whole exchange must be done; a peer that sends one byte a second does not
/// push it out.
public struct Deadline: Sendable {
  private let nanoseconds: UInt64

  public init(milliseconds: Int) {
    nanoseconds = monotonicNanoseconds() &+ UInt64(max(0, milliseconds)) * 1_000_000
  }

  /// Milliseconds that are left, rounded up; 0 when it has passed.
  public var remainingMilliseconds: Int32 {
    let now = monotonicNanoseconds()
    guard nanoseconds > now else { return 0 }
    return Int32(clamping: (nanoseconds - now + 999_999) / 1_000_000)
  }
}

private func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
