import AuditLog
import AuthPolicy
import AuthTerms
import DirectorySync
import Storage

extension PolicySet {
  /// Which groups open what, for the limits.
  var accessGroups: AccessGroups { AccessGroups(segments: peopleGroups, named: namedGroups) }
}

/// One reading of the directory and what it would do, judged against what a store has.
struct DirectoryReading: Sendable {
  static let positionSetting = "directory.position"
  static let attributesSetting = "directory.attributes"
  /// The newest snapshot that came, in force or held (`SnapshotPosition`): its domain is the one that is taken.
  static let snapshotSetting = "directory.snapshot"
  private static let recentSetting = "directory.recent"
  private static let anchorsSetting = "directory.anchors"

  let replica: DirectoryReplica
  let rules: DirectoryRules
  let groups: AccessGroups
  let limits: GuardLimits
  let approvals: WaiverApprovals
  let access: DatedAccessBook
  /// Of what is held: judged again for the approval, mostly of the very same things.
  var former: JudgedView?
  /// Of this very reading, beside the writer's line; good as long as nobody wrote anything since.
  var judged: Judgement?
  let now: Moment

  struct Judgement: Sendable {
    /// Rows of the log: every change of anybody has one.
    let rows: UInt64
    let made: JudgedView
    let effects: PlanEffects
    /// What was put in force within the last hour without an approval.
    let recent: RecentEffects
    /// Empty: all of it may be put in force.
    let held: [HoldReason]
    /// Of the plan; `nil` where nothing is held.
    let heldPlan: String?
    var view: DirectoryView { made.view }
    var plan: ImportPlan { made.plan }
    /// Whether the rules' names were found to mean something else than before.
    var hasNewAnchors: Bool { view.anchors != made.rules.anchors }
    /// Whom the directory itself disabled: put in force whatever is held, as long as they are few.
    var disabled: [ResolvedPerson] { effects.passing }
    /// Whom it has enabled again meanwhile.
    var returning: [ResolvedPerson] { effects.returning }
    /// When the same reading may be judged otherwise, in milliseconds since 1970-01-01 UTC.
    var nextEnd: Int64? { [view.nextEnd, held.isEmpty ? nil : recent.nextEnd].compactMap { $0 }.min() }

    /// Nothing to write or to say: held exactly as before, or nothing held and nobody changed.
    /// - Parameter plan: what was held before.
    func isAsItWas(held plan: String?) -> Bool {
      if held.isEmpty {
        return plan == nil && self.plan.writes.isEmpty && view.identities.isEmpty && !hasNewAnchors
      }
      return disabled.isEmpty && returning.isEmpty && heldPlan == plan
    }
  }

  func judge(_ state: some StateReader) throws(StorageFault) -> Judgement {
    let rows = try state.auditSize()
    if let judged, judged.rows == rows { return judged }
    let before = try state.staff().map(\.resolved)
    let made = JudgedView(
      of: replica, rules: try Self.anchored(rules, in: state), known: try state.directoryIdentities(), current: before,
      adopts: try state.setting(Self.positionSetting) == nil, now: now.wallMilliseconds, former: former)
    let (view, plan) = (made.view, made.plan)
    var recent = RecentEffects()
    if let bytes = try state.setting(Self.recentSetting) {
      guard let kept = try? RecentEffects(parsing: bytes) else { throw .corrupt("setting \(Self.recentSetting)") }
      recent = kept
    }
    recent.forget(at: now.wallMilliseconds)
    let foreseen = try ForeseeTransfer.approved(approvals, at: now, state)?.foreseen ?? ForeseenChanges()
    let effects = PlanEffects(of: plan, groups: groups, limits: limits, recent: recent, foreseen: foreseen)
    let held = view.hasBase ? effects.reasons : [.baseGone(rules.base.joined(separator: "/"))]
    return Judgement(
      rows: rows, made: made, effects: effects, recent: recent, held: held, heldPlan: held.isEmpty ? nil : plan.fingerprint)
  }

  /// The rules with what their names were found to mean.
  static func anchored(_ rules: DirectoryRules, in state: some StateReader) throws(StorageFault) -> DirectoryRules {
    var rules = rules
    guard let bytes = try state.setting(anchorsSetting) else { return rules }
    do { rules.anchors = try DirectoryRules.readAnchors(bytes) } catch { throw .corrupt("setting \(anchorsSetting)") }
    return rules
  }

  static func keep(
    _ anchors: [DirectoryRules.Anchor: ObjectGUID], in state: inout some StateTransaction
  ) throws(StorageFault) {
    try state.set(DirectoryRules.encoded(anchors), forSetting: anchorsSetting)
  }

  static func keep(_ recent: RecentEffects, in state: inout some StateTransaction) throws(StorageFault) {
    try state.set(recent.encoded, forSetting: recentSetting)
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
    /// What the store has now.
    let kept: DirectoryReplica
  }

  private static let fewPeople = 32

