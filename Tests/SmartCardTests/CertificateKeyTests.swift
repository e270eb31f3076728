import AuthTerms
import Crypto
import CryptoExtras
import SmartCard
import Testing

@Suite("The key in a card's certificate")
struct CertificateKeyTests {
  @Test("P-256 and RSA-2048 are found, and other libraries read the same key")
  func found() throws {
    let curve = try CertificateKey(certificate: try Samples.certificate)
    #expect(curve.algorithm == .p256)
    _ = try P256.Signing.PublicKey(derRepresentation: curve.subjectPublicKeyInfo)
    let rsa = try CertificateKey(certificate: try Samples.rsaCertificate)
    #expect(rsa.algorithm == .rsa2048)
    #expect(try _RSA.Signing.PublicKey(derRepresentation: rsa.subjectPublicKeyInfo).keySizeInBits == 2048)
  }

  @Test("other keys are other cards")
  func others() throws {
    for other in [try Samples.p384Certificate, try Samples.rsa1024Certificate] {
      #expect(failure { () throws(CardFailure) in try CertificateKey(certificate: other) } == .unsupportedCard)
    }
  }

  @Test("each cut of a certificate is malformed")
  func cut() throws {
    let whole = try Samples.certificate
    for length in 0..<whole.count {
      let found = failure { () throws(CardFailure) in try CertificateKey(certificate: Array(whole.prefix(length))) }
      #expect(isMalformed(found))
    }
    #expect(isMalformed(failure { () throws(CardFailure) in try CertificateKey(certificate: whole + [0x00]) }))
  }
}
