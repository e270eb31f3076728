public import AuthTerms
import Crypto
import NIOSSL

/// A fault of what was configured for TLS; says which part, never its content.
public enum TLSFault: Error, Sendable, Equatable {
  case certificateUnreadable
  case keyUnreadable
  /// Key and certificate do not belong together, or the library refuses them.
  case identityRefused
  case trustRootsUnreadable
  case trustRootsMissing
}

/// What the server shows of itself: its certificate chain and the key of the leaf.
public struct TLSIdentity: Sendable {
  let chain: [NIOSSLCertificate]
  let key: NIOSSLPrivateKey
  /// SHA-256 of the leaf: what a card's preimage names.
  public let leaf: CertificateFingerprint

  /// - Parameters:
  ///   - certificates: PEM, leaf first; or one DER certificate.
  ///   - key: PEM (PKCS#8 or SEC1) or DER. The TLS library keeps its own copy; the secret stays the caller's to drop.
  public init(certificates: [UInt8], key: Secret<KeyMaterial>) throws(TLSFault) {
    chain = try Self.certificates(certificates)
    guard let first = chain.first, let der = try? first.toDERBytes() else { throw .certificateUnreadable }
    leaf = PeerCertificate.fingerprint(of: der)
    var copy = key.withBytes { Array($0) }
    // The array is ours alone, so this wipes the bytes and not a copy of them.
    defer { for index in copy.indices { copy[index] = 0 } }
    let isPEM = copy.starts(with: Array("-----BEGIN".utf8))
    do { self.key = try NIOSSLPrivateKey(bytes: copy, format: isPEM ? .pem : .der) } catch { throw .keyUnreadable }
  }

  static func certificates(_ bytes: [UInt8]) throws(TLSFault) -> [NIOSSLCertificate] {
    let isDER = bytes.first == 0x30
    do {
      return isDER ? [try NIOSSLCertificate(bytes: bytes, format: .der)] : try NIOSSLCertificate.fromPEMBytes(bytes)
    } catch { throw .certificateUnreadable }
  }
}

/// Who may have issued a client certificate: workstation authorities and the issuers of operators' cards.
///
/// Trusted: who can change these can open connections, and still acts as nobody until our database knows the certificate.
public struct TLSTrustRoots: Sendable {
  let certificates: [NIOSSLCertificate]

  /// - Parameter certificates: each PEM (one or several) or DER; at least one in all.
  public init(_ certificates: [[UInt8]]) throws(TLSFault) {
    var roots: [NIOSSLCertificate] = []
    for bytes in certificates {
      do { roots += try TLSIdentity.certificates(bytes) } catch { throw .trustRootsUnreadable }
    }
    guard !roots.isEmpty else { throw .trustRootsMissing }
    self.certificates = roots
  }
}
