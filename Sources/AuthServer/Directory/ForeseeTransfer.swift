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

  let act: LocalAct
  let plan: TransferPlan
  let groups: AccessGroups

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("directory.foreseen", outcome)
    guard case .done = outcome else { return (outcome, record) }
    record.count = Int64(max(1, plan.foreseen.outcomes.count))
    record.note = "transfer \(plan.fingerprint) \(act.signedBy); \(record.note)"
    var baseline: [PersonID: ForeseenChange] = [:]
    for person in try state.staff().map(\.resolved) {
      baseline[person.id] = ForeseenChange(access: PersonAccess(person, groups: groups))
    }
    try act.keep(in: &state)
    try state.set(plan.foreseen.encoded, forSetting: Self.transferSetting)
    try state.set(ForeseenChanges(baseline).encoded, forSetting: Self.baselineSetting)
    try state.set(WaiverApprovals.hash(act.signed.act), forSetting: Self.approvedSetting)
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.foreseeTransfer, in: state) { return fault }
    guard !plan.foreseen.outcomes.isEmpty else { return .ended("no line of the list can be approved") }
    guard act.signed.act.parameters == ["transfer": plan.fingerprint] else {
      return .ended("the act is about another list, or the directory is not as it was")
    }
    return try act.unsigned(required: ApproveDirectory.required, in: state) ?? .done
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
    guard
      let signed = try approvals.kept(
        under: approvedSetting, kind: Act.Kind.foreseeTransfer, required: ApproveDirectory.required, state: state),
      now.wallMilliseconds < signed.act.issuedAt + milliseconds, let body = try state.setting(transferSetting),
      let foreseen = try? ForeseenChanges(parsing: body), signed.act.parameters == ["transfer": foreseen.fingerprint]
    else { return nil }
    return Approved(foreseen: foreseen, until: signed.act.issuedAt + milliseconds)
  }

  /// Everybody as they were when it was approved.
  static func baseline(_ state: some StateReader) throws(StorageFault) -> ForeseenChanges {
    guard let bytes = try state.setting(baselineSetting), let kept = try? ForeseenChanges(parsing: bytes) else {
      throw .corrupt("setting \(baselineSetting)")
    }
    return kept
  }
}
