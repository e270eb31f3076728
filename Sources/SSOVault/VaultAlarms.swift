import AuthAPI
import AuthTerms
import GRDB

/// What somebody should look at. Each has a row in the log besides, which nobody can take away.
struct VaultAlarms {
  let database: Database

  init(_ database: Database) { self.database = database }

  /// The same again, before anybody saw it, counts: who raises one for ever fills nothing.
  /// - Parameters:
  ///   - action: as its row, without `vault.`.
  ///   - note: what it is about, and nothing that differs from one time to the next: another note is another alarm.
  ///   - times: how many it stands for.
  ///   - now: milliseconds since 1970-01-01 UTC.
  func raise(_ action: String, _ note: String, times: Int64 = 1, at now: Int64) throws {
    let note = note.utf8.count <= VaultAlarm.longestNote ? note : String(note.prefix(100))
    try database.execute(
      sql: "UPDATE raised_alarms SET times = times + ?, last_at = ? WHERE action = ? AND note = ? AND seen_at IS NULL",
      arguments: [times, now, action, note])
    guard database.changesCount == 0 else { return }
    try database.execute(
      sql: "INSERT INTO raised_alarms(action, note, times, first_at, last_at) VALUES (?, ?, ?, ?, ?)",
      arguments: [action, note, times, now, now])
  }

  /// How often, of those that are open.
  func open() throws -> UInt64 {
    UInt64(clamping: try Int64.fetchOne(database, sql: "SELECT sum(times) FROM raised_alarms WHERE seen_at IS NULL") ?? 0)
  }

  private static let columns = "id, action, note, times, first_at, last_at, seen_by, seen_at, reason"

  private static func alarm(_ row: Row) throws -> VaultAlarm {
    let (number, action, note, times): (Int64, String, String, Int64) = (row[0], row[1], row[2], row[3])
    let (firstAt, lastAt, seenAt): (Int64, Int64, Int64?) = (row[4], row[5], row[7])
    let (by, reason): (String?, String?) = (row[6], row[8])
    var seen: VaultAlarm.Seen?
    if let seenAt, let by, let reason {
      seen = VaultAlarm.Seen(by: try OperatorID(parsing: by), at: seenAt, reason: try Remark(parsing: reason))
    }
    return VaultAlarm(
      number: UInt64(clamping: number), action: action, note: note, times: UInt64(clamping: times), firstAt: firstAt,
      lastAt: lastAt, seen: seen)
  }

  /// One page, in the order of their numbers.
  func list(after number: UInt64) throws -> [VaultAlarm] {
    try Row.fetchAll(
      database, sql: "SELECT \(Self.columns) FROM raised_alarms WHERE id > ? ORDER BY id LIMIT \(VaultAlarm.mostAtOnce)",
      arguments: [Int64(clamping: number)]
    ).map(Self.alarm)
  }

  func alarm(_ number: Int64) throws -> VaultAlarm? {
    try Row.fetchOne(
      database, sql: "SELECT \(Self.columns) FROM raised_alarms WHERE id = ?", arguments: [number]
    ).map(Self.alarm)
  }

  func see(_ number: Int64, _ seen: VaultAlarm.Seen) throws {
    try database.execute(
      sql: "UPDATE raised_alarms SET seen_by = ?, seen_at = ?, reason = ? WHERE id = ?",
      arguments: [seen.by.text, seen.at, seen.reason.text, number])
  }
}
