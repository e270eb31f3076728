public import AuthTerms
public import Crypto
import Foundation
import SwiftASN1
import X509

/// A PKCS#10 request (RFC 2986) of which only the public key is believed: name, segment and validity come from us.
///
/// untrusted: at worst a key of the sender's choice gets a certificate that somebody else's code had already fixed.
public struct CertificateRequest: Sendable {
  /// P-256 or P-384: what TLS 1.3 clients of every Windows in use can sign with, and what the authority issues for.
  public let key: SubjectKey
  let certificateKey: Certificate.PublicKey

  /// Accepts at most 8 KiB of DER whose self-signature verifies: whoever sent it holds the private key.
  public init(verifying der: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("certificate request", expected: "PKCS#10 DER with a P-256 or P-384 key, signed by that key")
    guard der.count <= 8192, let request = try? CertificateSigningRequest(derEncoded: der),
      request.publicKey.isValidSignature(request.signature, for: request)
    else { throw fault }
    // One spelling: the reader behind lets a signature's bit string claim unused bits, and verifies it all the same.
    var again = DER.Serializer()
    guard (try? request.serialize(into: &again)) != nil, again.serializedBytes == der, Self.isSignatureWhole(der) else {
      throw fault
    }
    let subjectPublicKeyInfo: [UInt8]
    if let key = P256.Signing.PublicKey(request.publicKey) {
      subjectPublicKeyInfo = Array(key.derRepresentation)
    } else if let key = P384.Signing.PublicKey(request.publicKey) {
      subjectPublicKeyInfo = Array(key.derRepresentation)
    } else {
      throw fault
    }
    key = try SubjectKey(parsing: subjectPublicKeyInfo)
    certificateKey = request.publicKey
  }

  /// Whether the third part of the request, its signature, is a bit string of whole bytes (RFC 2986 §4.2).
  private static func isSignatureWhole(_ der: [UInt8]) -> Bool {
    guard let root = try? DER.parse(der), case .constructed(let parts) = root.content,
      let last = parts.reduce(nil, { $1 }) as ASN1Node?, let signature = try? ASN1BitString(derEncoded: last)
    else { return false }
    return signature.paddingBits == 0
  }

  /// A request for `key`, DER. Its subject is a placeholder: nobody reads it.
  public static func make(key: P256.Signing.PrivateKey) throws(TrustFault) -> [UInt8] {
    do {
      let request = try CertificateSigningRequest(
        version: .v1, subject: try DistinguishedName { CommonName("request") }, privateKey: Certificate.PrivateKey(key),
        attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
      var serializer = DER.Serializer()
      try request.serialize(into: &serializer)
      return serializer.serializedBytes
    } catch {
      throw TrustFault("make a certificate request")
    }
  }
}
