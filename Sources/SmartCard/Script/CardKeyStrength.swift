public import AuthTerms

/// Which cities' keys are refused whoever signs for them: those that everybody knows, and those that make a cipher a weaker one.
public enum CardKeyStrength {
  /// Not one byte repeated (DESFire leaves the factory with zeros). For Triple DES no part of 8 bytes stands twice, or it would be
  /// DES (NIST SP 800-67 rev. 2 §3.3); the lowest bit of each byte is its parity, and no difference.
  public static func isFit(_ key: Secret<CardKey>, for kind: SharedKeyCardKind) -> Bool {
    unsafe key.withBytes { bytes in
      guard let first = unsafe bytes.first, unsafe bytes.contains(where: { $0 != first }) else { return false }
      guard kind == .felicaLiteS else { return true }
      let parts = stride(from: 0, to: bytes.count, by: 8).map { start in
        (start..<min(start + 8, bytes.count)).reduce(UInt64(0)) { unsafe $0 << 8 | UInt64(bytes[$1] & 0xFE) }
      }
      return Set(parts).count == parts.count
    }
  }
}
