import AuditLog
import AuthTerms
import Storage
import Synchronization

/// When the directory that people come from answered last: as old may be what is known of anybody.
///
/// Kept across restarts without a write for every answer: the row that says that it went silent has the time with it, and
/// while it answers no time lies further back than the newest row.
final class DirectoryHearing: Sendable {
  private static let setting = "directory.heard"

  private let last: Mutex<(moment: Moment?, before: Int64)>

  /// - Parameter newestRow: milliseconds since 1970-01-01 UTC.
  init(newestRow: Int64) { last = Mutex((nil, newestRow)) }

  func heard(at now: Moment) { last.withLock { $0.moment = now } }

  /// - Parameter time: milliseconds since 1970-01-01 UTC by the later of the clock and the log.
  func silentSeconds(at now: Moment, _ time: Int64) -> Int64 {
    let last = last.withLock { $0 }
    return max(0, last.moment.map { now.milliseconds(since: $0) } ?? (time - last.before)) / 1000
  }

  /// - Returns: whether it was silent when this server stopped.
  func load(from state: some StateReader) throws(StorageFault) -> Bool {
    guard let bytes = try state.setting(Self.setting), !bytes.isEmpty else { return false }
    guard let time = Int64(String(decoding: bytes, as: UTF8.self)) else { throw .corrupt("setting \(Self.setting)") }
    last.withLock { $0.before = min($0.before, time) }
    return true
  }

  /// The row that says that the directory went silent, or answers again.
  struct Note: Change {
    let record: AuditRecord
    /// Milliseconds since 1970-01-01 UTC; `nil`: it answers.
    let silentSince: Int64?

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      try state.set(silentSince.map { Array("\($0)".utf8) } ?? [], forSetting: DirectoryHearing.setting)
      return ((), record)
    }
  }

  /// Milliseconds since 1970-01-01 UTC.
  func heardWall() -> Int64 { last.withLock { $0.moment?.wallMilliseconds ?? $0.before } }
}
