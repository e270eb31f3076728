/// Why nothing could be sealed, opened or hashed. Never says which secret, never quotes one.
public enum SealingFault: Error, Sendable, Equatable {
  /// A password of 0 or more than 256 bytes.
  case passwordLength
  /// Salt, nonce or key of a wrong length, or parameters outside the limits.
  case parameters(String)
  /// A stored hash or sealed column that is not what we write.
  case malformed(String)
  /// Sealed under a key that is not in the ring.
  case unknownKey(UInt32)
  /// The tag does not fit: another place, another key, or changed bytes.
  case notAuthentic
  /// The library gave no answer (no memory).
  case unavailable
}
