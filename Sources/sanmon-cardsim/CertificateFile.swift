import Crypto
import Foundation
import SwiftASN1
import X509

/// Certificates and CA keys in files, PEM or DER.
enum CertificateFile {
  /// The certificate's DER; throws if the file holds none.
  static func readDER(_ path: String) throws -> Data {
    let data = try SafeFile.read(path)
    var bytes = Array(data)
    if let text = String(data: data, encoding: .utf8), text.contains("-----BEGIN") {
      guard let document = try? PEMDocument(pemString: text), document.discriminator == "CERTIFICATE" else {
        throw SimulatorFault.data("\(path): not a certificate in PEM")
      }
      bytes = document.derBytes
    }
    guard (try? Certificate(derEncoded: bytes)) != nil else { throw SimulatorFault.data("\(path): not a certificate") }
    return Data(bytes)
  }

  static func readKey(_ path: String) throws -> Certificate.PrivateKey {
    guard let text = String(data: try SafeFile.read(path), encoding: .utf8),
      let key = try? Certificate.PrivateKey(pemEncoded: text)
    else { throw SimulatorFault.data("\(path): not a private key in PEM") }
    return key
  }
}

/// The CA of a sample city's staff cards.
struct CardAuthority {
  let certificate: Certificate
  let key: Certificate.PrivateKey

  init(certificate: Data, key: Certificate.PrivateKey) throws {
    self.certificate = try Certificate(derEncoded: Array(certificate))
    self.key = key
    guard self.certificate.publicKey == key.publicKey else {
      throw SimulatorFault.data("the CA certificate and the CA key do not belong together")
    }
    guard P256.Signing.PublicKey(key.publicKey) != nil else {
      throw SimulatorFault.data("the CA key is not P-256; make one with make-ca")
    }
  }

  /// A self-signed P-256 certificate that may sign cards and their revocation lists, nothing below.
  static func make(name: String, from start: Date, days: Int) throws -> (certificate: Certificate, keyPEM: String) {
    let signer = P256.Signing.PrivateKey()
    let key = Certificate.PrivateKey(signer)
    let subject = try DistinguishedName { CommonName(name) }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey, notValidBefore: start,
      notValidAfter: start.addingTimeInterval(Double(days) * 86_400), issuer: subject, subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: key.publicKey)
      }, issuerPrivateKey: key)
    return (certificate, signer.pemRepresentation)
  }

  /// One certificate of a card. - Parameter usages: extended key usages, by which 9A and 9E differ (FIPS 201-3 §4.2.2).
  func issue(
    to key: Certificate.PublicKey, name: String, guid: Data, usages: [ExtendedKeyUsage.Usage], from start: Date, days: Int
  ) throws -> Data {
    let digits = guid.map { String(format: "%02x", $0) }.joined()
    let groups = [8, 4, 4, 4, 12].reduce(into: (text: digits[...], parts: [Substring]())) { state, count in
      state.parts.append(state.text.prefix(count))
      state.text = state.text.dropFirst(count)
    }.parts
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key, notValidBefore: start,
      notValidAfter: start.addingTimeInterval(Double(days) * 86_400), issuer: self.certificate.subject,
      subject: try DistinguishedName { CommonName(name) },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage(usages)
        SubjectAlternativeNames([.uniformResourceIdentifier("urn:uuid:" + groups.joined(separator: "-"))])
        SubjectKeyIdentifier(hash: key)
        AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: self.certificate.publicKey).keyIdentifier)
      }, issuerPrivateKey: self.key)
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return Data(serializer.serializedBytes)
  }
}
