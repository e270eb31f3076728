import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// A workstation locks or ends its own session. Always allowed: it only takes rights away.
struct EndOrLockSession: Change {
  enum Kind: String, Sendable {
    case lock
    case logoff
  }

  let kind: Kind
  let session: SessionID
  let workstation: WorkstationID
  let cause: String
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (SessionRecord?, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: kind.rawValue, outcome: .done)
    record.workstation = workstation
    record.session = session
    record.note = "cause: \(cause)"
    guard var found = try state.session(session), found.workstation == workstation, found.phase != .ended else {
      record.outcome = .refused
      record.code = .sessionMissing
      return (nil, record)
    }
    // Locked again is still locked: whoever holds the workstation must not put off the end of the idle time by it.
    if kind == .logoff || found.phase != .locked { found.lastActivity = now }
    found.phase = kind == .lock ? .locked : .ended
    try state.put(found)
    record.person = found.person
    record.segment = found.segment
    return (found, record)
  }
}

extension StateTransaction {
  /// Locks a session so that nobody unlocks it again: its person, card or workstation is not let in any more.
  mutating func withdraw(_ session: SessionRecord) throws(StorageFault) -> SessionRecord {
    var session = session
    session.phase = .locked
    session.isRevoked = true
    try put(session)
    return session
  }
}

/// Whether the lease of an open session may go on: not once it was withdrawn, has reached its limits, or its person has left.
///
/// Only asked, never written: 1,550 workstations that renew every few minutes would fill the log with rows that say nothing.
/// What ends a session (lock, logoff, loss, a refused lease) has its row.
struct LeaseQuestion: Sendable {
  enum Answer: Sendable {
    case renewed(SessionRecord)
    case refused(DenialCode, SessionRecord?)
  }

  let session: SessionID
  let workstation: WorkstationID
  let now: Moment
  let local: LocalTime

  func ask(_ state: any StateReader) throws(StorageFault) -> Answer {
    guard let found = try state.session(session), found.workstation == workstation, found.phase == .open else {
      return .refused(.sessionMissing, nil)
    }
    if found.isRevoked { return .refused(.sessionRevoked, found) }
    guard now.milliseconds(since: found.openedAt) < Int64(found.terms.overallSeconds) * 1000 else {
      return .refused(.sessionOverLimits, found)
    }
    guard let person = try state.person(found.person), person.isEnabled else { return .refused(.accountDisabled, found) }
    if let lastDay = person.lastDay, local.day > lastDay { return .refused(.accountOutsideDates, found) }
    if try state.isUnanswered(found.person, on: local.day) { return .refused(.responsibleGone, found) }
    if let id = found.card, let card = try state.card(id), card.isStock {
      guard card.person == found.person else { return .refused(.cardInStock, found) }
      if let (code, _) = card.loan?.denial(on: local.day) { return .refused(code, found) }
    }
    return .renewed(found)
  }
}

/// Something a workstation reports. Believed as a report, never as a proof.
struct RecordWorkstationEvent: Change {
  static let kinds: Set<String> = ["wrongPIN", "pinBlocked", "cardRemoved", "readerLost", "leaseExpired"]

  let event: WorkstationEvent
  let workstation: WorkstationRecord
  let count: Int64
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .workstation, action: event.kind, outcome: .done)
    record.workstation = workstation.id
    record.segment = workstation.segment
    record.count = count
    if let session = try state.liveSession(on: workstation.id) { record.session = session.id }
    if let tries = event.triesLeft { record.note = "tries left: \(tries)" }
    return ((), record)
  }
}
