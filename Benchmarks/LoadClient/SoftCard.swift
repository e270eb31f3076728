import Crypto
import CryptoExtras
import Foundation
import SwiftASN1
import X509

/// A staff-card authority made for one run, with its key in memory.
package final class CardAuthority: Sendable {
  private let key = P256.Signing.PrivateKey()
  private let name: DistinguishedName
  package let certificate: [UInt8]

  package init() throws {
    name = try DistinguishedName { CommonName("Sanmon Load Cards") }
    let own = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date() - 86_400,
      notValidAfter: Date() + 86_400 * 30, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      }, issuerPrivateKey: .init(key))
    certificate = try Self.der(own)
  }

  /// - Parameters:
  ///   - slot: `9a` signs as after its PIN, `9e` as a key without one.
  ///   - guid: of the piece of plastic, 16 bytes: two keys with one GUID are one card.
  package func issue(to person: String, slot: String, guid: [UInt8], rsa: Bool = false) throws -> SoftCard {
    let cardKey: SoftCard.Key = rsa ? .rsa(try _RSA.Signing.PrivateKey(keySize: .bits2048)) : .p256(P256.Signing.PrivateKey())
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: cardKey.certified, notValidBefore: Date() - 86_400,
      notValidAfter: Date() + 86_400 * 30, issuer: name, subject: try DistinguishedName { CommonName("card \(slot)") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
      }, issuerPrivateKey: .init(key))
    return SoftCard(person: person, slot: slot, guid: guid, key: cardKey, certificate: try Self.der(certificate))
  }

  private static func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}

/// One key of one person's card, in software: real signatures, without a reader's latency.
package final class SoftCard: Sendable {
  enum Key: Sendable {
    case p256(P256.Signing.PrivateKey)
    case rsa(_RSA.Signing.PrivateKey)

    var certified: Certificate.PublicKey {
      switch self {
      case .p256(let key): .init(key.publicKey)
      case .rsa(let key): .init(key.publicKey)
      }
    }
  }

  package let person: String
  package let slot: String
  package let guid: [UInt8]
  package let certificate: [UInt8]
  private let key: Key

  init(person: String, slot: String, guid: [UInt8], key: Key, certificate: [UInt8]) {
    self.person = person
    self.slot = slot
    self.guid = guid
    self.key = key
    self.certificate = certificate
  }

  /// DER SubjectPublicKeyInfo.
  var publicKey: [UInt8] {
    switch key {
    case .p256(let key): Array(key.publicKey.derRepresentation)
    case .rsa(let key): Array(key.publicKey.derRepresentation)
    }
  }

  package var algorithm: String {
    switch key {
    case .p256: "ecdsa-p256-sha256"
    case .rsa: "rsa-pkcs1-sha256"
    }
  }

  /// Over SHA-256 of the message.
  package func sign(_ message: [UInt8]) throws -> [UInt8] {
    switch key {
    case .p256(let key): Array(try key.signature(for: Data(message)).derRepresentation)
    case .rsa(let key): Array(try key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5).rawRepresentation)
    }
  }
}
