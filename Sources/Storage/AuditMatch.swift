import AuditLog
import AuthTerms

extension AuditQuery {
  /// The page size in force: 1 to 10,000.
  var boundedLimit: Int { Self.bounded(limit) }
  static func bounded(_ limit: Int) -> Int { min(max(limit, 1), 10_000) }

  func matches(_ row: AuditRow) -> Bool {
    let record = row.record
    return (person == nil || record.person == person)
      && (workstation == nil || record.workstation == workstation)
      && (segment == nil || record.segment == segment)
      && (eventClass == nil || record.eventClass == eventClass)
      && (action.map { $0.hasSuffix(".") ? record.action.hasPrefix($0) : record.action == $0 } ?? true)
      && (outcome == nil || record.outcome == outcome)
      && (reference == nil || record.reference == reference)
      && from.map { record.time >= $0 } ?? true
      && until.map { record.time < $0 } ?? true
      && fromSequence.map { row.sequence >= $0 } ?? true
      && untilSequence.map { row.sequence < $0 } ?? true
  }
}

extension AuditRecord {
  /// The card whose story this row belongs to: what was done with it at a desk, and that it was shown although it is lost.
  var cardOfItsStory: CardID? { action.hasPrefix("card.") || code == .cardLost ? card : nil }
}
