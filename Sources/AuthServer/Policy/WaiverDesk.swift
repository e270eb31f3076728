import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Approving and withdrawing waivers. The names of the approvers stand in the policy file; their signatures come here.
struct WaiverDesk: Sendable {
  let services: Services

  /// The waivers of the segments that this instance serves.
  func list() async throws -> [WaiverSummary] {
    let services = services
    let waivers = self.waivers
    let day = services.local(services.surroundings.now()).day
    return try await services.store.read { (state) throws(StorageFault) -> [WaiverSummary] in
      var list: [WaiverSummary] = []
      for waiver in waivers {
        list.append(Self.summary(waiver, try services.waivers.standing(of: waiver, state: state), day))
      }
      return list
    }
  }

  /// - Throws: not found if no file has a waiver of that hash; conflict if the act was used before or the waiver has ended;
  ///   otherwise refused, with a row that says why.
  func approve(_ message: WaiverAct, by acting: OperatorRecord) async throws -> WaiverSummary {
    let signed = try SignedAct(decoding: Array(message.act))
    let now = services.surroundings.now()
    let day = services.local(now).day
    let waiver = waivers.first { $0.hash.hex == signed.act.parameters["hash"] }
    let change = ApproveWaiver(
      signed: signed, waiver: waiver, acting: acting.id, approvals: services.waivers,
      policy: services.policy.policy.version, day: day, now: now)
    try Self.answer(try await services.recorder.commit(change, now: now))
    guard let waiver else { throw HTTPFault.notFound }
    let services = services
    return try await services.store.read { (state) throws(StorageFault) -> WaiverSummary in
      Self.summary(waiver, try services.waivers.standing(of: waiver, state: state), day)
    }
  }

  /// One administrator is enough, in My Number too: withdrawing only takes away.
  func withdraw(_ message: WaiverAct, by acting: OperatorRecord) async throws -> WaiverWithdrawn {
    let signed = try SignedAct(decoding: Array(message.act))
    guard let hash = signed.act.parameters["hash"].flatMap({ try? WaiverHash(hex: $0) }) else {
      throw HTTPFault.malformed(.value)
    }
    let now = services.surroundings.now()
    let change = WithdrawWaiver(
      signed: signed, hash: hash, acting: acting.id, approvals: services.waivers,
      policy: services.policy.policy.version, now: now)
    try Self.answer(try await services.recorder.commit(change, now: now))
    return WaiverWithdrawn(hash: hash.hex)
  }

  /// Standing warnings about the rules in force today, for what this instance serves.
  func warnings() async throws -> [PolicyFault] {
    let services = services
    let waivers = self.waivers
    let approved = try await services.store.read { (state) throws(StorageFault) -> Set<WaiverHash> in
      var approved: Set<WaiverHash> = []
      for waiver in waivers {
        if case .approved = try services.waivers.standing(of: waiver, state: state) { approved.insert(waiver.hash) }
      }
      return approved
    }
    let day = services.local(services.surroundings.now()).day
    return services.policy.policy.warnings(on: day, approved: approved, segments: services.instance.segments)
  }

  private var waivers: [Waiver] {
    services.policy.policy.waivers.filter { services.instance.segments.contains($0.segment) }
  }

  private static func answer(_ outcome: WaiverOutcome) throws {
    switch outcome {
    case .done: break
    case .unknown: throw HTTPFault.notFound
    case .replayed, .ended: throw HTTPFault.conflict
    case .refused: throw Refusal(.operatorNotAllowed, reference: nil)
    }
  }

  private static func summary(_ waiver: Waiver, _ standing: WaiverApprovals.Standing, _ day: Int) -> WaiverSummary {
    let parameters = waiver.parameters
    let approvers = waiver.approvers.map(\.text)
    var summary = WaiverSummary(
      hash: waiver.hash.hex, segment: waiver.segment.name, waiver: waiver.name.rawValue, from: parameters["from"] ?? "",
      until: parameters["until"] ?? "", approvers: approvers, reason: waiver.reason, rule: waiver.rule.description,
      state: "unsigned", isWithinDates: waiver.isInForce(on: day), signedBy: [], missing: approvers, signedAt: nil, act: nil)
    switch standing {
    case .unsigned: break
    case .lapsed: summary.state = "lapsed"
    case .approved(let signers, let moment, let act):
      summary.state = "approved"
      summary.signedBy = signers.map(\.text)
      summary.missing = []
      summary.signedAt = moment
      summary.act = act
    }
    return summary
  }
}

enum WaiverOutcome: Sendable {
  case done
  /// No waiver of this hash.
  case unknown
  case replayed
  case ended
  /// For the row: why.
  case refused(String)

