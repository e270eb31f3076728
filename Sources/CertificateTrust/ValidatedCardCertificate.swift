public import AuthTerms

/// A card certificate whose path led to an anchor of this segment. Only `CardTrust` can make one.
public struct ValidatedCardCertificate: Sendable {
  /// What is known about revocation.
  public enum Revocation: String, Sendable {
    /// A list of the issuer in force says nothing against it.
    case current
    /// The list is past its next update, within the policy's grace: to be noted in the row.
    case withinGrace
    /// No list of its issuer is at hand, and the policy does not ask for one.
    case notChecked
  }

  public let der: [UInt8]
  public let subjectKey: SubjectKey
  public let revocation: Revocation
  /// Whether its authority says, along the whole path, that such a key signs after the PIN alone (`PathRules.pinPolicies`).
  public let isUnderPINPolicy: Bool

  init(der: [UInt8], subjectKey: SubjectKey, revocation: Revocation, isUnderPINPolicy: Bool) {
    self.isUnderPINPolicy = isUnderPINPolicy
    self.der = der
    self.subjectKey = subjectKey
    self.revocation = revocation
  }

  /// SHA-256 over the SubjectPublicKeyInfo: how the card is found in our register. Never CN or UPN.
  public var key: KeyFingerprint { subjectKey.fingerprint }
  /// DER SubjectPublicKeyInfo.
  public var publicKeyDER: [UInt8] { subjectKey.der }
  /// `rsa`, `p-256` or `p-384`
  public var algorithm: String { subjectKey.kind.rawValue }

  /// Whether the card's key made `signature` over `message` (hashed here, never a digest from outside).
  /// - Parameter algorithm: `ecdsa-p256-sha256` (DER ECDSA-Sig-Value), `ecdsa-p384-sha384` or `rsa-pkcs1-sha256`; one that does
  ///   not fit the key is a plain no.
  public func verify(signature: [UInt8], algorithm: String, over message: [UInt8]) -> Bool {
    subjectKey.verify(signature: signature, algorithm: algorithm, over: message)
  }
}

public enum CardPathResult: Sendable {
  case valid(ValidatedCardCertificate)
  /// The note is for the auditor and never quotes the certificate.
  case refused(DenialCode, note: String)
}
