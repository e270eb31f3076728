import AuthTerms

/// The key inside a card's certificate, found by walking its DER (RFC 5280 §4.1) and nothing more: no name, date or signature
/// is judged here. Trust is the server's business; the workstation only has to know which algorithm to ask the card for.
public struct CertificateKey: Sendable, Equatable {
  public let algorithm: PIVAlgorithm
  /// The SubjectPublicKeyInfo, DER as it stands in the certificate.
  public let subjectPublicKeyInfo: [UInt8]

  /// Throws `malformedCard` for what is no certificate, `unsupportedCard` for a key that is none of `PIVAlgorithm`'s.
  public init(certificate: [UInt8]) throws(CardFailure) {
    let info: BERTLV
    let parts: (algorithm: [BERTLV], key: [UInt8])
    do throws(MalformedInput) {
      info = try Self.keyInfo(in: certificate)
      parts = try Self.split(info)
    } catch { throw .malformedCard(error) }
    subjectPublicKeyInfo = Array(info.encoded)
    switch parts.algorithm[0].value {
    case [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]:  // id-ecPublicKey, then the curve (RFC 5480 §2.1.1)
      guard parts.algorithm.count == 2, parts.algorithm[1].tag == 0x06, parts.key.first == 0x04 else {
        throw .unsupportedCard
      }
      switch (Array(parts.algorithm[1].value), parts.key.count) {
      case ([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], 65): algorithm = .p256  // secp256r1
      case ([0x2B, 0x81, 0x04, 0x00, 0x22], 97): algorithm = .p384  // secp384r1
      default: throw .unsupportedCard
      }
    case [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]:  // rsaEncryption (RFC 3279 §2.3.1)
      guard let modulus = try? BERTLV.parseOne(parts.key).children().first, modulus.tag == 0x02,
        modulus.value.first == 0, modulus.value.dropFirst().first ?? 0 >= 0x80
      else { throw .unsupportedCard }
      switch modulus.value.count {
      case 257: algorithm = .rsa2048
      case 385: algorithm = .rsa3072
      default: throw .unsupportedCard
      }
    default: throw .unsupportedCard
    }
  }

  private static func keyInfo(in certificate: [UInt8]) throws(MalformedInput) -> BERTLV {
    let fault = MalformedInput("card certificate", expected: "an X.509 certificate in DER")
    let outer = try BERTLV.parseOne(certificate)
    guard outer.tag == 0x30 else { throw fault }
    let body = try outer.children()
    guard body.count == 3, body[0].tag == 0x30 else { throw fault }
    var fields = try body[0].children()[...]
    if fields.first?.tag == 0xA0 { fields = fields.dropFirst() }  // version; absent in v1
    // serial number, signature, issuer, validity, subject, then the key
    guard fields.count >= 6 else { throw fault }
    let info = fields[fields.startIndex + 5]
    guard info.tag == 0x30 else { throw fault }
    return info
  }

  private static func split(_ info: BERTLV) throws(MalformedInput) -> (algorithm: [BERTLV], key: [UInt8]) {
    let fault = MalformedInput("card certificate", expected: "a public key of algorithm and bit string")
    let parts = try info.children()
    guard parts.count == 2, parts[0].tag == 0x30, parts[1].tag == 0x03, parts[1].value.first == 0 else { throw fault }
    let algorithm = try parts[0].children()
    guard let identifier = algorithm.first, identifier.tag == 0x06 else { throw fault }
    return (algorithm, Array(parts[1].value.dropFirst()))
  }
}
