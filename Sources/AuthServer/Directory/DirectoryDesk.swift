import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Storage

/// What operators see of the directory, and how two of them let a held change pass.
struct DirectoryDesk: Sendable {
  let services: Services
  /// `nil` where people are imported from files.
  let directory: DirectoryService?
  let purge: PurgeService?

  func status() -> DirectoryStatus {
    guard let condition = directory?.condition else { return DirectoryStatus(isConfigured: false) }
    return DirectoryStatus(
      isConfigured: true, server: condition.server, lookedAt: condition.lookedAt?.wallMilliseconds,
      faultJa: condition.fault.map { "\($0.code) \($0.ja)" },
      faultEn: condition.fault.map { "\($0.code) \($0.en)" }, objects: condition.objects,
      summaryJa: condition.summaryJa, summaryEn: condition.summaryEn, heldJa: condition.held.map(\.ja),
      heldEn: condition.held.map(\.en), plan: condition.heldPlan, effectsJa: condition.effects.ja,
      effectsEn: condition.effects.en, findingsJa: Self.shown(condition.findings.map(\.ja), "ほか"),
      findingsEn: Self.shown(condition.findings.map(\.en), "and more:"),
      holds: condition.identities.map(Self.hold),
      readsSnapshots: condition.snapshotHours != nil, snapshot: condition.snapshot.map(Self.told),
      leavers: purge?.leavers ?? [])
  }

  private static func told(_ snapshot: SnapshotPosition) -> SnapshotInForce {
    SnapshotInForce(
      instance: snapshot.instance, domain: snapshot.domain.description, sequence: snapshot.sequence,
      writtenAt: snapshot.writtenAt)
  }

  func statusWithAccess() async throws -> DirectoryStatus {
    var status = status()
    (status.accessJa, status.accessEn) = try await AccessDesk(services: services).lines()
    if directory != nil { status.relinks = try await RelinkDesk(services: services).offers() }
    return status
  }

  private static func hold(_ held: HeldIdentity) -> DirectoryHold {
    DirectoryHold(
      person: held.identity.person.text, cause: held.identity.hold?.rawValue ?? "", formerNumber: held.identity.number,
      account: held.account, number: held.number, family: held.family, given: held.given, displayName: held.displayName)
  }

  /// - Throws: conflict if nobody is held like this (any more) or the act was used; otherwise refused, with a row.
  func confirm(_ message: DirectoryAct, by acting: OperatorRecord) async throws -> DirectoryStatus {
    guard let directory else { throw HTTPFault.conflict }
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let parameters = act.signed.act.parameters
    let held = directory.condition.identities.first { held in
      [true, false].contains { Self.hold(held).parameters(isSame: $0) == parameters }
    }
    let change = ConfirmIdentity(act: act, held: held)
    try Self.answer(try await services.recorder.commit(change, now: now))
    await directory.lookAgain()
    return try await statusWithAccess()
  }

  static func answer(_ outcome: LocalActOutcome) throws {
    switch outcome {
    case .done: break
    case .unknown, .replayed, .ended: throw HTTPFault.conflict
    case .refused: throw Refusal(.operatorNotAllowed, reference: nil)
    }
  }

  private static func shown(_ lines: [String], _ more: String) -> [String] {
    let most = 500
    return lines.prefix(most) + (lines.count > most ? ["\(more) \(lines.count - most)"] : [])
  }

  /// - Throws: conflict where people are imported from files.
  func look() async throws -> DirectoryStatus {
    guard let directory else { throw HTTPFault.conflict }
    await directory.look()
    return try await statusWithAccess()
  }

  /// - Throws: conflict if exactly this is not held (any more) or the act was used; otherwise refused, with a row.
  func approve(_ message: DirectoryAct, by acting: OperatorRecord) async throws -> DirectoryStatus {
    guard let directory else { throw HTTPFault.conflict }
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let condition = directory.condition
    let change = ApproveDirectory(
      act: act, plan: condition.held.allSatisfy(\.canBeApproved) ? condition.heldPlan : nil)
    try Self.answer(try await services.recorder.commit(change, now: now))
    await directory.lookAgain()
    return try await statusWithAccess()
  }
}

/// Two administrators say who sits behind a held account: the person it was, who then has everything as before, or somebody new,
/// who begins with nothing; the former person stays, disabled, with cards that open nothing.
struct ConfirmIdentity: Change {
  let act: LocalAct
  /// `nil`: nobody is held as the act says.
  let held: HeldIdentity?

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("directory.confirmed", outcome)
    guard case .done = outcome, let held else { return (outcome, record) }
    let isSame = act.signed.act.parameters["is"] == "same"
    record.person = held.identity.person
    record.note = "\(isSame ? "the same person" : "another person"); \(record.note)"
    if isSame {
      var identity = held.identity
      identity.hold = nil
      (identity.family, identity.given) = (held.family, held.given)
      // Without a number the object is held again at once, as anybody's who loses it; with her own she needs no second confirmation.
      if !held.number.isEmpty { identity.number = held.number }
      try state.put(identity)
    } else {
      // The object stands for nobody now: the next look finds it as a new one.
      try state.removeDirectoryIdentity(held.identity.guid)
    }
    try act.keep(in: &state)
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.confirmDirectory, in: state) { return fault }
    guard let held, try state.directoryIdentities().contains(where: { $0 == held.identity }) else {
      return .ended("nobody is held as the act says")
    }
    return try act.unsigned(required: ApproveDirectory.required, in: state) ?? .done
  }
}

/// Two administrators approve what a held reading would do: exactly that, whoever it names. Whatever else the directory says
/// until it is put in force makes another plan, and the approval is of no use.
struct ApproveDirectory: Change {
  static let setting = "directory.approved"
  static let required = 2

  let act: LocalAct
  /// What is held; `nil` while nothing is, or it cannot be approved.
  let plan: String?

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("directory.approved", outcome)
    guard case .done = outcome, let plan else { return (outcome, record) }
    record.note = "plan \(plan) \(act.signedBy); \(record.note)"
    try act.keep(in: &state)
    try state.set(WaiverApprovals.hash(act.signed.act), forSetting: Self.setting)
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.approveDirectory, in: state) { return fault }
    guard let plan else { return .ended("nothing is held that can be approved") }
    guard act.signed.act.parameters == ["plan": plan] else { return .ended("the act is about another plan") }
    return try act.unsigned(required: Self.required, in: state) ?? .done
  }

  /// Whether a plan was approved by people who still are administrators, with the keys that they have now.
  /// - Returns: the hash of the act, in hexadecimal.
  static func approval(
    of plan: @autoclosure () -> String, _ approvals: WaiverApprovals, _ state: some StateReader
  ) throws(StorageFault) -> String? {
    guard
      let signed = try approvals.kept(under: setting, kind: Act.Kind.approveDirectory, required: required, state: state),
      signed.act.parameters == ["plan": plan()]
    else { return nil }
    return Hex.encode(WaiverApprovals.hash(signed.act))
  }
}
