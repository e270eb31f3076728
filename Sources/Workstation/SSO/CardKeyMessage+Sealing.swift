public import AuthAPI
public import AuthTerms
import Crypto
import Sealing
public import SmartCard

extension CardKeyMessage {
  /// Seals a city's key to the vault where it was typed, for one script and its steps.
  ///
  /// - Parameters:
  ///   - cityKey: `script.keyLength` bytes; checked by the caller, and by the vault.
  ///   - keys: verified by the caller.
  /// - Throws: `SealingFault` or `MalformedInput` for keys that are none.
  public static func seal(
    _ cityKey: Secret<CardKey>, for script: CardScript, to keys: VaultPublicKeys, instance: InstanceID
  ) throws -> CardKeyMessage {
    guard let suite = SealingSuite(rawValue: keys.intakeSuite) else {
      throw MalformedInput("vault keys", expected: "a known suite")
    }
    let key = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let bytes = script.canonicalBytes
    let sealed = try suite.seal(
      cityKey, to: keys.intake, info: info(suite: suite.rawValue, key: key),
      associatedData: associatedData(instance: instance, script: bytes))
    return CardKeyMessage(key: key, script: bytes, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext)
  }
}
