import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What operators do with sessions: look at those that live, and end one.
struct SessionDesk: Sendable {
  let services: Services

  /// Open and locked sessions, optionally of one person or workstation.
  func list(person: PersonID?, workstation: WorkstationID?) async throws -> [SessionSummary] {
    let found = try await services.store.read { (state) throws(StorageFault) -> [(SessionRecord, String)] in
      let live: [SessionRecord]
      if let person { live = try state.liveSessions(of: person) } else { live = try state.liveSessions() }
      var shown: [(SessionRecord, String)] = []
      for session in live where workstation == nil || session.workstation == workstation {
        shown.append((session, try state.person(session.person)?.displayName ?? ""))
      }
      return shown
    }
    let now = services.surroundings.now()
    return found.map { summary($0.0, name: $0.1, at: now) }
  }

  func end(_ id: SessionID, reason: String, by acting: OperatorRecord) async throws -> SessionSummary {
    let reason = try Remark(parsing: reason)
    let now = services.surroundings.now()
    let change = EndSessionAsOperator(session: id, reason: reason, by: acting.id, now: now)
    guard let (session, name) = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    services.watch.tell(
      session.workstation, WatchEvent(event: "logoff", session: session.id.text, cause: "byOperator"))
    return summary(session, name: name, at: now)
  }

  private func summary(_ session: SessionRecord, name: String, at now: Moment) -> SessionSummary {
    SessionSummary(
      session: session.id.text, person: session.person.text, displayName: name, workstation: session.workstation.text,
      segment: session.segment.name, scenario: session.scenario.rawValue, state: session.phase.rawValue,
      isRevoked: session.isRevoked, card: session.card?.text, openedAt: session.openedAt.wallMilliseconds,
      endsAt: session.openedAt.advanced(bySeconds: Int64(session.terms.overallSeconds)).wallMilliseconds,
      silentSeconds: services.presence.silence(of: session.workstation, at: now) / 1000)
  }
}

/// An operator ends somebody's session: it is over, and cannot be unlocked or renewed.
struct EndSessionAsOperator: Change {
  let session: SessionID
  let reason: Remark
  let by: OperatorID
  let now: Moment

  /// `nil`: there is no such session, or it has ended already.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> ((SessionRecord, String)?, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "session.ended", outcome: .done)
    record.session = session
    record.operatorID = by
    record.note = reason.text
    guard var found = try state.session(session), found.phase != .ended else {
      record.outcome = .refused
      record.code = .sessionMissing
      return (nil, record)
    }
    record.person = found.person
    record.workstation = found.workstation
    record.segment = found.segment
    found.phase = .ended
    try state.put(found)
    return ((found, try state.person(found.person)?.displayName ?? ""), record)
  }
}
