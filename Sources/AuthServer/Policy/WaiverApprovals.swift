package import AuthAPI
package import AuthPolicy
package import AuthTerms
import CertificateTrust
import Crypto
package import Storage
import Synchronization

/// Whether the approvers of a waiver have signed it. Asked inside the transaction that decides, of what is stored then: the
/// act, its signatures, and the operators as they are now. An approver who is no administrator any more has not signed.
///
/// trusted: who changes sanmond's database can put an operator with a key of his own there, and let people in anyway.
package final class WaiverApprovals: Sendable {
  package enum Standing: Sendable, Equatable {
    case unsigned
    case approved(by: [OperatorID], at: Int64, act: String)
    /// An approval is kept and does not hold.
    case lapsed(Approvals.Refusal?)
  }

  let instance: String
  /// Signatures that were found right: hashes of key, scheme, signature and message. A signature does not become wrong.
  private let verified = Mutex<Set<[UInt8]>>([])
  private static let mostRemembered = 256

  package init(instance: String) { self.instance = instance }

  /// The setting under which the hash of the approving act stands; empty after a withdrawal.
  static func setting(_ waiver: WaiverHash) -> String { "waiver.\(waiver.hex)" }
  /// The setting under which a signed act is kept, as every act of operators is.
  static func setting(act hash: [UInt8]) -> String { "act.\(Hex.encode(hash))" }
  static func hash(_ act: Act) -> [UInt8] { Array(SHA256.hash(data: act.canonicalBytes)) }

  /// The waivers of one segment that hold on that day: inside their dates, and signed.
  package func approved(
    _ policy: PolicySet, in segment: Segment, on day: Int, state: some StateReader
  ) throws(StorageFault) -> Set<WaiverHash> {
    var approved: Set<WaiverHash> = []
    for waiver in policy.waivers where waiver.segment == segment && waiver.isInForce(on: day) {
      if case .approved = try standing(of: waiver, state: state) { approved.insert(waiver.hash) }
    }
    return approved
  }

  package func standing(of waiver: Waiver, state: some StateReader) throws(StorageFault) -> Standing {
    guard let actHash = try state.setting(Self.setting(waiver.hash)), !actHash.isEmpty else { return .unsigned }
    guard let bytes = try state.setting(Self.setting(act: actHash)), let signed = try? SignedAct(decoding: bytes),
      Self.hash(signed.act) == actHash
    else { return .lapsed(nil) }
    switch try check(signed, for: waiver, state: state) {
    case .accepted(let signers): return .approved(by: signers, at: signed.act.issuedAt, act: Hex.encode(actHash))
    case .refused(let refusal): return .lapsed(refusal)
    case nil: return .lapsed(nil)
    }
  }

  /// Whether exactly the approvers that the waiver names stand behind an act that approves exactly this waiver, here.
  /// - Returns: `nil` if the act is about something else.
  func check(_ signed: SignedAct, for waiver: Waiver, state: some StateReader) throws(StorageFault) -> Approvals.Verdict? {
    let act = signed.act
    guard act.kind == Act.Kind.approveWaiver, act.instance.text == instance, act.parameters == waiver.parameters else {
      return nil
    }
    let verdict = try authorise(signed, required: waiver.approvers.count, state: state)
    // Neither fewer nor others: the names in the file are the people who signed.
    if case .accepted(let signers) = verdict, Set(signers) != Set(waiver.approvers) { return .refused(.unknownOperator) }
    return verdict
  }

  /// The act whose hash is kept under that setting, if it is one of this kind, for this instance, and its signatures still hold.
  func kept(
    under setting: String, kind: String, required: Int, state: some StateReader
  ) throws(StorageFault) -> SignedAct? {
    guard let hash = try state.setting(setting), !hash.isEmpty, let bytes = try state.setting(Self.setting(act: hash)),
      let signed = try? SignedAct(decoding: bytes), Self.hash(signed.act) == hash, signed.act.kind == kind,
      signed.act.instance.text == instance, case .accepted = try authorise(signed, required: required, state: state)
    else { return nil }
    return signed
  }

  /// Enough different administrators of today signed, with different keys.
  func authorise(_ signed: SignedAct, required: Int, state: some StateReader) throws(StorageFault) -> Approvals.Verdict {
    var known: [OperatorID: KnownOperator] = [:]
    for id in signed.signers {
      known[id] = try state.operatorRecord(id).map(KnownOperator.init)
    }
    return Approvals.check(
      signed, actHash: Self.hash(signed.act), required: required, role: OperatorRole.administrator.rawValue,
      operators: { known[$0] }, verify: holds)
  }

  private func holds(_ known: KnownOperator, _ scheme: SignatureScheme, _ signature: [UInt8], _ message: [UInt8]) -> Bool {
    var writer = LengthPrefixedWriter()
    for part in [known.publicKey, Array(scheme.rawValue.utf8), signature, message] { writer.field(part) }
    let name = Array(SHA256.hash(data: writer.bytes))
    if verified.withLock({ $0.contains(name) }) { return true }
    guard let key = try? SubjectKey(parsing: known.publicKey), key.fingerprint == known.key,
      key.verify(signature: signature, algorithm: scheme.rawValue, over: message)
    else { return false }
    verified.withLock { names in
      if names.count >= Self.mostRemembered { names.removeAll() }
      names.insert(name)
    }
    return true
  }
}

extension KnownOperator {
  fileprivate init(_ record: OperatorRecord) {
    self.init(
      id: record.id, person: record.person, key: record.key, publicKey: record.publicKey, role: record.role.rawValue,
      isActive: record.isActive)
  }
}
