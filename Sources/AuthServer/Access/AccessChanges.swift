package import AuditLog
import AuthAPI
package import AuthPolicy
package import AuthTerms
package import Storage

/// Two administrators approve a dated access: exactly those people, those groups and those days.
struct ApproveAccess: Change {
  let act: LocalAct
  /// What the file that was brought comes to now, or why it cannot be approved.
  let file: Result<DatedAccess, PolicyFaults>
  let book: DatedAccessBook

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("access.approved", outcome)
    guard case .done = outcome, case .success(let access) = file else { return (outcome, record) }
    record.count = Int64(max(1, access.groups.count))
    record.note =
      "\(access.kind.rawValue) \(access.id) from \(access.fromText) until \(access.untilText) \(act.signedBy); \(record.note)"
    try act.keep(in: &state)
    try book.put(access, act.signed.act, isOn: access.kind == .handover, in: &state)
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.approveAccess, in: state) { return fault }
    let access: DatedAccess
    switch file {
    case .success(let found): access = found
    case .failure(let faults): return .ended(Self.note(faults.faults))
    }
    guard act.signed.act.parameters == DatedAccessBook.parameters(access) else {
      return .ended("the act is about another file, or people and groups are not as they were")
    }
    let entries = try book.entries(state)
    if let known = entries.first(where: { $0.access.id == access.id }), known.isInTheWay(on: book.local.day) {
      return .ended("one of this name is under way")
    }
    let kept = entries.filter { $0.access.id != access.id && !$0.isOver(on: book.local.day) }
    guard kept.count < DatedAccessBook.most else { return .ended("there are \(DatedAccessBook.most) already") }
    return try act.unsigned(required: DatedAccessBook.required, in: state) ?? .done
  }

  /// Codes and places: nothing of the file.
  private static func note(_ faults: [PolicyFault]) -> String {
    let shown = faults.prefix(3).map { "\($0.code) at \($0.line):\($0.column)" }.joined(separator: ", ")
    return "the file cannot be approved (any more): \(shown)" + (faults.count > 3 ? " and \(faults.count - 3) more" : "")
  }
}

/// One administrator switches a dated access on, or off: two have said before what it is.
struct SwitchAccess: Change {
  struct Outcome: Sendable {
    let outcome: LocalActOutcome
    var withdrawn: [SessionRecord] = []
    /// What was switched off for good, because its approval had lapsed.
    var removed: DatedAccess?
  }

  let act: LocalAct
  let isOn: Bool
  let book: DatedAccessBook

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    let id = act.signed.act.parameters["access"].flatMap { try? AccessID(parsing: $0) }
    let entry = try DatedAccessBook.readable { () throws(StorageFault) in
      try id.map { (id) throws(StorageFault) in try book.entry(id, state) } ?? nil
    }
    let outcome = try outcome(entry, in: state)
    var record = act.record(isOn ? "access.on" : "access.off", outcome)
    guard case .done = outcome, let entry else { return (Outcome(outcome: outcome), record) }
    try act.keep(in: &state)
    try book.put(entry, switchedBy: isOn ? act.signed.act : nil, in: &state)
    record.count = Int64(max(1, entry.access.groups.count))
    guard isOn else {
      let withdrawn = try book.withdraw(entry.access, in: &state)
      record.note = "\(entry.access.id), \(withdrawn.count) sessions withdrawn; \(record.note)"
      guard entry.lapse == .approval else { return (Outcome(outcome: .done, withdrawn: withdrawn), record) }
      // Nothing can switch it on again.
      try book.remove(entry.access.id, in: &state)
      record.note = "removed, its approval had lapsed: \(record.note)"
      return (Outcome(outcome: .done, withdrawn: withdrawn, removed: entry.access), record)
    }
    let last = DatedAccess.text(ofDay: entry.access.lastDay(switchedOn: book.local.day))
    record.note = "\(entry.access.id) until \(last); \(record.note)"
    return (Outcome(outcome: .done), record)
  }

  private func outcome(_ entry: DatedAccessBook.Entry?, in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    let kind = isOn ? Act.Kind.switchAccessOn : Act.Kind.switchAccessOff
    if let fault = try act.fault(kind: kind, in: state) { return fault }
    guard let entry else { return .unknown("no dated access of this name") }
    let day = book.local.day
    if isOn {
      guard let approval = entry.approval else { return .refused("its approval does not hold any more") }
      guard act.signed.act.parameters == DatedAccessBook.parameters(entry.access.id, approvedBy: approval.act) else {
        return .ended("the act is about what had this name before")
      }
      guard !entry.isOver(on: day) else { return .ended("it is over") }
      // One whose switching does not count any more is switched on anew.
      guard !entry.isUnderWay(on: day) || entry.lapse != nil else { return .ended("it is on") }
    } else {
      guard entry.isUnderWay(on: day) || entry.lapse == .approval && !entry.isOver(on: day) else {
        return .ended("it is not on")
      }
    }
    return try act.unsigned(required: 1, in: state) ?? .done
  }
}

