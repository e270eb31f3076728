import AuthTerms
import Crypto
import Foundation
import SwiftASN1
import Synchronization
import X509

/// A staff-card authority with its key in memory.
final class CardAuthority: Sendable {
  let key = P256.Signing.PrivateKey()
  let name: DistinguishedName
  let certificateDER: [UInt8]

  init(named text: String = "Test Staff Cards") throws {
    name = try DistinguishedName { CommonName(text) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date() - 86_400,
      notValidAfter: Date() + 86_400 * 3650, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      }, issuerPrivateKey: .init(key))
    certificateDER = try Self.der(certificate)
  }

  /// - Parameters:
  ///   - policy: an object identifier, DER without its tag, that the certificate asserts.
  ///   - usages: its extended key usage; none: no such extension.
  func issue(
    slot: String, validDays: Double = 365, policy: [UInt8]? = nil, usages: [ExtendedKeyUsage.Usage] = []
  ) throws -> TestCard {
    let cardKey = P256.Signing.PrivateKey()
    var extensions = try Certificate.Extensions {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
    }
    if !usages.isEmpty {
      try extensions.append(Certificate.Extension(try ExtendedKeyUsage(usages), critical: false))
    }
    if let policy { try extensions.append(Self.policies(policy)) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(cardKey.publicKey), notValidBefore: Date() - 86_400 * 30,
      notValidAfter: Date() + 86_400 * validDays, issuer: name,
      subject: try DistinguishedName { CommonName("card \(slot)") }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: extensions, issuerPrivateKey: .init(key))
    return TestCard(key: cardKey, certificate: try Self.der(certificate), slot: slot)
  }

  /// certificatePolicies (RFC 5280 §4.2.1.4) with one policy and nothing said about it.
  private static func policies(_ policy: [UInt8]) -> Certificate.Extension {
    func tlv(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag, UInt8(content.count)] + content }
    return Certificate.Extension(
      oid: [2, 5, 29, 32], critical: false, value: ArraySlice(tlv(0x30, tlv(0x30, tlv(0x06, policy)))))
  }

  static func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}

/// One key of a card.
final class TestCard: Sendable {
  private let key: P256.Signing.PrivateKey
  let certificate: [UInt8]
  let slot: String
  /// DER SubjectPublicKeyInfo.
  var publicKey: [UInt8] { Array(key.publicKey.derRepresentation) }
  private let registered = Mutex("")

  init(key: P256.Signing.PrivateKey, certificate: [UInt8], slot: String) {
    self.key = key
    self.certificate = certificate
    self.slot = slot
  }

  /// How a key of that slot is named to the server.
  static func profile(slot: String) -> String { slot == CertificateCard.slot ? CertificateCard.profile : "piv" }

  /// The id the server gave it.
  var id: String {
    get { registered.withLock { $0 } }
    set { registered.withLock { $0 = newValue } }
  }

  /// DER ECDSA-Sig-Value over SHA-256 of the message.
  func sign(_ message: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: Data(message)).derRepresentation) }
}
