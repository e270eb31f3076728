import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What a workstation may do with its own session.
struct SessionService: Sendable {
  let services: Services

  /// The workstation with this certificate, which is heard by asking.
  func workstation(_ certificate: CertificateFingerprint) async throws -> WorkstationRecord {
    let found = try await services.store.lookUp { (state) throws(StorageFault) -> WorkstationRecord? in
      try state.workstation(certificate: certificate)
    }
    return try known(found)
  }

  /// The same, and a session by its number, in one look-up.
  func workstation(
    _ certificate: CertificateFingerprint, session: SessionID
  ) async throws -> (WorkstationRecord, SessionRecord?) {
    let (found, record) = try await services.store.lookUp { (state) throws(StorageFault) in
      (try state.workstation(certificate: certificate), try state.session(session))
    }
    return (try known(found), record)
  }

  private func known(_ found: WorkstationRecord?) throws(Refusal) -> WorkstationRecord {
    guard let found else { throw Refusal(.workstationUnknown, reference: nil) }
    services.presence.heard(found.id, at: services.surroundings.now())
    guard !found.isRevoked else { throw Refusal(.workstationRevoked, reference: nil) }
    return found
  }

  func current(_ workstation: WorkstationRecord) async throws -> SessionStatus? {
    let id = workstation.id
    let session = try await services.store.lookUp { (state) throws(StorageFault) -> SessionRecord? in
      try state.liveSession(on: id)
    }
    return session.map(Self.status)
  }

  func renew(_ session: SessionID, on workstation: WorkstationRecord) async throws -> SessionStatus {
    let now = services.surroundings.now()
    let question = LeaseQuestion(session: session, workstation: workstation.id, now: now, local: services.local(now))
    let answer = try await services.store.lookUp { (state) throws(StorageFault) -> LeaseQuestion.Answer in
      try question.ask(state)
    }
    switch answer {
    case .renewed(let session): return Self.status(session)
    case .refused(let code, let found):
      try await recordRefusedLease(session, found, code, workstation, now)
      throw Refusal(code, reference: nil)
    }
  }

  private func recordRefusedLease(
    _ session: SessionID, _ found: SessionRecord?, _ code: DenialCode, _ workstation: WorkstationRecord, _ now: Moment
  ) async throws {
    let source = RefusalCoalescer.Source(workstation: workstation.id, code: code)
    guard case .write = services.coalescer.verdict(source, now: now) else { return }
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "lease", outcome: .refused)
    record.workstation = workstation.id
    record.segment = workstation.segment
    record.session = session
    record.person = found?.person
    record.code = code
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }

  func end(
    _ kind: EndOrLockSession.Kind, _ session: SessionID, cause: String, on workstation: WorkstationRecord
  ) async throws -> SessionStatus {
    guard ["asked", "cardRemoved", "idle", "leaseExpired", "shutdown", "keyLost"].contains(cause) else {
      throw HTTPFault.malformed(.value)
    }
    let now = services.surroundings.now()
    let change = EndOrLockSession(kind: kind, session: session, workstation: workstation.id, cause: cause, now: now)
    guard let session = try await services.recorder.commit(change, now: now) else {
      throw Refusal(.sessionMissing, reference: nil)
    }
    return Self.status(session)
  }

  func report(_ event: WorkstationEvent, from workstation: WorkstationRecord) async throws {
    guard RecordWorkstationEvent.kinds.contains(event.kind), (event.triesLeft.map { (0...15).contains($0) } ?? true) else {
      throw HTTPFault.malformed(.value)
    }
    let now = services.surroundings.now()
    // Reports are coalesced like refusals: a broken reader cannot fill the disk.
    let source = RefusalCoalescer.Source(workstation: workstation.id, code: .notAccepted)
    guard case .write = services.coalescer.verdict(source, now: now) else { return }
    try await services.recorder.commit(
      RecordWorkstationEvent(event: event, workstation: workstation, count: 1, now: now), now: now)
  }

  private static func status(_ session: SessionRecord) -> SessionStatus {
    SessionStatus(
      session: session.id.text, person: session.person.text, state: session.phase.rawValue,
      leaseSeconds: session.terms.leaseSeconds,
      endsAt: session.openedAt.advanced(bySeconds: Int64(session.terms.overallSeconds)).wallMilliseconds)
  }
}