  let reading: DirectoryReading
  /// What the store has.
  let kept: DirectoryReplica
  let changed: [DirectoryObjectRecord]
  let gone: [ObjectGUID]
  let position: DirectoryPosition
  /// What was read, in small letters with spaces between.
  let attributes: String

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    let judgement = try reading.judge(state)
    let plan = judgement.plan
    var record = AuditRecord(
      time: reading.now.wallMilliseconds, eventClass: .administration, action: "directory.synced", outcome: .done)
    // Also of one that is held: an older one must not come after it.
    if let snapshot = position.snapshot { try state.set(snapshot.encoded, forSetting: DirectoryReading.snapshotSetting) }
    let origin = position.snapshot.map { "; snapshot \($0.sequence) of \($0.instance)" } ?? ""
    record.count = Int64(max(1, plan.writes.count))
    var approval: String?
    if judgement.held.allSatisfy(\.canBeApproved) {
      approval = try ApproveDirectory.approval(of: judgement.heldPlan ?? plan.fingerprint, reading.approvals, state)
    }
    guard judgement.held.isEmpty || approval != nil else {
      record.action = "directory.held"
      record.outcome = .refused
      record.note = judgement.held.map(\.en).joined(separator: "; ") + "; plan \(judgement.heldPlan ?? "")" + origin
      let (out, back) = (judgement.disabled.count, judgement.returning.count)
      if out + back > 0 { record.note += "; passed all the same: \(out) disabled, \(back) enabled again" }
      let withdrawn = try passSingles(judgement, &state)
      let kept = try keepSingles(judgement, &state)
      return (Outcome(judgement: judgement, isInForce: false, withdrawn: withdrawn, kept: kept), record)
    }
    // Into a store without people there is nothing to lose, and no limit.
    if plan.enabledBefore > 0 {
      var recent = judgement.recent
      recent.take(judgement.effects, isApproved: approval != nil, at: reading.now.wallMilliseconds)
      try DirectoryReading.keep(recent, in: &state)
    }
    for person in plan.writes { try state.put(Person(person)) }
    for identity in judgement.view.identities { try state.put(identity) }
    try PassedAccounts.remember(plan, in: &state)
    for object in changed { try state.put(object) }
    for guid in gone { try state.removeDirectoryObject(guid) }
    try state.set(position.encoded, forSetting: DirectoryReading.positionSetting)
    try state.set(Array(attributes.utf8), forSetting: DirectoryReading.attributesSetting)
    if judgement.hasNewAnchors { try DirectoryReading.keep(judgement.view.anchors, in: &state) }
    if approval != nil { try state.set([], forSetting: ApproveDirectory.setting) }
    record.note = plan.summaryEn + origin + (approval.map { "; approved by act \($0)" } ?? "")
    let withdrawn = try withdraw(judgement, &state)
    return (Outcome(judgement: judgement, isInForce: true, withdrawn: withdrawn, kept: reading.replica), record)
  }

  /// Locks what people have open in segments that they are not let into any more, by a dated access either.
  private func withdraw(
    _ judgement: DirectoryReading.Judgement, _ state: inout some StateTransaction
  ) throws(StorageFault) -> [Withdrawn] {
    let effects = judgement.effects
    let disabled = Set(judgement.plan.losses.filter { $0.why != .leftWithoutGroups }.map(\.person))
    var withdrawn: [Withdrawn] = []
    let people = Set(effects.leaving.keys).union(effects.losing)
    // Hundreds at once on the day of a transfer: one walk over what is open instead of a question for each.
    let open = people.count > Self.fewPeople ? Dictionary(grouping: try state.liveSessions(), by: \.person) : nil
    for person in people.sorted() {
      let sessions = if let open { open[person, default: []] } else { try state.liveSessions(of: person) }
      for session in sessions
      where effects.losing.contains(person) || effects.leaving[person]?.contains(session.segment) == true {
        if try reading.access.keeps(session, state) { continue }
        let cause = disabled.contains(person) ? "accountDisabled" : "accessChanged"
        withdrawn.append(Withdrawn(session: try state.withdraw(session), cause: cause))
      }
    }
    return withdrawn
  }

  /// What passes though all else is held: accounts that the directory disabled, and those of them that it has enabled again.
  private func passSingles(
    _ judgement: DirectoryReading.Judgement, _ state: inout some StateTransaction
  ) throws(StorageFault) -> [Withdrawn] {
    var withdrawn: [Withdrawn] = []
    guard !judgement.disabled.isEmpty || !judgement.returning.isEmpty else { return withdrawn }
    var recent = judgement.recent
    recent.takeDisabled(
      judgement.disabled.map(\.id), returned: judgement.returning.map(\.id), at: reading.now.wallMilliseconds)
    try DirectoryReading.keep(recent, in: &state)
    for person in judgement.returning { try state.put(Person(person)) }
    for person in judgement.disabled {
      var kept = Person(person)
      kept.isEnabled = false
      try state.put(kept)
      for session in try state.liveSessions(of: person.id) {
        withdrawn.append(Withdrawn(session: try state.withdraw(session), cause: "accountDisabled"))
      }
    }
    return withdrawn
  }

  /// What passed is kept of the objects too: a server that starts again judges what it has, before anybody answers.
  private func keepSingles(
    _ judgement: DirectoryReading.Judgement, _ state: inout some StateTransaction
  ) throws(StorageFault) -> DirectoryReplica {
    var replica = kept
    for (people, isEnabled) in [(judgement.disabled, false), (judgement.returning, true)] {
      for person in people {
        guard let guid = try state.directoryIdentities(of: person.id).first(where: { $0.goneSince == nil })?.guid else {
          continue
        }
        replica.setEnabled(guid, isEnabled)
        if let body = replica.encoded(guid) { try state.put(DirectoryObjectRecord(guid: guid, body: body)) }
      }
    }
    return replica
  }
}
