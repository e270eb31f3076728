public import AuthTerms
package import NIOPosix

/// Whom this end trusts as server.
public enum ServerTrust: Sendable {
  /// DER certificates; the server's chain must end in one of them. The machine's own root store is never asked.
  case roots([[UInt8]])
  /// The authority is known by its SHA-256 only, as an operator read it aloud or printed it: the server must show that
  /// authority's certificate in its chain, and its own certificate must then verify against it in full.
  case authority(CertificateFingerprint)
}

/// The certificate this end shows, and its key: in memory (PEM, PKCS#8 or SEC 1), or held elsewhere.
public struct ClientIdentity: Sendable {
  enum Key: Sendable {
    case pem(Secret<KeyMaterial>)
    case held(HeldKey)
  }

  public let certificate: [UInt8]
  let key: Key

  /// - Parameters:
  ///   - certificate: the leaf, DER.
  ///   - key: PEM text.
  public init(certificate: [UInt8], key: Secret<KeyMaterial>) {
    self.certificate = certificate
    self.key = .pem(key)
  }

  /// - Parameters:
  ///   - certificate: the leaf, DER; its key must be the held one.
  ///   - held: TLS 1.3 only.
  public init(certificate: [UInt8], held: HeldKey) {
    self.certificate = certificate
    self.key = .held(held)
  }
}

public struct ClientSettings: Sendable {
  /// From the first packet to the last byte of the answer.
  public var deadlineMilliseconds: Int64 = 10_000
  /// Bytes of an answer's body; larger answers are a fault, not truncated.
  public var answerLimit = 1 << 20
  /// An unused connection older than this is not used again, so that a request rarely meets a server that just hung up.
  public var idleLimitMilliseconds: Int64 = 15_000
  /// TLS 1.2 (ECDHE with AEAD only), for servers in front of Windows 10; otherwise TLS 1.3 alone.
  public var allowTLS12 = false
  /// A held line stream that says nothing for this long is taken for dead.
  public var silenceLimitMilliseconds: Int64 = 45_000
  /// Bytes of one line of a held stream.
  public var lineLimit = 16_384
  /// Who knows the addresses of a name; `nil`: the system.
  package var resolver: (any Resolver & Sendable)?

  public init() {}
}
