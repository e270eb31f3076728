import AuditLog
import AuthPolicy
import AuthTerms
import Storage

/// Locks, for good, what somebody has open with a card of the stock whose loan is over.
struct WithdrawAfterLoan: Change {
  let session: SessionID
  /// Today (`LocalTime.day`).
  let day: Int
  let now: Moment

  /// `false`: it has ended or was withdrawn meanwhile, or the loan goes on.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Bool, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "session.withdrawn", outcome: .done)
    record.session = session
    record.note = "the loan of its card is over"
    let found = try state.session(session)
    record.person = found?.person
    record.workstation = found?.workstation
    record.segment = found?.segment
    record.card = found?.card
    let card = try found?.card.flatMap { (id) throws(StorageFault) in try state.card(id) }
    guard let found, found.phase != .ended, !found.isRevoked, let card, card.isStock,
      card.person != found.person || card.loan?.denial(on: day) != nil
    else {
      record.outcome = .refused
      record.note = "ended or lent on meanwhile"
      return (false, record)
    }
    _ = try state.withdraw(found)
    record.code = .loanOver
    return (true, record)
  }
}
