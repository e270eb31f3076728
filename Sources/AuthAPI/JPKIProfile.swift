/// The user-authentication key of a My Number Card, as messages, preimages, registers and rows name it.
public enum JPKIProfile {
  /// Profile and slot alike: of such a card one key is used, and no other.
  public static let name = "jpki"
  /// The card signs RSA-2048 with PKCS #1 v1.5 over SHA-256, and nothing else.
  public static let algorithm = "rsa-pkcs1-sha256"
  /// What rows say where no revocation list speaks for the card: it signed, and nobody knows whether it was revoked.
  public static let revocationUnknown = "possession, revocation unknown"
}
