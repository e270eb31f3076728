import AuthTerms
public import Crypto
import Foundation
import SwiftASN1
import X509

/// The small authority of one instance: a self-signed P-256 root that issues leaves for workstations and for its own server.
///
/// trusted: who holds its key can be any workstation of this instance, and its server; nothing in another instance.
public struct WorkstationAuthority: Sendable {
  /// The root, DER.
  public let root: [UInt8]
  private let key: P256.Signing.PrivateKey
  private let certificate: Certificate

  /// - Throws: when `root` is not the certificate of `key`.
  public init(root: [UInt8], key: P256.Signing.PrivateKey) throws(TrustFault) {
    guard let certificate = try? Certificate(derEncoded: root), certificate.publicKey == Certificate.PublicKey(key.publicKey)
    else { throw TrustFault("match the authority's certificate with its key") }
    self.root = root
    self.key = key
    self.certificate = certificate
  }

  /// A new root, valid for ten years from an hour before `now` (clocks of workstations may be behind).
  /// - Parameters:
  ///   - serial: 16 random bytes.
  ///   - now: milliseconds since 1970-01-01 UTC.
  public static func create(
    instance: String, key: P256.Signing.PrivateKey, serial: [UInt8], now: Int64
  ) throws(TrustFault) -> WorkstationAuthority {
    do {
      let name = try DistinguishedName {
        OrganizationName("Sanmon")
        CommonName("Sanmon \(instance) CA")
      }
      let certificate = try Certificate(
        version: .v3, serialNumber: Self.serialNumber(serial), publicKey: Certificate.PublicKey(key.publicKey),
        notValidBefore: Self.date(now - 3_600_000), notValidAfter: Self.date(now + 3650 * Self.day), issuer: name,
        subject: name,
        signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          // Path length 0: a leaf that says it is a CA is refused by everybody.
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
          Critical(KeyUsage(keyCertSign: true, cRLSign: true))
          SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
        }, issuerPrivateKey: Certificate.PrivateKey(key))
      return try WorkstationAuthority(root: Self.der(certificate), key: key)
    } catch {
      throw TrustFault("create the authority's root")
    }
  }

  /// A leaf for a workstation: CN the workstation's id, SAN `sanmon://INSTANCE/SEGMENT/workstation/ID`, EKU clientAuth.
  /// - Parameter days: 1 to 825.
  public func issueWorkstation(
    _ request: CertificateRequest, identity: WorkstationIdentity, serial: [UInt8], now: Int64, days: Int
  ) throws(TrustFault) -> [UInt8] {
    try issue(
      request, commonName: identity.workstation.text, names: [.uniformResourceIdentifier(identity.uri)], usage: .clientAuth,
      serial: serial, now: now, days: days)
  }

  /// A leaf for the server of this instance: SAN its hosts, EKU serverAuth.
  /// - Parameters:
  ///   - hosts: 1 to 16.
  ///   - days: 1 to 825.
  public func issueServer(
    _ request: CertificateRequest, hosts: [ServerHost], serial: [UInt8], now: Int64, days: Int
  ) throws(TrustFault) -> [UInt8] {
    guard (1...16).contains(hosts.count) else { throw TrustFault("name 1 to 16 hosts in a server certificate") }
    let names: [GeneralName] = hosts.map { host in
      switch host {
      case .dns(let name): .dnsName(name)
      case .address(let bytes): .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
      }
    }
    return try issue(
      request, commonName: "Sanmon server", names: names, usage: .serverAuth, serial: serial, now: now, days: days)
  }

  /// Signs what this instance says about its own keys. ECDSA-Sig-Value in DER, over SHA-256.
  /// - Parameter message: begins with a length-prefixed label, as no certificate does.
  public func sign(_ message: [UInt8]) throws(TrustFault) -> [UInt8] {
    guard message.first == 0, let signature = try? key.signature(for: message) else {
      throw TrustFault("sign with the authority")
    }
    return Array(signature.derRepresentation)
  }

  private func issue(
    _ request: CertificateRequest, commonName: String, names: [GeneralName], usage: ExtendedKeyUsage.Usage, serial: [UInt8],
    now: Int64, days: Int
  ) throws(TrustFault) -> [UInt8] {
    guard (1...825).contains(days) else { throw TrustFault("issue for 1 to 825 days") }
    do {
      let end = min(Self.date(now + Int64(days) * Self.day), certificate.notValidAfter)
      let leaf = try Certificate(
        version: .v3, serialNumber: Self.serialNumber(serial), publicKey: request.certificateKey,
        notValidBefore: Self.date(now - 3_600_000), notValidAfter: end, issuer: certificate.subject,
        subject: try DistinguishedName { CommonName(commonName) }, signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.notCertificateAuthority)
          Critical(KeyUsage(digitalSignature: true))
          try ExtendedKeyUsage([usage])
          SubjectAlternativeNames(names)
          SubjectKeyIdentifier(hash: request.certificateKey)
          AuthorityKeyIdentifier(keyIdentifier: try certificate.extensions.subjectKeyIdentifier?.keyIdentifier)
        }, issuerPrivateKey: Certificate.PrivateKey(key))
      return try Self.der(leaf)
    } catch {
      throw TrustFault("issue a certificate")
    }
  }

  private static let day: Int64 = 86_400_000

  /// Whole seconds: X.509 times have no finer grain.
  private static func date(_ milliseconds: Int64) -> Date {
    Date(timeIntervalSince1970: TimeInterval(milliseconds.flooredDivision(by: 1000)))
  }

  /// Positive, never empty (RFC 5280 §4.1.2.2): the top bit is cleared, the next one set.
  private static func serialNumber(_ random: [UInt8]) throws -> Certificate.SerialNumber {
    guard random.count == 16 else { throw TrustFault("use a serial number of 16 random bytes") }
    return Certificate.SerialNumber(bytes: [random[0] & 0x7f | 0x40] + random.dropFirst())
  }

  private static func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try certificate.serialize(into: &serializer)
    return serializer.serializedBytes
  }
}
