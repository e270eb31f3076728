/// How a message is sealed to one key: HPKE (RFC 9180) in base mode, one message for each encapsulation.
///
/// The name stands in what a card signs at logon, so that nobody chooses a weaker one later.
public enum SealingSuite: String, Sendable, CaseIterable {
  /// X-Wing (ML-KEM-768 with X25519), HKDF-SHA256, AES-256-GCM.
  case xwing = "xwing-aes256gcm"
  /// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
  case x25519 = "x25519-chachapoly"
  /// DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: what Windows' CNG has.
  case p256 = "p256-aes256gcm"

  /// Bytes of a public key.
  public var publicKeyBytes: Int {
    switch self {
    case .xwing: 1216
    case .x25519: 32
    case .p256: 65
    }
  }
}
