import AuthTerms
import Crypto

/// A keyed hash of a short secret that a person types: HMAC-SHA-256 (RFC 2104) under a key that is derived from a column key for
/// this one purpose (HKDF-SHA-256, RFC 5869). Whoever has the database alone cannot try all the digits.
///
/// Not against a process that holds the column key.
public enum KeyedDigest {
  /// - Parameters:
  ///   - purpose: names the key; texts for one purpose say nothing of those for another.
  ///   - text: what is hashed; 64 KiB at the most.
  /// - Returns: 32 bytes, and the id of the column key.
  /// - Throws: `.parameters` for a longer text.
  public static func make(
    _ text: [UInt8], for purpose: String, under keys: ColumnKeys
  ) throws(SealingFault) -> (digest: [UInt8], keyID: UInt32) {
    (try digest(text, purpose, keys.current), keys.current.id)
  }

  /// Whether this is the hash of the text, in a time that does not tell where it differs.
  /// - Parameter keyID: as `make` returned it; a key that is not there any more is a plain no.
  public static func matches(
    _ text: [UInt8], for purpose: String, digest kept: [UInt8], keyID: UInt32, under keys: ColumnKeys
  ) -> Bool {
    guard let key = try? keys.key(keyID), let made = try? digest(text, purpose, key) else { return false }
    return ConstantTime.areEqual(made, kept)
  }

  private static func digest(_ text: [UInt8], _ purpose: String, _ key: ColumnKey) throws(SealingFault) -> [UInt8] {
    guard text.count <= 1 << 16 else { throw .parameters("keyed digest: at most 65,536 bytes") }
    let material = unsafe key.key.withBytes { unsafe SymmetricKey(data: $0) }
    let derived = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: material, info: Array("sanmon/keyed-digest/1 \(purpose)".utf8), outputByteCount: 32)
    return Array(HMAC<SHA256>.authenticationCode(for: text, using: derived))
  }
}
