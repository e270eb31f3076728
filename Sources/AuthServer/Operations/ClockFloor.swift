import AuditLog
import AuthTerms
import Storage

/// What the wall clock cannot rightly be before: the newest rows that were here at the start, and this release.
///
/// A machine that was without power may come back with the clock of another year until its NTP answers. Nobody is kept out for
/// it here; it is said, with a row, a metric and a warning, until the clock is right.
struct ClockFloor: Sendable {
  /// Clocks are set back by seconds all the time.
  static let toleranceMilliseconds: Int64 = 60_000
  /// Rows that a wrong clock dated into the future stop counting when so many others have followed.
  private static let rows = 200

  private let newestRow: Int64?

  init(readFrom store: any Store) async throws(StorageFault) {
    newestRow = try await store.read { (state) throws(StorageFault) -> Int64? in
      var query = AuditQuery()
      query.newestFirst = true
      query.limit = Self.rows
      return try state.auditRows(query).map(\.record.time).max()
    }
  }

  var milliseconds: Int64 { max(newestRow ?? .min, Release.noEarlierThan) }

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
      "警告: 装置の時計が、以前の監査記録またはこの版の公開日より \(ja) 遅れています。時刻同期（NTP）を確かめてください。合うまで、期限や証明書の判定は信頼できません。",
      "WARNING: this machine's clock is \(en) before the log's newest rows or this release; check its NTP. Until it is right, dates and certificates cannot be judged."
    )
  }
}
