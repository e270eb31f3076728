public import AuthTerms

public enum OperatorRole: String, Sendable, CaseIterable {
  case administrator
  case desk
  case auditor
  /// No person: the process that makes Windows passwords. It may do nothing here; the vault knows what its key may do there.
  case rotator
}

/// A person with a key who may act on Sanmon itself.
public struct OperatorRecord: Sendable, Hashable {
  public var id: OperatorID
  public var role: OperatorRole
  /// The human behind it: two approvals need two of these.
  public var person: PersonID
  /// Unix user name for the operator socket, if any.
  public var unixUser: String?
  /// SubjectPublicKeyInfo fingerprint of the card or software key; unique among operators.
  public var key: KeyFingerprint
  /// DER SubjectPublicKeyInfo.
  public var publicKey: [UInt8]
  public var isActive: Bool

  public init(
    id: OperatorID, role: OperatorRole, person: PersonID, unixUser: String?, key: KeyFingerprint, publicKey: [UInt8],
    isActive: Bool
  ) {
    self.id = id
    self.role = role
    self.person = person
    self.unixUser = unixUser
    self.key = key
    self.publicKey = publicKey
    self.isActive = isActive
  }
}
