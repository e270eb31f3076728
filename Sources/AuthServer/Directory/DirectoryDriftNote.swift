import AuditLog
import AuthTerms
import DirectorySync
import Storage

/// What a nightly comparison found, with its row: kept over restarts, until one finds nothing.
struct DirectoryDriftNote: Change {
  private static let setting = "directory.drift"

  let drift: DirectoryDrift
  /// What it would change is held, and the store goes on with what it had.
  let isHeld: Bool
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    let count = drift.differences.count
    try state.set(Array((drift.isEmpty ? "" : "\(count)\(isHeld ? " held" : "")").utf8), forSetting: Self.setting)
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "directory.drift", outcome: .done)
    guard !drift.isEmpty else {
      record.action = "directory.compared"
      record.note = "nothing is otherwise any more"
      return ((), record)
    }
    record.count = Int64(count)
    record.note = drift.note + (isHeld ? "; held" : "")
    return ((), record)
  }

  /// Of the last comparison that has a row.
  struct Kept: Sendable {
    var count = 0
    var isHeld = false

    init(in state: some StateReader) throws(StorageFault) {
      guard let bytes = try state.setting(setting), !bytes.isEmpty else { return }
      let words = String(decoding: bytes, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
      guard let number = words.first.flatMap({ Int($0) }), number > 0, words.count == 1 || words.dropFirst() == ["held"] else {
        throw .corrupt("setting \(setting)")
      }
      (count, isHeld) = (number, words.count == 2)
    }
  }
}
