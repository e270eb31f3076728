import AuthClient
import AuthTerms
import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority made for one test, and the certificates it issues.
struct TestAuthority {
  typealias Name = GeneralName

  struct Issued {
    let certificate: [UInt8]
    let keyPEM: [UInt8]
    var fingerprint: [UInt8] { Array(SHA256.hash(data: certificate)) }
    var identity: ClientIdentity { ClientIdentity(certificate: certificate, key: Secret<KeyMaterial>(copying: keyPEM)) }
  }

  private let key = P256.Signing.PrivateKey()
  private let name: DistinguishedName
  let certificate: [UInt8]

  init(_ commonName: String = "test authority") throws {
    name = try DistinguishedName { CommonName(commonName) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date() - 60,
      notValidAfter: Date() + 3600, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true))
      },
      issuerPrivateKey: .init(key))
    self.certificate = try Self.der(certificate)
  }

  /// A certificate for the given host names and addresses, or URIs.
  func issue(
    _ commonName: String, names: [GeneralName], validFor seconds: TimeInterval = 3600, key: P256.Signing.PrivateKey? = nil
  ) throws -> Issued {
    let leaf = key ?? P256.Signing.PrivateKey()
    let certificate = try issue(commonName, names: names, validFor: seconds, publicKey: leaf.publicKey)
    return Issued(certificate: certificate, keyPEM: Array(leaf.pemRepresentation.utf8))
  }

  /// The same for a key whose private half is elsewhere.
  func issue(
    _ commonName: String, names: [GeneralName], validFor seconds: TimeInterval = 3600, publicKey: P256.Signing.PublicKey
  ) throws -> [UInt8] {
    try Self.der(
      Certificate(
        version: .v3, serialNumber: .init(), publicKey: .init(publicKey), notValidBefore: Date() - 120,
        notValidAfter: Date() + seconds, issuer: name, subject: try DistinguishedName { CommonName(commonName) },
        signatureAlgorithm: .ecdsaWithSHA256,
        extensions: Certificate.Extensions {
          Critical(BasicConstraints.notCertificateAuthority)
          SubjectAlternativeNames(names)
        },
        issuerPrivateKey: .init(key)))
  }

  /// ECDSA with the authority's own key, DER.
  func sign(_ message: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: message).derRepresentation) }

  private static func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }

  static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  static let loopback = GeneralName.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))
}
