import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What came of a signed act that this server carries out by itself, without the vault.
enum LocalActOutcome: Sendable {
  case done
  /// What the act is about does not exist.
  case unknown(String)
  case replayed
  /// It is too late, or there is nothing to do (any more).
  case ended(String)
  /// For the row: why.
  case refused(String)

  var note: String {
    switch self {
    case .done: ""
    case .replayed: "this act was carried out before"
    case .unknown(let reason), .ended(let reason), .refused(let reason): reason
    }
  }
}

/// What such acts have in common: who may bring them, for which instance, how old, and once.
enum LocalActs {
  /// Two approvers may sit in two buildings: a day. An act is carried out once, so an old one cannot bring back what was
  /// withdrawn. The clock of the proposer's machine may be ten minutes ahead.
  private static let age: ClosedRange<Int64> = -10 * 60_000...24 * 3_600_000

  /// - Parameter day: of the clock (`LocalTime.day`): who has left signs nothing new. What was signed before stays.
  static func fault(
    _ signed: SignedAct, kind: String, acting: OperatorID, instance: String, now: Moment, day: Int, in state: some StateReader
  ) throws(StorageFault) -> LocalActOutcome? {
    let act = signed.act
    guard act.kind == kind else { return .refused("another kind of act") }
    guard act.instance.text == instance else { return .refused("the act is for another instance") }
    guard age.contains(now.wallMilliseconds &- act.issuedAt) else { return .refused("the act is too old, or not yet due") }
    guard ([act.operatorID] + signed.approvals.map(\.operatorID)).contains(acting) else {
      return .refused("brought by somebody who did not sign it")
    }
    for id in [act.operatorID] + signed.approvals.map(\.operatorID) {
      if let known = try state.operatorRecord(id), try !state.isHere(known.person, on: day) {
        return .refused("signed by \(id), whose person has left")
      }
    }
    if try state.setting(WaiverApprovals.setting(act: WaiverApprovals.hash(act))) != nil { return .replayed }
    return nil
  }

  /// The act with its signatures stays with the instance: an auditor checks them against the hash in the row.
  static func keep(_ signed: SignedAct, in state: inout some StateTransaction) throws(StorageFault) {
    try state.set(signed.encoded, forSetting: WaiverApprovals.setting(act: WaiverApprovals.hash(signed.act)))
  }

  static func record(
    _ signed: SignedAct, _ action: String, _ outcome: LocalActOutcome, acting: OperatorID, policy: PolicyVersion, now: Moment
  ) -> AuditRecord {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .refused)
    record.operatorID = acting
    record.policyVersion = policy
    record.note = "act \(Hex.encode(WaiverApprovals.hash(signed.act)))"
    if case .done = outcome { record.outcome = .done } else { record.note = "\(outcome.note); \(record.note)" }
    return record
  }
}
