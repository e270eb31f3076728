import AuditLog
import AuthAPI
import AuthTerms
import DirectorySync
import Storage

/// Two administrators approve a transfer before the directory says it: exactly those people, to exactly those ends. It holds for a
/// month; the next one takes its place.
struct ForeseeTransfer: Change {
  private static let approvedSetting = "directory.foreseen"
  private static let transferSetting = "directory.foreseen.people"
  private static let baselineSetting = "directory.foreseen.baseline"
  static let milliseconds: Int64 = 31 * 86_400_000

  let signed: SignedAct
  let acting: OperatorID
  let approvals: WaiverApprovals
  let plan: TransferPlan
  let groups: AccessGroups
  let policy: PolicyVersion
  let now: Moment
  /// Of the clock.
  let day: Int

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = LocalActs.record(signed, "directory.foreseen", outcome, acting: acting, policy: policy, now: now)
    guard case .done = outcome else { return (outcome, record) }
    let people = ([signed.act.operatorID] + signed.approvals.map(\.operatorID)).map(\.text).joined(separator: ", ")
    record.count = Int64(max(1, plan.foreseen.outcomes.count))
    record.note = "transfer \(plan.fingerprint) signed by \(people); \(record.note)"
    var baseline: [PersonID: ForeseenChange] = [:]
    for person in try state.everybody().map(\.resolved) {
      baseline[person.id] = ForeseenChange(access: PersonAccess(person, groups: groups))
    }
    try LocalActs.keep(signed, in: &state)
    try state.set(plan.foreseen.encoded, forSetting: Self.transferSetting)
    try state.set(ForeseenChanges(baseline).encoded, forSetting: Self.baselineSetting)
    try state.set(WaiverApprovals.hash(signed.act), forSetting: Self.approvedSetting)
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try LocalActs.fault(
      signed, kind: Act.Kind.foreseeTransfer, acting: acting, instance: approvals.instance, now: now, day: day, in: state)
    {
      return fault
    }
    guard !plan.foreseen.outcomes.isEmpty else { return .ended("no line of the list can be approved") }
    guard signed.act.parameters == ["transfer": plan.fingerprint] else {
      return .ended("the act is about another list, or the directory is not as it was")
    }
    if case .refused(let refusal) = try approvals.authorise(signed, required: ApproveDirectory.required, state: state) {
      return .refused(refusal.rawValue)
    }
    return .done
  }

  /// The transfer that holds now: approved by people who still are administrators, and not too long ago.
  struct Approved: Sendable {
    let foreseen: ForeseenChanges
    /// Milliseconds since 1970-01-01 UTC.
    let until: Int64
  }

  static func approved(
    _ approvals: WaiverApprovals, at now: Moment, _ state: some StateReader
  ) throws(StorageFault) -> Approved? {
    guard let hash = try state.setting(approvedSetting), !hash.isEmpty,
      let bytes = try state.setting(WaiverApprovals.setting(act: hash)), let signed = try? SignedAct(decoding: bytes),
      WaiverApprovals.hash(signed.act) == hash, signed.act.kind == Act.Kind.foreseeTransfer,
      signed.act.instance.text == approvals.instance, let body = try state.setting(transferSetting),
      let foreseen = try? ForeseenChanges(parsing: body), signed.act.parameters == ["transfer": foreseen.fingerprint],
      now.wallMilliseconds < signed.act.issuedAt + milliseconds,
      case .accepted = try approvals.authorise(signed, required: ApproveDirectory.required, state: state)
    else { return nil }
    return Approved(foreseen: foreseen, until: signed.act.issuedAt + milliseconds)
  }

  /// Everybody as they were when it was approved.
  static func baseline(_ state: some StateReader) throws(StorageFault) -> ForeseenChanges? {
    try state.setting(baselineSetting).flatMap { try? ForeseenChanges(parsing: $0) }
  }
}
