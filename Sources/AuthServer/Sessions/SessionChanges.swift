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
    found.phase = kind == .lock ? .locked : .ended
    found.lastActivity = now
    try state.put(found)
    record.person = found.person
    record.segment = found.segment
    return (found, record)
  }
}

/// Extends the lease of an open session, unless it was withdrawn or has reached its limits.
struct RenewLease: Change {
  enum Outcome: Sendable {
    case renewed(SessionRecord)
    case refused(DenialCode)
  }

  let session: SessionID
  let workstation: WorkstationID
  let policy: PolicySet
  let now: Moment
  let local: LocalTime

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "lease", outcome: .done)
    record.workstation = workstation
    record.session = session
    func refuse(_ code: DenialCode, _ record: inout AuditRecord) -> (Outcome, AuditRecord) {
      record.outcome = .refused
      record.code = code
      return (.refused(code), record)
    }
    guard var found = try state.session(session), found.workstation == workstation, found.phase == .open else {
      return refuse(.sessionMissing, &record)
    }
    record.person = found.person
    record.segment = found.segment
    if found.isRevoked { return refuse(.sessionRevoked, &record) }
    guard now.milliseconds(since: found.openedAt) < Int64(found.terms.overallSeconds) * 1000 else {
      return refuse(.sessionOverLimits, &record)
    }
    guard let person = try state.person(found.person), person.isEnabled else { return refuse(.accountDisabled, &record) }
    if let lastDay = person.lastDay, local.day > lastDay { return refuse(.accountOutsideDates, &record) }
    found.lastActivity = now
    found.leaseUntil = now.advanced(bySeconds: Int64(found.terms.leaseSeconds))
    try state.put(found)
    return (.renewed(found), record)
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
