public import AuthTerms

/// Who is at the other end of a connection, as the transport proved it; never as a header or a body claims it.
public enum RequestIdentity: Sendable, Hashable {
  /// A client certificate that chains to a trust root. Whose it is, and whether it is revoked, the database says, per request.
  case certificate(CertificateFingerprint, der: [UInt8])
  /// A client certificate that chains to a root of the operators' cards: another kind than a workstation's, so that neither can
  /// ever be read as the other. Whether it holds, and whose key it is, is asked per request.
  case operatorCertificate(CertificateFingerprint, der: [UInt8])
  /// The process at the other end of the operators' socket (SO_PEERCRED); the kernel vouches for it.
  case unixPeer(uid: UInt32, userName: String?)
  /// The enrolment listener (whoever holds a code) and the metrics listener (whoever is on this machine).
  case anonymous
}
