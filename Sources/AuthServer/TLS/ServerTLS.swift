public import AuthTerms
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// The lowest TLS version a listener speaks.
public enum TLSMinimum: String, Sendable, CaseIterable {
  case tls13 = "1.3"
  /// Only for Windows 10, whose TLS stack has no 1.3; then with ECDHE and AEAD suites alone (RFC 9325 §4.2).
  case tls12 = "1.2"
}

/// The TLS side of one listener. Certificate, key and trust roots can be replaced while it runs: new connections get the new
/// ones, open connections go on with what they were opened with.
public final class ServerTLS: Sendable {
  struct Current: Sendable {
    let context: NIOSSLContext
    let leaf: CertificateFingerprint
  }

  public let minimum: TLSMinimum
  /// Whether a client has to show a certificate.
  public let asksForClientCertificate: Bool
  private let box: NIOLockedValueBox<Current>

  /// Clients must show a certificate that chains to one of `trustRoots`.
  public static func mutual(identity: TLSIdentity, trustRoots: TLSTrustRoots, minimum: TLSMinimum = .tls13) throws(TLSFault)
    -> ServerTLS
  { try ServerTLS(identity, trustRoots, minimum) }

  /// Only the server shows a certificate: for workstations that have none yet.
  public static func serverOnly(identity: TLSIdentity, minimum: TLSMinimum = .tls13) throws(TLSFault) -> ServerTLS {
    try ServerTLS(identity, nil, minimum)
  }

  private init(_ identity: TLSIdentity, _ trustRoots: TLSTrustRoots?, _ minimum: TLSMinimum) throws(TLSFault) {
    self.minimum = minimum
    asksForClientCertificate = trustRoots != nil
    box = NIOLockedValueBox(try Self.make(identity, trustRoots, minimum))
  }

  /// Replaces what new connections get. On a fault nothing changes.
  /// - Parameter trustRoots: required on a mutual listener, and without meaning on the other.
  public func replace(identity: TLSIdentity, trustRoots: TLSTrustRoots?) throws(TLSFault) {
    if asksForClientCertificate && trustRoots == nil { throw .trustRootsMissing }
    let next = try Self.make(identity, asksForClientCertificate ? trustRoots : nil, minimum)
    box.withLockedValue { $0 = next }
  }

  /// The leaf that the next connection will be shown.
  public var leaf: CertificateFingerprint { current.leaf }

  var current: Current { box.withLockedValue { $0 } }

  private static func make(_ identity: TLSIdentity, _ trustRoots: TLSTrustRoots?, _ minimum: TLSMinimum) throws(TLSFault)
    -> Current
  {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: identity.chain.map { .certificate($0) }, privateKey: .privateKey(identity.key))
    configuration.minimumTLSVersion = minimum == .tls12 ? .tlsv12 : .tlsv13
    configuration.cipherSuiteValues = [
      .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
    configuration.renegotiationSupport = .none
    configuration.applicationProtocols = ["http/1.1"]
    // Idle connections at shutdown wait this long for the peer's close_notify.
    configuration.shutdownTimeout = .milliseconds(500)
    if let trustRoots {
      // Chain and signature are checked here; a client has no host name. Revocation and rights are asked per request.
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .certificates(trustRoots.certificates)
      configuration.sendCANameList = true
    } else {
      configuration.certificateVerification = .none
    }
    do {
      return Current(context: try NIOSSLContext(configuration: configuration), leaf: identity.leaf)
    } catch { throw .identityRefused }
  }
}
