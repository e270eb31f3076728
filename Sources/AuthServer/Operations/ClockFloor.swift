import AuditLog
import AuthTerms
import Storage
import Synchronization

/// What the wall clock cannot rightly be before: the newest row of the log, and this release.
///
/// Dates are judged by the later of the two: a clock that is set back, or comes back wrong after a power cut, revives no card,
/// no revocation list, no waiver and no person whose last day has passed. What was dated by a clock that ran ahead counts until
/// administrators say that it was wrong (`clock.accept`); the rows stay as they are.
final class ClockFloor: Sendable {
  /// Clocks are set back by seconds all the time.
  static let toleranceMilliseconds: Int64 = 60_000
  private let newestRow: Mutex<Int64?>

  init(readFrom store: any Store) async throws(StorageFault) {
    newestRow = Mutex(try await store.read { (state) throws(StorageFault) in try KeptClockFloor.newestTime(in: state) })
  }

  var milliseconds: Int64 { max(newestRow.withLock { $0 } ?? .min, Release.noEarlierThan) }

  /// A row with this time is durable.
  func raise(to milliseconds: Int64) { newestRow.withLock { $0 = max($0 ?? .min, milliseconds) } }

  /// Administrators said that rows were dated by a clock that ran ahead.
  func accept(_ milliseconds: Int64) { newestRow.withLock { $0 = milliseconds } }

  /// The time by which dates are judged, in milliseconds since 1970-01-01 UTC.
  func later(of now: Moment) -> Int64 { max(now.wallMilliseconds, milliseconds) }

  /// - Returns: by how many seconds the clock is behind; `nil` while it can be right.
  func secondsBehind(at now: Moment) -> Int64? {
    let behind = milliseconds - now.wallMilliseconds
    return behind > Self.toleranceMilliseconds ? behind / 1000 : nil
  }

  static func warning(seconds: Int64) -> (ja: String, en: String) {
    let (ja, en) = (
      seconds >= 172_800 ? "\(seconds / 86_400) 日" : "\(seconds) 秒",
      seconds >= 172_800 ? "\(seconds / 86_400) days" : "\(seconds) s"
    )
    return (
      "警告: 装置の時計が、以前の監査記録またはこの版の公開日より \(ja) 遅れています。期限と証明書は、遅い方の日時で判定しています。時刻同期（NTP）を確かめてください。"
        + "時計が正しく、以前の記録の日時が誤っているときは sanmon clock accept を実行してください。",
      "WARNING: this machine's clock is \(en) before the log's newest rows or this release; dates and certificates are judged by "
        + "the later time. Check its NTP. If the clock is right and the rows were dated wrongly: sanmon clock accept"
    )
  }
}

/// The clock is seen to be behind: a row, and the floor it is behind, which newer rows would otherwise hide at the next start.
struct NoteClockBehind: Change {
  let record: AuditRecord
  let floor: Int64

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    let kept = try KeptClockFloor(in: state)
    if floor > kept?.milliseconds ?? .min {
      try KeptClockFloor(milliseconds: floor, since: kept?.since ?? 0).keep(in: &state)
    }
    return ((), record)
  }
}