/// A dated access began or ended: by its dates, or because its signatures do not count any more. What stood on it alone ends with it;
/// some time later it is forgotten.
package struct SettleAccess: Change {
  let id: AccessID
  let book: DatedAccessBook
  let now: Moment

  package init(id: AccessID, book: DatedAccessBook, now: Moment) { (self.id, self.book, self.now) = (id, book, now) }

  /// - Returns: sessions that were withdrawn; none where it was settled, switched or approved anew since it was found due.
  package func apply(to state: inout some StateTransaction) throws(StorageFault) -> ([SessionRecord], AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "access.ended", outcome: .done)
    record.policyVersion = book.policy.version
    guard let entry = try book.entry(id, state) else { return settledMeanwhile(record) }
    record.count = Int64(max(1, entry.access.groups.count))
    guard book.local.day <= entry.access.until + DatedAccessBook.shownDays else {
      record.action = "access.removed"
      let withdrawn = try book.withdraw(entry.access, in: &state)
      record.note = "\(id), over for \(DatedAccessBook.shownDays) days; \(withdrawn.count) sessions withdrawn"
      try book.remove(id, in: &state)
      return (withdrawn, record)
    }
    let holds = entry.holds(on: book.local.day)
    guard holds != entry.wasHolding else { return settledMeanwhile(record) }
    try book.settle(entry, holds: holds, in: &state)
    guard !holds else {
      record.action = "access.began"
      record.note = "\(id) until \(DatedAccess.text(ofDay: entry.lastDay))"
      return ([], record)
    }
    let withdrawn = try book.withdraw(entry.access, in: &state)
    let why =
      switch entry.lapse {
      case .approval: "its signatures do not count any more"
      case .switching: "the signature that switched it on does not count any more"
      case nil: "its last day is over"
      }
    record.note = "\(id): \(why); \(withdrawn.count) sessions withdrawn"
    return (withdrawn, record)
  }

  private func settledMeanwhile(_ record: AuditRecord) -> ([SessionRecord], AuditRecord) {
    var record = record
    record.outcome = .refused
    record.note = "\(id): settled meanwhile"
    return ([], record)
  }
}

/// Looks every few seconds which dated accesses began or ended: at midnight, or while the server was away.
struct AccessKeeper: Sendable {
  static let seconds = 2

  let services: Services

  /// - Throws: the first fault, after all others were settled.
  func look() async throws {
    // A restored copy that waits for its approval writes nothing of its own.
    guard services.restoration.pending == nil else { return }
    let now = services.surroundings.now()
    let book = DatedAccessBook(services, at: now)
    let due = try await services.store.read { (state) throws(StorageFault) in try book.due(state) }
    var fault = due.fault
    for id in due.ids {
      do throws(StorageFault) {
        tell(try await services.recorder.commit(SettleAccess(id: id, book: book, now: now), now: now))
      } catch { fault = fault ?? error }
    }
    if let fault { throw fault }
  }

  func tell(_ withdrawn: [SessionRecord]) {
    for session in withdrawn {
      services.watch.tell(
        session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "accessChanged"))
    }
  }
}
