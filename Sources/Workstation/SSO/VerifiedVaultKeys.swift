public import AuthAPI
public import AuthTerms
import Crypto
import SmartCard

extension VaultPublicKeys {
  /// Whether one of these authorities signed these keys for this instance, and they are what their suite says.
  ///
  /// - Parameter roots: certificates of authorities that are trusted already, DER.
  public func areSigned(for instance: InstanceID, byOneOf roots: [[UInt8]]) -> Bool {
    let text = message(instance: instance)
    guard SealingSuite(rawValue: intakeSuite)?.publicKeyBytes == intake.count, ticket.count == 32 else { return false }
    return roots.contains { root in
      guard let info = try? CertificateKey(certificate: root).subjectPublicKeyInfo,
        let key = try? P256.Signing.PublicKey(derRepresentation: info),
        let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
      else { return false }
      return key.isValidSignature(signature, for: text)
    }
  }
}
