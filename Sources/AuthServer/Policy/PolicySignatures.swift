import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage

/// Whether the rules in the folder were signed for this instance by as many administrators as its start-up file asks for
/// (`policy-signatures`). Rules are written in one place and carried to each instance: the signature is what says that they
/// arrived as they were approved.
///
/// The file `INSTANCE.signed` beside the rules is not trusted: at worst the set is refused.
struct PolicySignatures: Sendable {
  let services: Services

  enum Standing: Sendable, Equatable {
    case notAsked
    case signed([OperatorID])
    /// This very set was in force before, rightly: an administrator who leaves must not keep the server from starting.
    case inForceBefore
    /// Nobody could sign yet: the set that was installed with the instance.
    case installed
    case refused(String)
  }

  /// Bytes of a signed act with its approvals; more is not read.
  private static let limit = 65_536
  /// The setting that names the version accepted last.
  private static let accepted = "policy.accepted"

  func standing(of set: PolicySet) async throws -> Standing {
    let required = services.instance.policySignatures
    guard required > 0 else { return .notAsked }
    let signed = file()
    let (services, version) = (services, set.version.hex)
    return try await services.store.read { (state) throws(StorageFault) -> Standing in
      guard try state.operators().contains(where: { $0.isActive && $0.role == .administrator }) else { return .installed }
      var reason = "no signed act for this instance"
      if let signed {
        if signed.act.kind != Act.Kind.signPolicy || signed.act.instance.text != services.instance.instance
          || signed.act.parameters != ["version": version]
        {
          reason = "the signed act is for another set or another instance"
        } else {
          switch try services.waivers.authorise(signed, required: required, state: state) {
          case .accepted(let signers): return .signed(signers)
          case .refused(let refusal): reason = refusal.rawValue
          }
        }
      }
      if try state.setting(Self.accepted) == Array(version.utf8) { return .inForceBefore }
      return .refused(reason)
    }
  }

  /// At start: a set that may not be in force keeps the server from serving.
  /// - Throws: `StartFault.policyUnsigned`.
  func requireAtStart(now: Moment) async throws {
    let set = services.policy.policy
    let standing = try await standing(of: set)
    if case .refused(let reason) = standing {
      throw StartFault.policyUnsigned(
        version: set.version.hex, file: services.instance.instance + ".signed", reason: reason)
    }
    try await remember(set, standing, now: now)
  }

  /// The set is accepted: its version is kept, and who signed it stands in a row.
  func remember(_ set: PolicySet, _ standing: Standing, now: Moment) async throws {
    let note: String
    switch standing {
    case .signed(let signers): note = "signed by \(signers.map(\.text).joined(separator: ", "))"
    case .installed: note = "installed before there was an administrator"
    case .notAsked, .inForceBefore, .refused: return
    }
    let known = try await services.store.read { (state) throws(StorageFault) -> [UInt8]? in
      try state.setting(Self.accepted)
    }
    guard known != Array(set.version.hex.utf8) else { return }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "policy.accepted", outcome: .done)
    record.policyVersion = set.version
    record.note = note
    let change = AcceptPolicy(setting: Self.accepted, version: set.version, record: record)
    try await services.recorder.commit(change, now: now)
  }

  static func refusal(_ reason: String, file: String) -> (ja: String, en: String) {
    (
      "\(file): この規則には、必要な数の管理者の署名がありません（\(reason)）。それまでの規則が働き続けます。\n  → sanmon policy sign で署名してから置いてください。",
      "\(file): these rules are not signed by as many administrators as this instance asks for (\(reason)); the old ones stay in "
        + "force.\n  -> Sign them with: sanmon policy sign"
    )
  }

  private func file() -> SignedAct? {
    let path = services.instance.policies + "/" + services.instance.instance + ".signed"
    guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: Self.limit) else {
      return nil
    }
    return try? SignedAct(decoding: Array(data))
  }
}

private struct AcceptPolicy: Change {
  let setting: String
  let version: PolicyVersion
  let record: AuditRecord

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    try state.set(Array(version.hex.utf8), forSetting: setting)
    return ((), record)
  }
}
