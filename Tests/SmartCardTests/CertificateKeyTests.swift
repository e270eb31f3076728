import AuthTerms
import Crypto
import CryptoExtras
import SmartCard
import Testing

@Suite("The key in a card's certificate")
struct CertificateKeyTests {
  @Test("keys of every kind are found, and other libraries read the same key")
  func found() throws {
    let curve = try CertificateKey(certificate: try Samples.certificate)
    #expect(curve.algorithm == .p256)
    _ = try P256.Signing.PublicKey(derRepresentation: curve.subjectPublicKeyInfo)
    let rsa = try CertificateKey(certificate: try Samples.rsaCertificate)
    #expect(rsa.algorithm == .rsa2048)
    #expect(try _RSA.Signing.PublicKey(derRepresentation: rsa.subjectPublicKeyInfo).keySizeInBits == 2048)
    let large = try CertificateKey(certificate: try Samples.p384Certificate)
    #expect(large.algorithm == .p384)
    _ = try P384.Signing.PublicKey(derRepresentation: large.subjectPublicKeyInfo)
    let long = try CertificateKey(certificate: try Samples.rsa3072Certificate)
    #expect(long.algorithm == .rsa3072)
    #expect(try _RSA.Signing.PublicKey(derRepresentation: long.subjectPublicKeyInfo).keySizeInBits == 3072)
  }

  @Test("other keys are other cards")
  func others() throws {
    // A curve's name beside a point of another curve's length is no key of ours either.
    var mixed = try Samples.p384Certificate
    let curve = try #require(mixed.indices.dropLast(5).first { Array(mixed[$0..<($0 + 5)]) == [0x2B, 0x81, 0x04, 0x00, 0x22] })
    mixed[curve + 4] = 0x23
    for other in [try Samples.rsa1024Certificate, mixed] {
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
