import AuditLog
import AuthAPI
import AuthTerms
import GRDB
import Synchronization

// What administrators say after they looked: an alarm was seen, a city's key for cards is no more wanted.

extension VaultService {
  func answer(_ request: UpkeepRequest, _ keys: VaultKeys, _ now: Moment) throws -> VaultAnswer {
    switch request {
    case .listAlarms(let number): return .alarms(try write { try VaultAlarms($0).list(after: number) })
    case .seeAlarm(let act): try write { try seeAlarm(act, keys, $0, now) }
    case .removeCardKey(let act, let cards):
      let script = try write { try removeCardKey(act, cards, keys, $0, now) }
      exchanges.forget(script)
      // The key is gone already; what was written before it stands in the write-ahead log until that is cut.
      isLogToBeCut.withLock { $0 = true }
      cutLogIfDue()
    }
    return .noted
  }

  /// While somebody else reads (a backup) it cannot be cut: the thread that renews keys tries again within a minute.
  package func cutLogIfDue() {
    let isDue = isLogToBeCut.withLock { flag -> Bool in
      defer { flag = false }
      return flag
    }
    guard isDue else { return }
    do { try truncateWriteAheadLog() } catch { isLogToBeCut.withLock { $0 = true } }
  }

  /// What was raised again since it was looked at is another thing than what the act is about.
  private func seeAlarm(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let parameters = try check(signed, kind: Act.Kind.seeAlarm, names: ["alarm", "action", "times", "reason"], keys, now)
    guard let number = Int64(parameters("alarm")), number > 0, String(number) == parameters("alarm"),
      let reason = try? Remark(parsing: parameters("reason")),
      reason.text.unicodeScalars.contains(where: { !$0.properties.isWhitespace })
    else { throw VaultFailure.no(.actNotAllowed, "an alarm's number, its word, how often, and a reason") }
    try authorise(signed, required: 1, VaultRegister(database))
    let alarms = VaultAlarms(database)
    guard let alarm = try alarms.alarm(number), alarm.action == parameters("action") else {
      throw VaultFailure.no(.alarmOther, "no such alarm")
    }
    guard alarm.seen == nil else { throw VaultFailure.no(.alarmSeen, "somebody has seen it") }
    guard String(alarm.times) == parameters("times") else {
      throw VaultFailure.no(.alarmOther, "it was raised again since it was looked at")
    }
    try alarms.see(number, VaultAlarm.Seen(by: signed.act.operatorID, at: now.wallMilliseconds, reason: reason))
    try record("alarm.seen", signed, database, now) {
      $0.note = "alarm \(number) \(alarm.action) \(alarm.times) time(s): \(reason.text)"
    }
  }

  /// - Parameter cards: the server's word.
  /// - Returns: the script whose key it was.
  private func removeCardKey(
    _ signed: SignedAct, _ cards: UInt64, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> String {
    let parameters = try check(signed, kind: Act.Kind.removeCardKey, names: ["script", "cards"], keys, now)
    try authorise(signed, required: 2, VaultRegister(database))
    var register = ReleaseRegister(database, keys)
    guard let key = try register.cardKey(of: parameters("script")) else {
      throw VaultFailure.no(.cardKeyMissing, "no key is kept for a script of this name")
    }
    guard parameters("cards") == String(cards) else {
      throw VaultFailure.no(.cardKeyInUse, "\(cards) keys of cards are registered for it, and the act names another number")
    }
    try register.remove(key)
    try record("cardkey.removed", signed, database, now) {
      $0.note = "\(key.place.script) version \(key.place.version) with \(cards) registered"
    }
    try register.writeSum()
    return key.place.script
  }
}
