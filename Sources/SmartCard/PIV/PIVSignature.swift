public import AuthTerms

extension PIVCard {
  /// Lets the card sign a SHA-256 digest (GENERAL AUTHENTICATE, SP 800-73-5 part 2 §3.2.4).
  ///
  /// - Parameter digest: the 32 bytes of SHA-256 over a preimage that this side built itself.
  /// - Returns: P-256: the ECDSA signature in DER; RSA-2048: 256 bytes of RSASSA-PKCS1-v1_5, for which the padding is built
  ///   here. The form is checked, the signature itself is not: the server does that.
  ///
  /// Errors: `pinRequired` for `6982`, `pinBlocked`, `missingObject` for an empty slot, `malformedCard` for a wrong form.
  public mutating func sign(slot: PIVSlot, algorithm: PIVAlgorithm, digest: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard digest.count == 32 else { throw .malformedCommand }
    return try authenticate(slot, algorithm, challenge: algorithm == .rsa2048 ? PKCS1.encode(sha256: digest) : digest)
  }

  /// Lets an RSA-2048 key sign a block that this side has padded itself: the client's signature of TLS 1.3 is RSASSA-PSS
  /// (RFC 8446 §4.2.3), of which the card does the last step, RSASP1 (RFC 8017 §5.2.1).
  ///
  /// - Parameter block: 256 bytes, first bit zero, as EMSA-PSS makes them: below every modulus. Never one handed down by a server.
  /// - Returns: 256 bytes. Errors as for `sign(slot:algorithm:digest:)`.
  public mutating func sign(slot: PIVSlot, paddedBlock block: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard block.count == 256, block[0] < 0x80 else { throw .malformedCommand }
    return try authenticate(slot, .rsa2048, challenge: block)
  }

  private mutating func authenticate(
    _ slot: PIVSlot, _ algorithm: PIVAlgorithm, challenge: [UInt8]
  ) throws(CardFailure) -> [UInt8] {
    let template = BERTLV.encode(0x7C, BERTLV.encode(0x82, []) + BERTLV.encode(0x81, challenge))
    let command = try CommandAPDU(
      instruction: 0x87, parameter1: algorithm.rawValue, parameter2: slot.rawValue, data: template, expectedLength: 256)
    let answer: ResponseAPDU
    do throws(CardFailure) {
      answer = try channel.send(command, limit: 1024)
    } catch .refused(let status) { throw Self.refusal(status) }
    guard answer.status == .success else { throw Self.refusal(answer.status) }
    do throws(MalformedInput) {
      let outer = try BERTLV.parseOne(answer.data)
      guard outer.tag == 0x7C, let signature = try outer.children().only(0x82) else {
        throw MalformedInput("card signature", expected: "a response in a dynamic authentication template")
      }
      switch algorithm {
      case .rsa2048:
        guard signature.value.count == 256 else { throw MalformedInput("card signature", expected: "256 bytes") }
      case .p256: try ECDSASignature.check(Array(signature.value))
      }
      return Array(signature.value)
    } catch { throw .malformedCard(error) }
  }

  private static func refusal(_ status: StatusWord) -> CardFailure {
    switch status {
    case .securityStatusNotSatisfied: .pinRequired
    case .authenticationMethodBlocked: .pinBlocked
    case .notFound, .referencedDataNotFound: .missingObject
    default: .refused(status)
    }
  }
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2) for SHA-256 and a 2048-bit modulus.
public enum PKCS1 {
  /// DigestInfo of RFC 8017 §9.2 note 1, up to the digest.
  static let sha256Prefix: [UInt8] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
  ]

  /// - Parameter digest: 32 bytes. The result has 256.
  public static func encode(sha256 digest: [UInt8]) -> [UInt8] {
    let info = sha256Prefix + digest
    return [0x00, 0x01] + [UInt8](repeating: 0xFF, count: 256 - 3 - info.count) + [0x00] + info
  }
}

/// The form of an ECDSA signature over P-256: Ecdsa-Sig-Value in DER (RFC 3279 §2.2.3), r and s between 1 and the order.
public enum ECDSASignature {
  static let order: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
  ]

  /// Throws unless the bytes are one canonical signature: one signature has one form, so that a log can compare them.
  public static func check(_ signature: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("card signature", expected: "an ECDSA signature in DER")
    let outer = try BERTLV.parseOne(signature)
    let numbers = try outer.children()
    guard outer.tag == 0x30, numbers.count == 2 else { throw fault }
    for number in numbers {
      guard number.tag == 0x02, let first = number.value.first, first < 0x80 else { throw fault }
      if first == 0, number.value.dropFirst().first ?? 0 < 0x80 { throw fault }  // zero, or a byte too long
      let magnitude = first == 0 ? number.value.dropFirst() : number.value
      guard magnitude.count <= 32 else { throw fault }
      let padded = [UInt8](repeating: 0, count: 32 - magnitude.count) + magnitude
      guard padded.lexicographicallyPrecedes(order) else { throw fault }
    }
  }
}
