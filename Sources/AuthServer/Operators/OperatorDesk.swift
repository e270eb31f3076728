import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage
import VaultLink

/// Lets operators in. The vault keeps the register that counts for keys and codes; ours says who may use which door.
struct OperatorDesk: Sendable {
  let services: Services

  /// The first administrator, by the one-time code; the act is signed by the newcomer's own key. Who comes with a card
  /// registers exactly the key of that card: a code that was read over a shoulder lets in no other.
  func first(_ message: FirstOperator, from acting: ActingOperator) async throws -> OperatorSummary {
    let signed = try SignedAct(decoding: Array(message.act))
    let record: OperatorRecord
    switch acting.proof {
    case .unixUser(let user): record = try self.record(from: signed.act, unixUser: user)
    case .card(let publicKey):
      record = try self.record(from: signed.act, unixUser: nil)
      guard record.publicKey == publicKey else { throw Refusal(.operatorNotAllowed, reference: nil) }
    }
    guard record.role == .administrator else { throw HTTPFault.malformed(.value) }
    _ = try await VaultAnswers.ask {
      try await services.vault.registerOperator(
        OperatorRegistration(authority: .firstAdministratorCode(message.code), act: signed))
    }
    return try await write(record, signed, approvedBy: [])
  }

  /// Another operator, let in by an administrator; the vault counts signatures, people and keys.
  func add(_ message: OperatorAddition, by acting: OperatorRecord) async throws -> OperatorSummary {
    let signed = try SignedAct(decoding: Array(message.act))
    guard let scheme = SignatureScheme(rawValue: message.possessionScheme), signed.act.operatorID == acting.id else {
      throw HTTPFault.malformed(.value)
    }
    let record = try record(from: signed.act, unixUser: signed.act.parameters["unixUser"])
    _ = try await VaultAnswers.ask {
      try await services.vault.registerOperator(
        OperatorRegistration(
          authority: .administrator, act: signed, possession: Array(message.possession), possessionScheme: scheme))
    }
    return try await write(record, signed, approvedBy: [acting.id] + signed.approvals.map(\.operatorID))
  }

  /// Takes an operator's rights. The vault judges signatures and keeps the last administrator in; her name and key stay taken.
  func remove(_ id: OperatorID, _ message: OperatorRemoval, by acting: OperatorRecord) async throws -> OperatorSummary {
    let signed = try SignedAct(decoding: Array(message.act))
    guard signed.act.kind == Act.Kind.revokeOperator, signed.act.operatorID == acting.id,
      signed.act.parameters == ["operator": id.text]
    else { throw HTTPFault.malformed(.value) }
    let known = try await services.store.read { (state) throws(StorageFault) -> OperatorRecord? in
      try state.operatorRecord(id)
    }
    guard let known, known.isActive else { throw HTTPFault.notFound }
    _ = try await VaultAnswers.ask {
      // The vault may have let her go already, when this server could not write its row: then only that is left to do.
      let register = try await services.vault.listOperators()
      if !register.contains(where: { $0.id == id && !$0.isActive }) { try await services.vault.revoke(signed) }
    }
    let now = services.surroundings.now()
    let change = RemoveOperator(
      id: id, by: acting.id, approvedBy: signed.approvals.map(\.operatorID), act: signed.encoded,
      actHash: Hex.encode(SHA256.hash(data: signed.act.canonicalBytes)), now: now)
    guard let removed = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    return Self.summary(removed)
  }

  func list() async throws -> [OperatorSummary] {
    try await services.store.read { (state) throws(StorageFault) -> [OperatorRecord] in try state.operators() }.map(
      Self.summary)
  }

  private func record(from act: Act, unixUser: String?) throws -> OperatorRecord {
    guard act.kind == "operator.register", act.instance.text == services.instance.instance,
      let id = act.parameters["operator"], let person = act.parameters["person"],
      let role = act.parameters["role"].flatMap(OperatorRole.init(rawValue:)), let key = act.parameters["key"]
    else { throw HTTPFault.malformed(.value) }
    let publicKey = try Hex.decode(key)
    if let unixUser, !services.instance.operatorUsers.contains(unixUser) { throw Refusal(.operatorNotAllowed, reference: nil) }
    return OperatorRecord(
      id: try OperatorID(parsing: id), role: role, person: try PersonID(parsing: person), unixUser: unixUser,
      key: try KeyFingerprint(parsing: Array(SHA256.hash(data: publicKey))), publicKey: publicKey, isActive: true)
  }

