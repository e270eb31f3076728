import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

extension PolicyService {
  /// Milliseconds of rows that are looked through at most, back from now.
  private static let longestTrial: Int64 = 31 * 86_400_000

  /// Reads the folder `trial` again; another set on trial, or none any more, leaves a row.
  func lookAtTrial(cause: String, by acting: OperatorID?) async throws {
    let now = services.surroundings.now()
    let former = services.policy.trial.policy?.version
    let next = services.policy.readTrial(today: services.local(now).day).policy?.version
    guard former != next else { return }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "policy.trial", outcome: .done)
    record.operatorID = acting
    record.policyVersion = next ?? former
    record.note = "cause: \(cause); " + (next == nil ? "on trial no longer" : "on trial beside the rules in force")
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }

  /// Whom the set on trial would have treated otherwise since it is there, by department; at most 31 days back. Reading is a row.
  func trial(by acting: OperatorRecord) async throws -> PolicyTrial {
    let now = services.surroundings.now()
    let trial = services.policy.trial
    guard let set = trial.policy else {
      return PolicyTrial(
        trialVersion: nil, since: nil, ceremonies: 0, lines: [], faultsJa: trial.faults.map { $0.render(.ja) },
        faultsEn: trial.faults.map { $0.render(.en) })
    }
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .auditRead, action: "audit.read", outcome: .done)
    record.operatorID = acting.id
    record.note = "rows of the log were read for the rules on trial"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    let earliest = now.wallMilliseconds - Self.longestTrial
    return try await services.store.read { (state) throws(StorageFault) -> PolicyTrial in
      var begun = AuditQuery()
      (begun.action, begun.from, begun.newestFirst, begun.limit) = ("policy.trial", earliest, true, 1)
      let since = try state.auditRows(begun).first { $0.record.policyVersion == set.version }?.record.time ?? earliest
      var report = TrialReport(version: set.version)
      var query = AuditQuery()
      (query.eventClass, query.from, query.limit) = (.ceremony, since, 10_000)
      while true {
        let rows = try state.auditRows(query)
        for row in rows { try report.take(row.record, state) }
        guard let last = rows.last, rows.count == query.limit else { break }
        query.fromSequence = last.sequence + 1
      }
      return PolicyTrial(
        trialVersion: set.version.hex, since: since, ceremonies: report.ceremonies, lines: report.lines, faultsJa: [],
        faultsEn: [])
    }
  }
}

/// Rows in which a set on trial said something else, by department.
private struct TrialReport {
  let version: PolicyVersion
  private(set) var ceremonies = 0
  private var found: [Key: (people: Set<PersonID>, times: Int)] = [:]

  private struct Key: Hashable {
    var department: String
    var effect: String
    var verdict: String
  }

  init(version: PolicyVersion) { self.version = version }

  mutating func take(_ record: AuditRecord, _ state: some StateReader) throws(StorageFault) {
    guard [.granted, .denied].contains(record.outcome) else { return }
    ceremonies += 1
    guard let person = record.person, let said = TrialVerdict.found(in: record.note, of: version) else { return }
    let effect =
      switch (record.outcome, said.act) {
      case (.granted, "grants"): (record.assurance?.name ?? "") > said.with ? "weaker" : "stronger"
      case (.granted, "asks"): "asked"
      case (.granted, _): "refused"
      case (_, "grants"): "admitted"
      default: "otherwise"
      }
    let department = try state.person(person)?.departments.first ?? ""
    found[Key(department: department, effect: effect, verdict: said.with), default: ([], 0)].people.insert(person)
    found[Key(department: department, effect: effect, verdict: said.with), default: ([], 0)].times += 1
  }

  var lines: [PolicyTrialLine] {
    found.map { key, value in
      PolicyTrialLine(
        department: key.department, effect: key.effect, verdict: key.verdict, people: value.people.map(\.text).sorted(),
        times: value.times)
    }.sorted { ($0.department, $0.effect, $0.verdict) < ($1.department, $1.effect, $1.verdict) }
  }
}
