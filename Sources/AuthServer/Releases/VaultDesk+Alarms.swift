import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// The newest that are open, or that were ever raised; how many there are besides.
  func alarms(withSeen: Bool) async throws -> VaultAlarmPage {
    var newest: [VaultAlarm] = []
    var (count, next) = (0, UInt64(0))
    while true {
      let last = next
      let page = try await VaultAnswers.ask { try await services.vault.listAlarms(after: last) }
      let wanted = page.filter { withSeen || $0.seen == nil }
      count += wanted.count
      newest = Array((newest + wanted).suffix(VaultAlarmPage.most))
      guard page.count == VaultAlarm.mostAtOnce, let end = page.last else { break }
      next = end.number
    }
    return VaultAlarmPage(alarms: newest.reversed().map(Self.summary), more: Int64(count - newest.count))
  }

  private static func summary(_ alarm: VaultAlarm) -> VaultAlarmSummary {
    VaultAlarmSummary(
      number: Int64(clamping: alarm.number), action: alarm.action, note: alarm.note, times: Int64(clamping: alarm.times),
      firstAt: alarm.firstAt, lastAt: alarm.lastAt, seenBy: alarm.seen?.by.text, seenAt: alarm.seen?.at,
      reason: alarm.seen?.reason.text)
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
