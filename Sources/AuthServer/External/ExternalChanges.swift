import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Two administrators register somebody from outside.
struct AddExternal: Change {
  static let required = 2
  /// At a time, those whose days are over and who were not purged yet among them.
  static let most = 2_000

  let act: LocalAct
  /// Today, by the later of clock and log.
  let day: Int
  let policy: PolicySet

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let asked = try? ExternalRegistration(act.signed.act.parameters)
    let outcome = try outcome(asked, in: state)
    var record = act.record("person.external.added", outcome)
    record.person = asked?.person
    guard case .done = outcome, let asked else { return (outcome, ExternalRow.refused(record, outcome)) }
    try act.keep(in: &state)
    var person = Person(id: asked.person, account: asked.account, displayName: asked.name, kana: asked.kana)
    person.departments = [asked.department]
    person.groups = asked.groups
    (person.firstDay, person.lastDay) = (asked.from, asked.until)
    try state.put(person)
    try state.put(
      ExternalPerson(
        person: asked.person, responsible: asked.responsible, isAnswered: true, registeredAt: act.now))
    let groups = asked.groups.sorted().joined(separator: ",").prefix(400)
    record.note =
      "from \(DatedAccess.text(ofDay: asked.from)) until \(DatedAccess.text(ofDay: asked.until)), \(asked.responsible) answers, "
      + "groups \(groups); \(act.signedBy); \(asked.reason.text); \(record.note)"
    return (.done, record)
  }

  private func outcome(_ asked: ExternalRegistration?, in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.addExternal, in: state) { return fault }
    guard let asked else { return .ended("not what such an act says") }
    if let fault = ExternalRegistration.fault(from: asked.from, until: asked.until, on: day) { return .ended(fault) }
    guard try state.person(asked.person) == nil, try state.person(account: asked.account) == nil else {
      return .ended("the number is somebody's already")
    }
    // Where an account is typed, the account counts before the number.
    if let same = try? AccountName(parsing: asked.person.text), try state.person(account: same) != nil {
      return .ended("an account has this name")
    }
    // A group that no rule names opens nothing, and is mistyped.
    guard asked.groups.isSubset(of: policy.namedGroups), !asked.groups.isDisjoint(with: policy.openingGroups) else {
      return .ended("a group that no rule names, or none that opens anything")
    }
    guard try state.externalPeople().count < Self.most else { return .ended("there are \(Self.most) already") }
    guard try state.answers(asked.responsible, on: day) else {
      return .ended("\(asked.responsible) is no member of staff in force")
    }
    return try act.unsigned(required: Self.required, in: state) ?? .done
  }
}

/// Two administrators set another last day, or say who answers from now on. What was ended comes back by it, cards and all, if
/// they signed it after that.
struct ExtendExternal: Change {
  let act: LocalAct
  let day: Int

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let asked = try? ExternalExtension(act.signed.act.parameters)
    let outcome = try outcome(asked, in: state)
    var record = act.record("person.external.extended", outcome)
    record.person = asked?.person
    guard case .done = outcome, let asked, var person = try state.person(asked.person),
      var external = try state.externalPerson(asked.person)
    else { return (outcome, ExternalRow.refused(record, outcome)) }
    try act.keep(in: &state)
    let before = person.lastDay.map(DatedAccess.text) ?? "-"
    let former = external.responsible
    (person.lastDay, person.isEnabled) = (asked.until, true)
    (external.responsible, external.isAnswered) = (asked.responsible, true)
    try state.put(person)
    try state.put(external)
    record.note =
      "until \(DatedAccess.text(ofDay: asked.until)) (before \(before)), \(asked.responsible) answers (before \(former)); "
      + "\(act.signedBy); \(asked.reason.text); \(record.note)"
    return (.done, record)
  }

  private func outcome(_ asked: ExternalExtension?, in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.extendExternal, in: state) { return fault }
    guard let asked else { return .ended("not what such an act says") }
    guard let person = try state.person(asked.person), let external = try state.externalPerson(asked.person) else {
      return .unknown("nobody from outside has this number")
    }
    // An act lives for a day: one from before must not bring back whom somebody has ended since.
    if let ended = external.endedAt, act.signed.act.issuedAt <= ended.wallMilliseconds {
      return .ended("signed before the person was ended")
    }
    // Of what has begun, the days are counted from today.
    let from = max(person.firstDay ?? day, day)
    if let fault = ExternalRegistration.fault(from: from, until: asked.until, on: day) { return .ended(fault) }
    guard try state.answers(asked.responsible, on: day) else {
      return .ended("\(asked.responsible) is no member of staff in force")
    }
    return try act.unsigned(required: AddExternal.required, in: state) ?? .done
  }
}

