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
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let day = services.local(now).day
    let waiver = waivers.first { $0.hash.hex == act.signed.act.parameters["hash"] }
    let change = ApproveWaiver(act: act, waiver: waiver, day: day)
    try Self.answer(try await services.recorder.commit(change, now: now))
    guard let waiver else { throw HTTPFault.notFound }
    let services = services
    return try await services.store.read { (state) throws(StorageFault) -> WaiverSummary in
      Self.summary(waiver, try services.waivers.standing(of: waiver, state: state), day)
    }
  }

  /// One administrator is enough, in My Number too: withdrawing only takes away.
  func withdraw(_ message: WaiverAct, by acting: OperatorRecord) async throws -> WaiverWithdrawn {
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    guard let hash = act.signed.act.parameters["hash"].flatMap({ try? WaiverHash(hex: $0) }) else {
      throw HTTPFault.malformed(.value)
    }
    let change = WithdrawWaiver(act: act, hash: hash)
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

  private static func answer(_ outcome: LocalActOutcome) throws {
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

struct ApproveWaiver: Change {
  let act: LocalAct
  /// `nil`: no waiver of the files has the hash that the act names.
  let waiver: Waiver?
  let day: Int

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("policy.waiver.approved", outcome)
    guard case .done = outcome, let waiver else { return (outcome, record) }
    record.segment = waiver.segment
    record.rule = waiver.rule
    record.note =
      "\(waiver.name.rawValue) \(waiver.hash.hex) signed by \(waiver.approvers.map(\.text).joined(separator: ", ")) \(record.note)"
    let actHash = WaiverApprovals.hash(act.signed.act)
    try act.keep(in: &state)
    try state.set(actHash, forSetting: WaiverApprovals.setting(waiver.hash))
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.approveWaiver, in: state) { return fault }
    guard let waiver else { return .unknown("no waiver of this hash") }
    guard waiver.until >= day else { return .ended("the waiver has ended") }
    switch try act.approvals.check(act.signed, for: waiver, state: state) {
    case .accepted: return .done
    case .refused(let refusal): return .refused(refusal.rawValue)
    case nil: return .refused("the act does not say what the file says")
    }
  }
}

struct WithdrawWaiver: Change {
  let act: LocalAct
  let hash: WaiverHash

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("policy.waiver.withdrawn", outcome)
    guard case .done = outcome else { return (outcome, record) }
    record.note = "\(hash.hex) \(record.note)"
    try act.keep(in: &state)
    try state.set([], forSetting: WaiverApprovals.setting(hash))
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.withdrawWaiver, in: state) { return fault }
    guard act.signed.act.parameters == ["hash": hash.hex] else { return .refused("more than a hash") }
    if let refusal = try act.unsigned(required: 1, in: state) { return refusal }
    guard let kept = try state.setting(WaiverApprovals.setting(hash)), !kept.isEmpty else {
      return .unknown("no waiver of this hash")
    }
    return .done
  }
}
