import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import SwiftASN1
import X509

/// One key of a card: real keys, real certificates, real signatures. What a reader adds is tested elsewhere.
struct CardKey: Sendable {
  /// As the model calls it.
  let name: String
  let slot: String
  let certificate: [UInt8]
  let fingerprint: KeyFingerprint
  private let key: P256.Signing.PrivateKey

  fileprivate init(name: String, slot: String, certificate: [UInt8], key: P256.Signing.PrivateKey) throws {
    self.name = name
    self.slot = slot
    self.certificate = certificate
    self.key = key
    fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: key.publicKey.derRepresentation)))
  }

  func sign(_ message: [UInt8]) -> [UInt8] {
    // P-256 signing with a valid key does not fail.
    (try? Array(key.signature(for: Data(message)).derRepresentation)) ?? []
  }
}

/// The cards of the simulated town, made once for all mornings: certificates cost more than mornings do.
struct CardBox: Sendable {
  /// Registered keys, and the ones that are not, by name.
  let keys: [String: CardKey]
  private let anchor: [UInt8]

  /// Keys of this town's authority that nobody registered, of another town, and of a card that has ended.
  static let strangers = ["unregistered", "foreign", "expired"]

  static let shared = Result { try CardBox() }

  private init() throws {
    let ours = try Authority("Simulated Staff Cards", seed: "ours")
    let theirs = try Authority("Another Town", seed: "theirs")
    var keys: [String: CardKey] = [:]
    for card in Town.cards {
      for slot in card.slots { keys[card.key(slot)] = try ours.issue(card.key(slot), slot, until: 2036) }
    }
    keys["unregistered"] = try ours.issue("unregistered", "9a", until: 2036)
    keys["foreign"] = try theirs.issue("foreign", "9a", until: 2036)
    keys["expired"] = try ours.issue("expired", "9a", until: 2026)
    self.keys = keys
    anchor = ours.certificate
  }

  /// A new one for each morning: nothing that one morning taught it helps the next.
  func trust() throws -> CardTrust {
    try CardTrust(
      anchors: [anchor], intermediates: [], revocationLists: [])
  }

  /// Keys made from names, so that every process has the same ones.
  static func privateKey(_ name: String) throws -> P256.Signing.PrivateKey {
    try P256.Signing.PrivateKey(rawRepresentation: Array(SHA256.hash(data: Array("sanmon simulation key \(name)".utf8))))
  }

  private struct Authority {
    let key: P256.Signing.PrivateKey
    let name: DistinguishedName
    let certificate: [UInt8]

    init(_ text: String, seed: String) throws {
      key = try CardBox.privateKey("authority \(seed)")
      name = try DistinguishedName { CommonName(text) }
      let certificate = try Certificate(
        version: .v3, serialNumber: .init(bytes: [1]), publicKey: .init(key.publicKey), notValidBefore: Self.year(2020),
        notValidAfter: Self.year(2046), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
          Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        }, issuerPrivateKey: .init(key))
      self.certificate = try Self.der(certificate)
    }

    /// - Parameter until: the first of January of that year.
    func issue(_ name: String, _ slot: String, until: Int) throws -> CardKey {
      let key = try CardBox.privateKey(name)
      let certificate = try Certificate(
        version: .v3, serialNumber: .init(bytes: Array(SHA256.hash(data: Array(name.utf8)).prefix(8).map { $0 & 0x7F | 1 })),
        publicKey: .init(key.publicKey), notValidBefore: Self.year(2021), notValidAfter: Self.year(until), issuer: self.name,
        subject: try DistinguishedName { CommonName(name) }, signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.notCertificateAuthority)
          Critical(KeyUsage(digitalSignature: true))
        }, issuerPrivateKey: .init(self.key))
      return try CardKey(name: name, slot: slot, certificate: Self.der(certificate), key: key)
    }

    /// Midnight UTC on the first of January; leap days since 1970 are counted.
    static func year(_ year: Int) -> Date {
      Date(timeIntervalSince1970: Double(((year - 1970) * 365 + (year - 1969) / 4) * 86_400))
    }

    static func der(_ certificate: Certificate) throws -> [UInt8] {
      var serializer = DER.Serializer()
      try serializer.serialize(certificate)
      return serializer.serializedBytes
    }
  }
}
