import AuditLog

/// The floor as it is kept when the newest rows no longer show it: the time, and the row from which on rows count.
package struct KeptClockFloor: Equatable {
  private static let setting = "clock.floor"

  /// Newest rows that are looked at when the log is opened.
  private static let rows = 200

  package let milliseconds: Int64
  package let since: UInt64

  package init(milliseconds: Int64, since: UInt64) {
    self.milliseconds = milliseconds
    self.since = since
  }

  package init?(in state: any StateReader) throws(StorageFault) {
    guard let bytes = try state.setting(Self.setting) else { return nil }
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard parts.count == 2, let milliseconds = Int64(parts[0]), let since = UInt64(parts[1]) else {
      throw .corrupt("setting \(Self.setting)")
    }
    self.init(milliseconds: milliseconds, since: since)
  }

  package func keep(in state: inout some StateTransaction) throws(StorageFault) {
    try state.set(Array("\(milliseconds) \(since)".utf8), forSetting: Self.setting)
  }

  /// The time of the newest row that counts, in milliseconds since 1970-01-01 UTC; `nil` in an empty log.
  package static func newestTime(in state: any StateReader) throws(StorageFault) -> Int64? {
    let kept = try KeptClockFloor(in: state)
    var query = AuditQuery()
    query.newestFirst = true
    query.limit = rows
    let newest = try state.auditRows(query).filter { $0.sequence >= kept?.since ?? 0 }.map(\.record.time).max()
    return [kept?.milliseconds, newest].compactMap { $0 }.max()
  }
}
