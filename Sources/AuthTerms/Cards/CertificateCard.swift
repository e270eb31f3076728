/// A card or token of any make whose certificate and signature are all that is seen of it (LGPKI, staff PKI, ISO/IEC 7816-15): the
/// workstation asks it through its maker's PKCS#11 library. Both ends write these names.
public enum CertificateCard {
  /// The profile in messages and in the register.
  public static let profile = "certificate"
  /// The one slot that it has, in the preimage and in the register.
  public static let slot = "cert"
}
