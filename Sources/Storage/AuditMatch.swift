import AuditLog
import AuthTerms

extension AuditQuery {
  /// The page size in force: 1 to 10,000.
  var boundedLimit: Int { Self.bounded(limit) }
  static func bounded(_ limit: Int) -> Int { min(max(limit, 1), 10_000) }

  /// The whole rule of what a query finds; every index only says where to look.
  func matches(_ row: AuditRow, _ words: AuditWords) -> Bool {
    let record = row.record
    guard person == nil || record.person == person, workstation == nil || record.workstation == workstation,
      segment == nil || record.segment == segment, eventClass == nil || record.eventClass == eventClass,
      outcome == nil || record.outcome == outcome, code == nil || record.code == code,
      reference == nil || record.reference == reference
    else { return false }
    let isAction = action.map { $0.hasSuffix(".") ? record.action.hasPrefix($0) : record.action == $0 } ?? true
    let isInTime = from.map { record.time >= $0 } ?? true && until.map { record.time < $0 } ?? true
    let isInPlace = fromSequence.map { row.sequence >= $0 } ?? true && untilSequence.map { row.sequence < $0 } ?? true
    return isAction && isInTime && isInPlace && words.match(record)
  }
}

extension AuditRecord {
  /// The card whose story this row belongs to: what was done with it at a desk, and that it was shown although it is lost.
  var cardOfItsStory: CardID? { action.hasPrefix("card.") || code == .cardLost ? card : nil }
}