/// One administrator ends somebody's access at once; what is open locks.
struct EndExternal: Change {
  struct Outcome: Sendable {
    let outcome: LocalActOutcome
    var withdrawn: [SessionRecord] = []
  }

  let act: LocalAct
  let day: Int

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    let parameters = act.signed.act.parameters
    let id = parameters["person"].flatMap { try? PersonID(parsing: $0) }
    let reason = parameters["reason"].flatMap { try? ExternalRegistration.reason($0) }
    let outcome = try outcome(id, reason, isWhole: parameters.count == 2, in: state)
    var record = act.record("person.external.ended", outcome)
    record.person = id
    guard case .done = outcome, let id, let reason, var person = try state.person(id),
      var external = try state.externalPerson(id)
    else {
      return (Outcome(outcome: outcome), ExternalRow.refused(record, outcome))
    }
    try act.keep(in: &state)
    person.isEnabled = false
    person.lastDay = min(person.lastDay ?? day, day)
    external.endedAt = act.now
    try state.put(person)
    try state.put(external)
    let withdrawn = try state.withdrawAll(of: id)
    record.note = "\(withdrawn.count) sessions withdrawn; \(reason.text); \(record.note)"
    return (Outcome(outcome: .done, withdrawn: withdrawn), record)
  }

  private func outcome(
    _ id: PersonID?, _ reason: Remark?, isWhole: Bool, in state: some StateReader
  ) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.endExternal, in: state) { return fault }
    guard let id, reason != nil, isWhole else { return .ended("not what such an act says") }
    guard let person = try state.person(id), try state.externalPerson(id) != nil else {
      return .unknown("nobody from outside has this number")
    }
    guard person.isEnabled else { return .ended("ended already") }
    return try act.unsigned(required: 1, in: state) ?? .done
  }
}

/// Who answers for somebody has left, or is there again. While nobody answers nobody is let in, and what is open locks.
struct SettleExternal: Change {
  let person: PersonID
  let day: Int
  let policy: PolicyVersion
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> ([SessionRecord], AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "person.external.answered", outcome: .done)
    record.person = person
    record.policyVersion = policy
    guard var external = try state.externalPerson(person) else { return ([], settledMeanwhile(record)) }
    let isAnswered = try state.answers(external.responsible, on: day)
    guard isAnswered != external.isAnswered else { return ([], settledMeanwhile(record)) }
    external.isAnswered = isAnswered
    try state.put(external)
    guard !isAnswered else {
      record.note = "\(external.responsible) is there again"
      return ([], record)
    }
    let withdrawn = try state.withdrawAll(of: person)
    record.action = "person.external.unanswered"
    record.code = .responsibleGone
    record.note = "\(external.responsible) has left or is disabled; \(withdrawn.count) sessions withdrawn"
    return (withdrawn, record)
  }

  private func settledMeanwhile(_ record: AuditRecord) -> AuditRecord {
    var record = record
    record.outcome = .refused
    record.note = "settled meanwhile"
    return record
  }
}

enum ExternalRow {
  /// What the desk is told stands in the row too.
  static func refused(_ record: AuditRecord, _ outcome: LocalActOutcome) -> AuditRecord {
    var record = record
    switch outcome {
    case .unknown, .ended: record.code = .externalNotPossible
    case .done, .replayed, .refused: break
    }
    return record
  }
}

extension StateTransaction {
  /// Everything that somebody has open.
  mutating func withdrawAll(of person: PersonID) throws(StorageFault) -> [SessionRecord] {
    var withdrawn: [SessionRecord] = []
    for session in try liveSessions(of: person) where !session.isRevoked { withdrawn.append(try withdraw(session)) }
    return withdrawn
  }
}
