import AuditLog
import AuthTerms
import DirectorySync
import Storage

/// One reading of the directory and what it would do, judged against what a store has.
struct DirectoryReading: Sendable {
  static let positionSetting = "directory.position"

  let replica: DirectoryReplica
  let rules: DirectoryRules
  let groups: AccessGroups
  let limits: GuardLimits
  let now: Moment

  struct Judgement: Sendable {
    let view: DirectoryView
    let plan: ImportPlan
    let effects: PlanEffects
    /// Empty: all of it may be put in force.
    let held: [HoldReason]
    /// Whom the directory itself disabled: put in force whatever is held, as long as they are few.
    let disabled: [ResolvedPerson]

    /// Nothing to write or to say: held exactly as before, or nothing held and nobody changed.
    /// - Parameter plan: what was held before.
    func isAsItWas(held plan: String?) -> Bool {
      if held.isEmpty { return plan == nil && self.plan.writes.isEmpty && view.identities.isEmpty }
      return disabled.isEmpty && self.plan.fingerprint == plan
    }
  }

  func judge(_ state: some StateReader) throws(StorageFault) -> Judgement {
    let before = try state.everybody().map(\.resolved)
    let view = DirectoryView(
      of: replica, rules: rules, known: try state.directoryIdentities(), current: before,
      adopts: try state.setting(Self.positionSetting) == nil, now: now.wallMilliseconds)
    let plan = ImportPlan(current: before, named: view.people)
    let effects = PlanEffects(of: plan, groups: groups, limits: limits)
    return Judgement(
      view: view, plan: plan, effects: effects,
      held: view.hasBase ? effects.reasons : [.baseGone(rules.base.joined(separator: "/"))],
      disabled: plan.disabledBySource(limit: limits.lossAtLeast))
  }
}

/// Puts one reading of the directory in force, in one transaction: objects, position, whom they stand for, people, and the
/// sessions that end by it, or nothing of all this.
///
/// A reading that changes more than the limits is held: what it would do to people is not done, and neither objects nor position
/// are kept, so that the next reading comes to the same question. People whom the directory itself disabled are disabled even
/// then, as long as they are few.
struct ApplyDirectory: Change {
  /// A session that locks, and what its workstation says why.
  struct Withdrawn: Sendable {
    let session: SessionRecord
    let cause: String
  }

  struct Outcome: Sendable {
    let judgement: DirectoryReading.Judgement
    /// Whether all of it is, because nothing held it or because it was approved.
    let isInForce: Bool
    let withdrawn: [Withdrawn]
  }

  let reading: DirectoryReading
  let changed: [DirectoryObjectRecord]
  let gone: [ObjectGUID]
  let position: DirSyncPosition
  let approvals: WaiverApprovals

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    let judgement = try reading.judge(state)
    let plan = judgement.plan
    var record = AuditRecord(
      time: reading.now.wallMilliseconds, eventClass: .administration, action: "directory.synced", outcome: .done)
    record.count = Int64(max(1, plan.writes.count))
    var approval: String?
    if judgement.held.allSatisfy(\.canBeApproved) {
      approval = try ApproveDirectory.approval(of: plan.fingerprint, approvals, state)
    }
    guard judgement.held.isEmpty || approval != nil else {
      record.action = "directory.held"
      record.outcome = .refused
      record.note = judgement.held.map(\.en).joined(separator: "; ") + "; plan \(plan.fingerprint)"
      return (Outcome(judgement: judgement, isInForce: false, withdrawn: try disable(judgement.disabled, &state)), record)
    }
    for person in plan.writes { try state.put(Person(person)) }
    for identity in judgement.view.identities { try state.put(identity) }
    for object in changed { try state.put(object) }
    for guid in gone { try state.removeDirectoryObject(guid) }
    try state.set(position.encoded, forSetting: DirectoryReading.positionSetting)
    if approval != nil { try state.set([], forSetting: ApproveDirectory.setting) }
    record.note = plan.summaryEn + (approval.map { "; approved by act \($0)" } ?? "")
    return (Outcome(judgement: judgement, isInForce: true, withdrawn: try withdraw(judgement, &state)), record)
  }

  /// Locks what people have open in segments that they are not let into any more.
  private func withdraw(
    _ judgement: DirectoryReading.Judgement, _ state: inout some StateTransaction
  ) throws(StorageFault) -> [Withdrawn] {
    let effects = judgement.effects
    let disabled = Set(judgement.plan.losses.filter { $0.why != .leftWithoutGroups }.map(\.person))
    var withdrawn: [Withdrawn] = []
    for person in Set(effects.leaving.keys).union(effects.losing).sorted() {
      for session in try state.liveSessions(of: person)
      where effects.losing.contains(person) || effects.leaving[person]?.contains(session.segment) == true {
        let cause = disabled.contains(person) ? "accountDisabled" : "accessChanged"
        withdrawn.append(Withdrawn(session: try state.withdraw(session), cause: cause))
      }
    }
    return withdrawn
  }

  private func disable(
    _ people: [ResolvedPerson], _ state: inout some StateTransaction
  ) throws(StorageFault) -> [Withdrawn] {
    var withdrawn: [Withdrawn] = []
    for person in people {
      var kept = Person(person)
      kept.isEnabled = false
      try state.put(kept)
      for session in try state.liveSessions(of: person.id) {
        withdrawn.append(Withdrawn(session: try state.withdraw(session), cause: "accountDisabled"))
      }
    }
    return withdrawn
  }
}
