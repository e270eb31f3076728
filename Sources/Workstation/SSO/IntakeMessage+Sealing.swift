public import AuthAPI
public import AuthTerms
import Crypto
import Sealing

extension IntakeMessage {
  /// Seals what was typed here to the vault, so that nobody between reads it.
  ///
  /// - Parameter keys: verified by the caller.
  /// - Throws: `SealingFault` or `MalformedInput` for keys that are none.
  public static func seal(
    _ credential: StoredCredential, to keys: VaultPublicKeys, instance: InstanceID, person: PersonID,
    application: ApplicationID, account: String
  ) throws -> IntakeMessage {
    guard let suite = SealingSuite(rawValue: keys.intakeSuite) else {
      throw MalformedInput("vault keys", expected: "a known suite")
    }
    let key = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let sealed = try suite.seal(
      credential.plaintext, to: keys.intake, info: info(suite: suite.rawValue, key: key),
      associatedData: associatedData(instance: instance, person: person, application: application, account: account))
    return IntakeMessage(key: key, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext)
  }
}
