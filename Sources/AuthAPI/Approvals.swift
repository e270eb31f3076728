public import AuthTerms

/// What a register of operators knows about one of them.
public struct KnownOperator: Sendable, Equatable {
  public let id: OperatorID
  /// The human behind the account.
  public let person: PersonID
  public let key: KeyFingerprint
  /// DER SubjectPublicKeyInfo.
  public let publicKey: [UInt8]
  /// `administrator`, `desk`, `auditor` or `rotator`
  public let role: String
  public let isActive: Bool

  public init(id: OperatorID, person: PersonID, key: KeyFingerprint, publicKey: [UInt8], role: String, isActive: Bool) {
    self.id = id
    self.person = person
    self.key = key
    self.publicKey = publicKey
    self.role = role
    self.isActive = isActive
  }
}

/// Whether enough different people with different keys stand behind an act.
public enum Approvals {
  public enum Verdict: Sendable, Equatable {
    /// Who stands behind it, the proposer first.
    case accepted([OperatorID])
    case refused(Refusal)
  }

  public enum Refusal: String, Sendable, Equatable, CaseIterable {
    case unknownOperator, inactiveOperator, roleNotAllowed, signatureWrong
    /// One person counts once, however many accounts she has.
    case samePersonTwice
    /// Two accounts that sign with one key are one key.
    case sameKeyTwice
    case tooFew
  }

  /// - Parameters:
  ///   - actHash: SHA-256 of `signed.act.canonicalBytes`, computed by the caller.
  ///   - required: how many people, the proposer included; at least 1.
  ///   - verify: whether the operator's registered key made this signature over this message.
  public static func check(
    _ signed: SignedAct, actHash: [UInt8], required: Int, role: String, operators: (OperatorID) -> KnownOperator?,
    verify: (KnownOperator, SignatureScheme, _ signature: [UInt8], _ message: [UInt8]) -> Bool
  ) -> Verdict {
    var signers = [(signed.act.operatorID, signed.scheme, signed.signature, signed.act.canonicalBytes)]
    signers += signed.approvals.map {
      ($0.operatorID, $0.scheme, $0.signature, Approval.message(actHash: actHash, operatorID: $0.operatorID))
    }
    var people: Set<PersonID> = []
    var keys: Set<KeyFingerprint> = []
    for (id, scheme, signature, message) in signers {
      guard let known = operators(id) else { return .refused(.unknownOperator) }
      guard known.isActive else { return .refused(.inactiveOperator) }
      guard known.role == role else { return .refused(.roleNotAllowed) }
      guard verify(known, scheme, signature, message) else { return .refused(.signatureWrong) }
      guard people.insert(known.person).inserted else { return .refused(.samePersonTwice) }
      guard keys.insert(known.key).inserted else { return .refused(.sameKeyTwice) }
    }
    guard signers.count >= max(1, required) else { return .refused(.tooFew) }
    return .accepted(signers.map(\.0))
  }
}
