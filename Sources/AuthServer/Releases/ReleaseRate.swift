import AuthTerms
import Synchronization

/// How often one session may ask the vault, so that a program that has gone wild on a workstation fills no log. The vault counts
/// for itself besides.
final class ReleaseRate: Sendable {
  static let aMinute = 60
  /// Sessions that are counted at once; beyond it the oldest counts are forgotten.
  private static let most = 16_384

  private struct Count {
    var begun: Moment
    var asked = 0
  }
  private let counts = Mutex<[SessionID: Count]>([:])

  func admits(_ session: SessionID, now: Moment) -> Bool {
    counts.withLock { counts in
      if counts.count >= Self.most { counts = counts.filter { now.milliseconds(since: $0.value.begun) < 60_000 } }
      var count = counts[session] ?? Count(begun: now)
      if now.milliseconds(since: count.begun) >= 60_000 { count = Count(begun: now) }
      count.asked += 1
      counts[session] = count
      return count.asked <= Self.aMinute
    }
  }
}
