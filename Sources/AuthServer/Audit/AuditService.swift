import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// The log as operators read it. Reading is itself a row.
struct AuditService: Sendable {
  let services: Services

  func page(_ query: AuditQuery, by acting: OperatorRecord) async throws -> AuditPage {
    let now = services.surroundings.now()
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .auditRead, action: "audit.read", outcome: .done)
    record.operatorID = acting.id
    record.person = query.person
    record.workstation = query.workstation
    record.segment = query.segment
    record.note = "rows of the log were read, at most \(query.limit)"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    let (rows, names, size) = try await services.store.read {
      (state) throws(StorageFault) -> ([AuditRow], [PersonID: String], UInt64) in
      let rows = try state.auditRows(query)
      return (rows, try Self.names(of: rows, in: state), try state.auditSize())
    }
    return AuditPage(entries: rows.map { Self.entry($0, names: names) }, size: size)
  }

  func row(_ sequence: UInt64, by acting: OperatorRecord) async throws -> AuditEntry {
    var query = AuditQuery()
    query.fromSequence = sequence
    query.untilSequence = sequence + 1
    query.limit = 1
    guard let entry = try await page(query, by: acting).entries.first else { throw HTTPFault.notFound }
    return entry
  }

  /// What a help desk needs to know about a reference: the row, found by number and local day.
  func why(_ reference: Reference, day: Int, by acting: OperatorRecord) async throws -> AuditEntry {
    let offset = Int64(services.policy.policy.organisation.timeZoneOffsetSeconds)
    var query = AuditQuery()
    query.reference = reference
    query.from = (Int64(day) * 86_400 - offset) * 1000
    query.until = (Int64(day + 1) * 86_400 - offset) * 1000
    query.limit = 1
    guard let entry = try await page(query, by: acting).entries.first else { throw HTTPFault.notFound }
    return entry
  }

  static func entries(_ rows: [AuditRow], in state: any StateReader) throws(StorageFault) -> [AuditEntry] {
    let names = try names(of: rows, in: state)
    return rows.map { entry($0, names: names) }
  }

  private static func names(
    of rows: [AuditRow], in state: any StateReader
  ) throws(StorageFault) -> [PersonID: String] {
    var names: [PersonID: String] = [:]
    for row in rows {
      guard let person = row.record.person, names[person] == nil else { continue }
      names[person] = try state.person(person)?.displayName
    }
    return names
  }

  static func entry(_ row: AuditRow, names: [PersonID: String]) -> AuditEntry {
    let record = row.record
    return AuditEntry(
      sequence: row.sequence, time: record.time, eventClass: record.eventClass.rawValue, action: record.action,
      outcome: record.outcome.rawValue, person: record.person?.text, personName: record.person.flatMap { names[$0] },
      workstation: record.workstation?.text, segment: record.segment?.name, scenario: record.scenario?.rawValue,
      session: record.session?.text, card: record.card?.text, operatorID: record.operatorID?.text, factors: record.factors,
      proofClass: record.proofClass?.name, assurance: record.assurance?.name, code: record.code?.rawValue,
      rule: record.rule?.description, policyVersion: record.policyVersion?.hex, waivers: record.waivers,
      reference: record.reference?.description, latencyMilliseconds: record.latencyMilliseconds, count: record.count,
      note: record.note)
  }
}