  var note: String {
    switch self {
    case .done: ""
    case .unknown: "no waiver of this hash"
    case .replayed: "this act was carried out before"
    case .ended: "the waiver has ended"
    case .refused(let reason): reason
    }
  }
}

/// What both acts about waivers have in common: who may bring them, for which instance, how old, and once.
private enum WaiverActs {
  /// Two approvers may sit in two buildings: a day. An act is carried out once, so an old one cannot bring back what was
  /// withdrawn. The clock of the proposer's machine may be ten minutes ahead.
  static let age: ClosedRange<Int64> = -10 * 60_000...24 * 3_600_000

  static func fault(
    _ signed: SignedAct, kind: String, acting: OperatorID, instance: String, now: Moment, in state: some StateReader
  ) throws(StorageFault) -> WaiverOutcome? {
    let act = signed.act
    guard act.kind == kind else { return .refused("another kind of act") }
    guard act.instance.text == instance else { return .refused("the act is for another instance") }
    guard age.contains(now.wallMilliseconds &- act.issuedAt) else { return .refused("the act is too old, or not yet due") }
    guard ([act.operatorID] + signed.approvals.map(\.operatorID)).contains(acting) else {
      return .refused("brought by somebody who did not sign it")
    }
    if try state.setting(WaiverApprovals.setting(act: WaiverApprovals.hash(act))) != nil { return .replayed }
    return nil
  }

  static func record(
    _ signed: SignedAct, _ action: String, _ outcome: WaiverOutcome, acting: OperatorID, policy: PolicyVersion, now: Moment
  ) -> AuditRecord {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .refused)
    record.operatorID = acting
    record.policyVersion = policy
    record.note = "act \(Hex.encode(WaiverApprovals.hash(signed.act)))"
    if case .done = outcome { record.outcome = .done } else { record.note = "\(outcome.note); \(record.note)" }
    return record
  }
}

struct ApproveWaiver: Change {
  let signed: SignedAct
  /// `nil`: no waiver of the files has the hash that the act names.
  let waiver: Waiver?
  let acting: OperatorID
  let approvals: WaiverApprovals
  let policy: PolicyVersion
  let day: Int
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (WaiverOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = WaiverActs.record(signed, "policy.waiver.approved", outcome, acting: acting, policy: policy, now: now)
    guard case .done = outcome, let waiver else { return (outcome, record) }
    record.segment = waiver.segment
    record.rule = waiver.rule
    record.note =
      "\(waiver.name.rawValue) \(waiver.hash.hex) signed by \(waiver.approvers.map(\.text).joined(separator: ", ")) \(record.note)"
    let actHash = WaiverApprovals.hash(signed.act)
    try state.set(signed.encoded, forSetting: WaiverApprovals.setting(act: actHash))
    try state.set(actHash, forSetting: WaiverApprovals.setting(waiver.hash))
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> WaiverOutcome {
    if let fault = try WaiverActs.fault(
      signed, kind: Act.Kind.approveWaiver, acting: acting, instance: approvals.instance, now: now, in: state)
    {
      return fault
    }
    guard let waiver else { return .unknown }
    guard waiver.until >= day else { return .ended }
    switch try approvals.check(signed, for: waiver, state: state) {
    case .accepted: return .done
    case .refused(let refusal): return .refused(refusal.rawValue)
    case nil: return .refused("the act does not say what the file says")
    }
  }
}

struct WithdrawWaiver: Change {
  let signed: SignedAct
  let hash: WaiverHash
  let acting: OperatorID
  let approvals: WaiverApprovals
  let policy: PolicyVersion
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (WaiverOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = WaiverActs.record(signed, "policy.waiver.withdrawn", outcome, acting: acting, policy: policy, now: now)
    guard case .done = outcome else { return (outcome, record) }
    record.note = "\(hash.hex) \(record.note)"
    try state.set(signed.encoded, forSetting: WaiverApprovals.setting(act: WaiverApprovals.hash(signed.act)))
    try state.set([], forSetting: WaiverApprovals.setting(hash))
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> WaiverOutcome {
    if let fault = try WaiverActs.fault(
      signed, kind: Act.Kind.withdrawWaiver, acting: acting, instance: approvals.instance, now: now, in: state)
    {
      return fault
    }
    guard signed.act.parameters == ["hash": hash.hex] else { return .refused("more than a hash") }
    if case .refused(let refusal) = try approvals.authorise(signed, required: 1, state: state) {
      return .refused(refusal.rawValue)
    }
    guard let kept = try state.setting(WaiverApprovals.setting(hash)), !kept.isEmpty else { return .unknown }
    return .done
  }
}
