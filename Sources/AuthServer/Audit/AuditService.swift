import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// The log as operators read it. Reading is itself a row: who, which rows, why, and how many there were. It is written before
/// anything is shown.
struct AuditService: Sendable {
  let services: Services

  func page(_ query: AuditQuery, for purpose: ReadPurpose, by acting: OperatorRecord) async throws -> AuditPage {
    try await read(query, "purpose: \(purpose.text); \(Self.text(query))", by: acting)
  }

  func row(_ sequence: UInt64, for purpose: ReadPurpose, by acting: OperatorRecord) async throws -> AuditEntry {
    var query = AuditQuery()
    query.fromSequence = sequence
    query.untilSequence = sequence + 1
    query.limit = 1
    guard let entry = try await page(query, for: purpose, by: acting).entries.first else { throw HTTPFault.notFound }
    return entry
  }

  /// What a help desk needs to know about a reference: the row, found by number and local day. The reference is the purpose.
  func why(_ reference: Reference, day: Int, by acting: OperatorRecord) async throws -> AuditEntry {
    let offset = Int64(services.policy.policy.organisation.timeZoneOffsetSeconds)
    var query = AuditQuery()
    query.reference = reference
    query.from = (Int64(day) * 86_400 - offset) * 1000
    query.until = (Int64(day + 1) * 86_400 - offset) * 1000
    query.limit = 1
    guard let entry = try await read(query, "a reference that was told; \(Self.text(query))", by: acting).entries.first
    else { throw HTTPFault.notFound }
    return entry
  }

  private func read(_ query: AuditQuery, _ note: String, by acting: OperatorRecord) async throws -> AuditPage {
    let (rows, names, size) = try await services.store.read {
      (state) throws(StorageFault) -> ([AuditRow], [PersonID: String], UInt64) in
      let rows = try state.auditRows(query)
      return (rows, try Self.names(of: rows, in: state), try state.auditSize())
    }
    try await record("audit.read", query, "\(note); \(rows.count) rows", by: acting)
    return AuditPage(entries: rows.map { Self.entry($0, names: names) }, size: size)
  }

  /// The row that tells of a read.
  func record(
    _ action: String, _ query: AuditQuery, _ note: String, outcome: AuditOutcome = .done, by acting: OperatorRecord
  ) async throws {
    let now = services.surroundings.now()
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .auditRead, action: action, outcome: outcome)
    record.operatorID = acting.id
    record.person = query.person
    record.workstation = query.workstation
    record.segment = query.segment
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }

  /// What was asked, in the words of the query.
  static func text(_ query: AuditQuery) -> String {
    let asked: [(String, String?)] = [
      ("person", query.person?.text), ("workstation", query.workstation?.text), ("segment", query.segment?.name),
      ("department", query.department), ("class", query.eventClass?.rawValue), ("action", query.action),
      ("outcome", query.outcome?.rawValue), ("code", query.code?.rawValue), ("reference", query.reference?.description),
      ("text", query.text), ("from", query.from.map { String($0) }), ("until", query.until.map { String($0) }),
      ("fromSequence", query.fromSequence.map { String($0) }), ("untilSequence", query.untilSequence.map { String($0) }),
    ]
    let words = asked.compactMap { name, value in value.map { "\(name)=\(VisibleText.marking($0))" } }
    return "filter: " + (words.isEmpty ? "none" : words.joined(separator: " "))
  }

  static func entries(_ rows: [AuditRow], in state: any StateReader) throws(StorageFault) -> [AuditEntry] {
    let names = try names(of: rows, in: state)
    return rows.map { entry($0, names: names) }
  }

  /// - Parameter known: whose names need not be looked up again.
  static func names(
    of rows: [AuditRow], besides known: [PersonID: String] = [:], in state: any StateReader
  ) throws(StorageFault) -> [PersonID: String] {
    var names: [PersonID: String] = [:]
    for row in rows {
      guard let person = row.record.person, names[person] == nil, known[person] == nil else { continue }
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
