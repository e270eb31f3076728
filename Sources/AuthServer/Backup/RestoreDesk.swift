import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Storage
import VaultLink

/// How a restored copy becomes the instance: administrators sign what is known to be lost, the vault begins a new epoch, and
/// nobody is logged on any more. What was changed behind the copy (a card reported lost) the copy cannot know.
struct RestoreDesk: Sendable {
  let services: Services
  let checkpoints: CheckpointService

  func state() async throws -> RestoreState {
    let epoch = try await services.store.read { (state) throws(StorageFault) -> UInt64 in try InstanceEpoch.read(state) }
    guard let copy = services.restoration.pending else { return RestoreState(isPending: false, epoch: epoch) }
    let vault = try await VaultAnswers.ask { try await services.vault.status() }
    let approval = copy.approval(vault)
    return RestoreState(
      isPending: true, epoch: epoch, madeAt: copy.mark?.madeAt, isServerRestored: copy.mark != nil,
      isVaultRestored: vault.isRestored, signatures: services.instance.segments.contains(.mynumber) ? 2 : 1,
      nextEpoch: approval.epoch, size: approval.size, root: Hex.encode(approval.root), head: approval.head,
      headRoot: Hex.encode(approval.headRoot), lost: approval.lost)
  }

  func approve(_ message: RestoreAct, by acting: OperatorRecord) async throws -> RestoreState {
    guard let copy = services.restoration.pending else { throw HTTPFault.conflict }
    let signed = try SignedAct(decoding: Array(message.act))
    guard signed.act.kind == Act.Kind.approveRestore, signed.act.operatorID == acting.id else {
      throw HTTPFault.malformed(.value)
    }
    let vault = try await VaultAnswers.ask { try await services.vault.status() }
    let approval = copy.approval(vault)
    // Signed for another state than there is now: somebody has to look again.
    guard signed.act.parameters == approval.parameters else { throw HTTPFault.conflict }
    _ = try await VaultAnswers.ask { try await services.vault.approveRestore(signed) }
    let now = services.surroundings.now()
    // If this fails the vault is an epoch ahead and the copy still waits: it is approved again.
    try await services.recorder.commit(
      ApproveRestore(
        approval: approval, madeAt: copy.mark?.madeAt, by: acting.id, approvedBy: signed.approvals.map(\.operatorID),
        act: signed.encoded, actHash: Hex.encode(SHA256.hash(data: signed.act.canonicalBytes)), now: now),
      now: now)
    services.restoration.approved()
    checkpoints.release()
    _ = try? await checkpoints.sign()
    return try await state()
  }
}

struct ApproveRestore: Change {
  let approval: RestoreApproval
  let madeAt: Int64?
  let by: OperatorID
  let approvedBy: [OperatorID]
  let act: [UInt8]
  let actHash: String
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for var session in try state.liveSessions() {
      session.phase = .ended
      try state.put(session)
      var row = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: "session.ended", outcome: .done)
      row.session = session.id
      row.person = session.person
      row.workstation = session.workstation
      row.segment = session.segment
      row.operatorID = by
      row.note = "the instance was restored from a backup"
      try state.append(row)
    }
    // A code may have been used since the copy was made, and a card of a list taken off it.
    let open = FirstTapCodeQuery(state: .open, limit: 500)
    var codes = try state.firstTapCodes(open)
    while !codes.isEmpty {
      for code in codes { try state.put(code.ended(.withdrawn)) }
      codes = try state.firstTapCodes(open)
    }
    var announced = try state.expectedCards(limit: 20_000)
    while !announced.isEmpty {
      for card in announced { _ = try state.removeExpectedCard(card.key) }
      announced = try state.expectedCards(limit: 20_000)
    }
    try state.set([], forSetting: RestoredMark.setting)
    try state.set(Array(String(approval.epoch).utf8), forSetting: InstanceEpoch.setting)
    try state.set(act, forSetting: "act.\(actHash)")
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "instance.restored", outcome: .done)
    record.operatorID = by
    record.note =
      "epoch \(approval.epoch) from row \(approval.size); signed before: \(approval.head) rows; known lost: \(approval.lost)"
      + (madeAt.map { "; backup of \($0) ms" } ?? "") + " act \(actHash)"
      + (approvedBy.isEmpty ? "" : " approved by \(approvedBy.map(\.text).joined(separator: ", "))")
    return ((), record)
  }
}
