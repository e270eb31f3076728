import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
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

/// A signed act that this server carries out by itself, with what each of them is judged by: who may bring it, for which instance, how
/// old, signed by whom, and once.
struct LocalAct: Sendable {
  /// Two approvers may sit in two buildings: a day. An act is carried out once, so an old one cannot bring back what was
  /// withdrawn. The clock of the proposer's machine may be ten minutes ahead.
  private static let age: ClosedRange<Int64> = -10 * 60_000...24 * 3_600_000

  let signed: SignedAct
  let approvals: WaiverApprovals
  let now: Moment
  private let acting: OperatorID
  private let policy: PolicyVersion
  /// `LocalTime.day` of the clock itself: rows that were dated wrongly must not keep those out who can say so.
  private let day: Int

  /// - Parameter acting: who brings it.
  /// - Throws: `MalformedInput` for bytes that are no act.
  init(_ bytes: Data, by acting: OperatorRecord, _ services: Services, at now: Moment) throws(MalformedInput) {
    signed = try SignedAct(decoding: Array(bytes))
    approvals = services.waivers
    self.now = now
    self.acting = acting.id
    policy = services.policy.policy.version
    day = services.localByClock(now).day
  }

  /// Why it is not carried out, whatever it is about.
  func fault(kind: String, in state: some StateReader) throws(StorageFault) -> LocalActOutcome? {
    let act = signed.act
    guard act.kind == kind else { return .refused("another kind of act") }
    guard act.instance.text == approvals.instance else { return .refused("the act is for another instance") }
    guard Self.age.contains(now.wallMilliseconds &- act.issuedAt) else {
      return .refused("the act is too old, or not yet due")
    }
    guard signed.signers.contains(acting) else { return .refused("brought by somebody who did not sign it") }
    // Who has left signs nothing new. What was signed before stays.
    for id in signed.signers {
      if let known = try state.operatorRecord(id), try !state.isHere(known.person, on: day) {
        return .refused("signed by \(id), whose person has left")
      }
    }
    if try state.setting(WaiverApprovals.setting(act: WaiverApprovals.hash(act))) != nil { return .replayed }
    return nil
  }

  /// - Parameter required: administrators.
  func unsigned(required: Int, in state: some StateReader) throws(StorageFault) -> LocalActOutcome? {
    guard case .refused(let refusal) = try approvals.authorise(signed, required: required, state: state) else { return nil }
    return .refused(refusal.rawValue)
  }

  /// For the row of what two or more signed.
  var signedBy: String { "signed by " + signed.signers.map(\.text).joined(separator: ", ") }

  /// The act with its signatures stays with the instance: an auditor checks them against the hash in the row.
  func keep(in state: inout some StateTransaction) throws(StorageFault) {
    try state.set(signed.encoded, forSetting: WaiverApprovals.setting(act: WaiverApprovals.hash(signed.act)))
  }

  func record(_ action: String, _ outcome: LocalActOutcome) -> AuditRecord {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .refused)
    record.operatorID = acting
    record.policyVersion = policy
    record.note = "act \(Hex.encode(WaiverApprovals.hash(signed.act)))"
    if case .done = outcome { record.outcome = .done } else { record.note = "\(outcome.note); \(record.note)" }
    return record
  }
}