  private func write(
    _ record: OperatorRecord, _ signed: SignedAct, approvedBy: [OperatorID]
  ) async throws -> OperatorSummary {
    let now = services.surroundings.now()
    let change = RegisterOperator(
      operatorRecord: record, act: signed.encoded, approvedBy: approvedBy,
      actHash: Hex.encode(SHA256.hash(data: signed.act.canonicalBytes)), now: now)
    do { try await services.recorder.commit(change, now: now) } catch StorageFault.conflict { throw HTTPFault.conflict }
    return Self.summary(record)
  }

  private static func summary(_ record: OperatorRecord) -> OperatorSummary {
    OperatorSummary(
      operatorID: record.id.text, role: record.role.rawValue, person: record.person.text, unixUser: record.unixUser,
      key: record.key.hex, isActive: record.isActive)
  }
}

struct RegisterOperator: Change {
  let operatorRecord: OperatorRecord
  let act: [UInt8]
  let approvedBy: [OperatorID]
  let actHash: String
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "operator.registered", outcome: .done)
    record.person = operatorRecord.person
    record.operatorID = approvedBy.first ?? operatorRecord.id
    record.note =
      "operator \(operatorRecord.id) role \(operatorRecord.role.rawValue) key \(operatorRecord.key.hex.prefix(16)) act \(actHash)"
      + (approvedBy.count > 1 ? " approved by \(approvedBy.dropFirst().map(\.text).joined(separator: ", "))" : "")
    try state.put(operatorRecord)
    // The signatures stay with the instance: an auditor checks them against the act's hash in the row.
    try state.set(act, forSetting: "act.\(actHash)")
    return ((), record)
  }
}

struct RemoveOperator: Change {
  let id: OperatorID
  let by: OperatorID
  let approvedBy: [OperatorID]
  let act: [UInt8]
  let actHash: String
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (OperatorRecord?, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "operator.removed", outcome: .done)
    record.operatorID = by
    record.note =
      "operator \(id) act \(actHash)"
      + (approvedBy.isEmpty ? "" : " approved by \(approvedBy.map(\.text).joined(separator: ", "))")
    guard var leaver = try state.operatorRecord(id) else {
      record.outcome = .refused
      return (nil, record)
    }
    record.person = leaver.person
    leaver.isActive = false
    try state.put(leaver)
    try state.set(act, forSetting: "act.\(actHash)")
    return (leaver, record)
  }
}

/// The vault's answers as this server's.
enum VaultAnswers {
  /// Refusals about codes and acts are refusals to the asker; everything else is a fault of the service.
  static func ask<R>(_ request: () async throws -> R) async throws -> R {
    do { return try await request() } catch let fault as VaultFault {
      guard case .refused(let refusal) = fault else { throw Refusal(.vaultUnavailable, reference: nil) }
      switch refusal.code {
      case .codeMalformed, .codeUnknown, .codeExpired, .codeUsed, .certificateRequestInvalid, .segmentNotServed,
        .certificateNotOurs, .certificateNotValidNow, .workstationRevoked, .renewalNotProven:
        throw Refusal(.enrolmentRefused, reference: nil)
      case .workstationExists, .operatorExists, .actReplayed, .restoreContradicts: throw HTTPFault.conflict
      case .sheetMissing, .alarmOther: throw HTTPFault.notFound
      case .alarmSeen, .cardKeyInUse: throw HTTPFault.conflict
      case .restoreNotApproved: throw Refusal(.instanceRestored, reference: nil)
      case .applicationUnknown, .applicationElsewhere: throw HTTPFault.conflictBecause(.applicationNotPublished)
      case .registersDamaged: throw HTTPFault.conflictBecause(.releasesStopped)
      case .cardScriptMalformed: throw HTTPFault.malformed(.value)
      case .intakeMalformed: throw HTTPFault.conflictBecause(.credentialUnreadable)
      case .recoveryKeyMissing: throw HTTPFault.conflictBecause(.backupNotPossible)
      case .actNotAllowed, .actStale, .operatorUnknown, .possessionNotProven, .lastAdministrator:
        throw Refusal(.operatorNotAllowed, reference: nil)
      default: throw Refusal(.vaultUnavailable, reference: nil)
      }
    }
  }
}
