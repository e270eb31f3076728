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

  func issue(slot: String, validDays: Double = 365) throws -> TestCard {
    let cardKey = P256.Signing.PrivateKey()
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(cardKey.publicKey), notValidBefore: Date() - 86_400 * 30,
      notValidAfter: Date() + 86_400 * validDays, issuer: name,
      subject: try DistinguishedName { CommonName("card \(slot)") }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
      }, issuerPrivateKey: .init(key))
    return TestCard(key: cardKey, certificate: try Self.der(certificate), slot: slot)
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

  /// The id the server gave it.
  var id: String {
    get { registered.withLock { $0 } }
    set { registered.withLock { $0 = newValue } }
  }

  /// DER ECDSA-Sig-Value over SHA-256 of the message.
  func sign(_ message: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: Data(message)).derRepresentation) }
}
