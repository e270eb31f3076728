import AuthTerms
import Crypto
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// The TLS side of a connection: built once per `ServerConnection`, shared by its channels.
struct TLSSetup: Sendable {
  let context: NIOSSLContext

  init(roots: [[UInt8]], identity: ClientIdentity?, allowTLS12: Bool) throws(ClientFault) {
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      Self.bound(&configuration, allowTLS12: allowTLS12)
      guard !roots.isEmpty else { throw ClientFault.tlsRefused(.ownMaterial) }
      configuration.trustRoots = .certificates(try roots.map { try NIOSSLCertificate(bytes: $0, format: .der) })
      if let identity {
        configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: identity.certificate, format: .der))]
        switch identity.key {
        case .pem(let secret):
          // BoringSSL keeps its own copy of the key for as long as the context lives.
          let key = try secret.withBytes { try NIOSSLPrivateKey(bytes: Array($0), format: .pem) }
          configuration.privateKey = .privateKey(key)
        case .held(let key):
          configuration.minimumTLSVersion = .tlsv13
          configuration.privateKey = .privateKey(NIOSSLPrivateKey(customPrivateKey: HeldKeySigner(key)))
        }
      }
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      throw .tlsRefused(.ownMaterial)
    }
  }

  private static func bound(_ configuration: inout TLSConfiguration, allowTLS12: Bool) {
    configuration.certificateVerification = .fullVerification
    configuration.minimumTLSVersion = allowTLS12 ? .tlsv12 : .tlsv13
    // For TLS 1.2; the suites of 1.3 are fixed and all of this kind.
    configuration.cipherSuiteValues = [
      .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
    configuration.shutdownTimeout = .milliseconds(500)
  }

  /// Finds the authority with this fingerprint in the chain the server shows.
  ///
  /// The handshake made here always ends without a request: it only fetches the certificate. Path, dates and host name are
  /// then checked by the library in a second handshake whose only root is what was found, so no check is written twice.
  static func authority(
    _ fingerprint: CertificateFingerprint, at address: ServerAddress, deadline: NIODeadline, allowTLS12: Bool
  ) async throws(ClientFault) -> [UInt8] {
    let found = NIOLockedValueBox<[UInt8]?>(nil)
    let seen = NIOLockedValueBox(false)
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      bound(&configuration, allowTLS12: allowTLS12)
      let context = try NIOSSLContext(configuration: configuration)
      let name = address.isAddress ? nil : address.host
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(max(.milliseconds(1), deadline - .now()))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = try NIOSSLClientHandler(
              context: context, serverHostname: name,
              customVerificationCallback: { chain, promise in
                seen.withLockedValue { $0 = true }
                for certificate in chain.prefix(8) {
                  guard let der = try? certificate.toDERBytes(), Array(SHA256.hash(data: der)) == fingerprint.bytes
                  else { continue }
                  found.withLockedValue { $0 = der }
                }
                promise.succeed(.failed)
              })
            try channel.pipeline.syncOperations.addHandler(handler)
          }
        }
        .connect(host: address.host, port: address.port).get()
      let cut = channel.eventLoop.scheduleTask(deadline: deadline) { channel.close(promise: nil) }
      try? await channel.closeFuture.get()
      cut.cancel()
    } catch {
      throw .unreachable
    }
    guard seen.withLockedValue({ $0 }) else { throw NIODeadline.now() >= deadline ? .timedOut : .tlsRefused(.handshake) }
    guard let der = found.withLockedValue({ $0 }) else { throw .tlsRefused(.serverUntrusted) }
    return der
  }

  static func refusal(of error: any Error) -> TLSRefusal? {
    if let extra = error as? NIOSSLExtraError {
      return extra == .failedToValidateHostname || extra == .serverHostnameImpossibleToMatch ? .nameMismatch : .handshake
    }
    guard error is NIOSSLError || error is BoringSSLError else { return nil }
    if let own = error as? NIOSSLError {
      switch own {
      case .uncleanShutdown, .writeDuringTLSShutdown, .shutdownFailed: return nil
      case .unableToValidateCertificate, .noCertificateToValidate: return .serverUntrusted
      default: break
      }
    }
    // The library has no typed reasons: its text names BoringSSL's constant.
    let text = String(describing: error)
    if text.contains("CERTIFICATE_VERIFY_FAILED") { return .serverUntrusted }
    for version in ["UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "WRONG_VERSION_NUMBER", "NO_SUPPORTED_VERSIONS"]
    where text.contains(version) { return .version }
    for alert in [
      "CERTIFICATE_REQUIRED", "UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "CERTIFICATE_REVOKED",
      "CERTIFICATE_EXPIRED", "ACCESS_DENIED", "DECRYPT_ERROR",
    ]
    where text.contains(alert) && (text.contains("SSLV3_") || text.contains("TLSV1_")) { return .clientCertificate }
    return .handshake
  }
}
