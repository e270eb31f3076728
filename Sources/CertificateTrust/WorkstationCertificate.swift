public import AuthTerms
import Crypto
import Foundation
import SwiftASN1
import X509

/// Which workstation of which segment of which instance a certificate speaks for.
public struct WorkstationIdentity: Hashable, Sendable {
  /// The instance whose authority issued it.
  public let instance: String
  public let segment: Segment
  public let workstation: WorkstationID

  /// Accepts the character set of `Identifier` as an instance name.
  public init(instance: String, segment: Segment, workstation: WorkstationID) throws(MalformedInput) {
    self.instance = try Identifier<WorkstationIdentity>(parsing: instance).text
    self.segment = segment
    self.workstation = workstation
  }

  /// `sanmon://INSTANCE/SEGMENT/workstation/ID`
  public var uri: String { "sanmon://\(instance)/\(segment.name)/workstation/\(workstation.text)" }

  /// Accepts exactly what `uri` writes.
  public init(uri: String) throws(MalformedInput) {
    let fault = MalformedInput("workstation identity", expected: "sanmon://INSTANCE/SEGMENT/workstation/ID")
    let parts = uri.split(separator: "/", omittingEmptySubsequences: false)
    guard uri.utf8.count <= 256, parts.count == 6, parts[0] == "sanmon:", parts[1].isEmpty, parts[4] == "workstation" else {
      throw fault
    }
    try self.init(
      instance: String(parts[2]), segment: try Segment(parsing: parts[3]), workstation: try WorkstationID(parsing: parts[5]))
  }
}

/// The identity, keys and dates that stand in a workstation's leaf certificate. Says nothing about who signed it: ask
/// `isIssued(by:)`, or let the TLS handshake do so.
///
/// untrusted: at worst an identity that no authority of ours signed.
public struct WorkstationCertificate: Sendable {
  public let der: [UInt8]
  public let identity: WorkstationIdentity
  /// SHA-256 over `der`.
  public let fingerprint: CertificateFingerprint
  public let key: SubjectKey
  /// Milliseconds since 1970-01-01 UTC, from inclusive, until inclusive.
  public let notBefore: Int64
  public let notAfter: Int64
  private let parsed: Certificate

  /// Accepts at most 8 KiB of DER: one SAN, a URI of ours whose last part equals the common name; EKU clientAuth; not a CA.
  public init(parsing der: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("workstation certificate", expected: "a leaf of a Sanmon authority, in DER")
    guard der.count <= 8192, let certificate = try? Certificate(derEncoded: der),
      let names = try? certificate.extensions.subjectAlternativeNames, names.count == 1,
      case .uniformResourceIdentifier(let uri)? = names.first,
      let usage = try? certificate.extensions.extendedKeyUsage, usage.contains(.clientAuth),
      let constraints = try? certificate.extensions.basicConstraints, constraints == .notCertificateAuthority
    else { throw fault }
    let identity = try WorkstationIdentity(uri: uri)
    guard let name = try? DistinguishedName(builder: { CommonName(identity.workstation.text) }), certificate.subject == name
    else {
      throw fault
    }
    self.identity = identity
    key = try certificate.publicKey.subjectKey()
    fingerprint = try CertificateFingerprint(parsing: Array(SHA256.hash(data: der)))
    notBefore = Int64(certificate.notValidBefore.timeIntervalSince1970 * 1000)
    notAfter = Int64(certificate.notValidAfter.timeIntervalSince1970 * 1000)
    self.der = der
    parsed = certificate
  }

  public func isValid(at wallMilliseconds: Int64) -> Bool { (notBefore...notAfter).contains(wallMilliseconds) }

  /// Whether `root` (DER, self-signed) signed this certificate.
  public func isIssued(by root: [UInt8]) -> Bool {
    guard let root = try? Certificate(derEncoded: root) else { return false }
    return parsed.issuer == root.subject && root.publicKey.isValidSignature(parsed.signature, for: parsed)
  }
}

extension Certificate.PublicKey {
  func subjectKey() throws(MalformedInput) -> SubjectKey {
    var serializer = DER.Serializer()
    do {
      try serialize(into: &serializer)
    } catch {
      throw MalformedInput("public key", expected: "a key that can be written as DER")
    }
    return try SubjectKey(parsing: serializer.serializedBytes)
  }
}
