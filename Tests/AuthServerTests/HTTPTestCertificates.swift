import AuthServer
import AuthTerms
import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// A small authority for tests: real keys, real certificates, made anew each time.
struct TestAuthority {
  let key = P256.Signing.PrivateKey()
  let certificate: Certificate

  init(_ name: String) throws {
    let subject = try DistinguishedName { CommonName(name) }
    certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Self.start,
      notValidAfter: Self.end, issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      }, issuerPrivateKey: .init(key))
  }

  private static let start = Date(timeIntervalSinceNow: -3600)
  private static let end = Date(timeIntervalSinceNow: 86_400)

  /// - Parameter address: the one that it is for.
  func issue(_ name: String, isServer: Bool, address: [UInt8] = [127, 0, 0, 1]) throws -> TestLeaf {
    let key = P256.Signing.PrivateKey()
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Self.start,
      notValidAfter: Self.end, issuer: certificate.subject, subject: DistinguishedName { CommonName(name) },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([isServer ? .serverAuth : .clientAuth])
        SubjectAlternativeNames([.ipAddress(ASN1OctetString(contentBytes: address[...]))])
      }, issuerPrivateKey: .init(self.key))
    return TestLeaf(key: key, der: try leaf.derBytes())
  }

  func roots() throws -> TLSTrustRoots { try TLSTrustRoots([certificate.derBytes()]) }
}

struct TestLeaf {
  let key: P256.Signing.PrivateKey
  let der: [UInt8]

  var fingerprint: CertificateFingerprint {
    get throws { try CertificateFingerprint(parsing: Array(SHA256.hash(data: der))) }
  }

  func identity() throws -> TLSIdentity {
    try TLSIdentity(certificates: der, key: Secret(copying: Array(key.derRepresentation)))
  }

  /// A client that trusts `authority` and shows this certificate.
  func client(trusting authority: TestAuthority) throws -> TLSConfiguration {
    var configuration = try TLSConfiguration.anonymous(trusting: authority)
    configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: der, format: .der))]
    configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
    return configuration
  }
}

extension TLSConfiguration {
  /// A client without a certificate.
  static func anonymous(trusting authority: TestAuthority) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates([
      try NIOSSLCertificate(bytes: authority.certificate.derBytes(), format: .der)
    ])
    configuration.certificateVerification = .noHostnameVerification
    return configuration
  }
}

extension Certificate {
  func derBytes() throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(self)
    return serializer.serializedBytes
  }
}
