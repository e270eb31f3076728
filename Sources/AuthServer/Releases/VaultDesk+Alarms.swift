import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// All that the vault ever raised, the open ones too, in their order.
  func alarms() async throws -> [VaultAlarmSummary] {
    var alarms: [VaultAlarm] = []
    while true {
      let last = alarms.last?.number ?? 0
      let page = try await VaultAnswers.ask { try await services.vault.listAlarms(after: last) }
      alarms += page
      guard page.count == VaultAlarm.mostAtOnce else { break }
    }
    return alarms.map { alarm in
      VaultAlarmSummary(
        number: Int64(clamping: alarm.number), action: alarm.action, note: alarm.note, times: Int64(clamping: alarm.times),
        firstAt: alarm.firstAt, lastAt: alarm.lastAt, seenBy: alarm.seen?.by.text, seenAt: alarm.seen?.at,
        reason: alarm.seen?.reason.text)
    }
  }

  /// Carries the act by which an administrator says what she found.
  func seeAlarm(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.seeAlarm, by: acting)
    let reason = try Remark(parsing: act.act.parameters["reason"] ?? "")
    guard let number = Int64(act.act.parameters["alarm"] ?? ""), number > 0 else { throw HTTPFault.malformed(.value) }
    try await record(Act.Kind.seeAlarm, act, by: acting) { $0.note = "alarm \(number) \(reason.text)" }
    try await VaultAnswers.ask { try await services.vault.seeAlarm(act) }
  }
}
