public import AuthTerms

extension PIVCard {
  /// Lets the card sign a digest (GENERAL AUTHENTICATE, SP 800-73-5 part 2 §3.2.4).
  ///
  /// - Parameter digest: SHA-256 (P-384: SHA-384) over a preimage that this side built itself: `algorithm.digestCount` bytes.
  /// - Returns: curves: the ECDSA signature in DER; RSA: RSASSA-PKCS1-v1_5 as long as the modulus, for which the padding is
  ///   built here. The form is checked, the signature itself is not: the server does that.
  ///
  /// Errors: `pinRequired` for `6982`, `pinBlocked`, `missingObject` for an empty slot, `malformedCard` for a wrong form.
  public mutating func sign(slot: PIVSlot, algorithm: PIVAlgorithm, digest: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard digest.count == algorithm.digestCount else { throw .malformedCommand }
    let challenge = algorithm.modulusCount.map { PKCS1.encode(sha256: digest, count: $0) } ?? digest
    return try authenticate(slot, algorithm, challenge: challenge)
  }

  /// Lets an RSA key sign a block that this side has padded itself: the client's signature of TLS 1.3 is RSASSA-PSS
  /// (RFC 8446 §4.2.3), of which the card does the last step, RSASP1 (RFC 8017 §5.2.1).
  ///
  /// - Parameter block: 256 bytes (RSA-3072: 384), first bit zero, as EMSA-PSS makes them: below every modulus. Never one handed
  ///   down by a server.
  /// - Returns: as many bytes. Errors as for `sign(slot:algorithm:digest:)`.
  public mutating func sign(slot: PIVSlot, paddedBlock block: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard let algorithm = PIVAlgorithm.allCases.first(where: { $0.modulusCount == block.count }), block[0] < 0x80 else {
      throw .malformedCommand
    }
    return try authenticate(slot, algorithm, challenge: block)
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
      if let count = algorithm.modulusCount {
        guard signature.value.count == count else { throw MalformedInput("card signature", expected: "\(count) bytes") }
      } else {
        try ECDSASignature.check(Array(signature.value), of: algorithm)
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

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2) for SHA-256.
public enum PKCS1 {
  /// DigestInfo of RFC 8017 §9.2 note 1, up to the digest.
  static let sha256Prefix: [UInt8] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
  ]

  /// - Parameters:
  ///   - digest: 32 bytes.
  ///   - count: bytes of the modulus and of the result: 256 or 384.
  public static func encode(sha256 digest: [UInt8], count: Int = 256) -> [UInt8] {
    let info = sha256Prefix + digest
    return [0x00, 0x01] + [UInt8](repeating: 0xFF, count: max(8, count - 3 - info.count)) + [0x00] + info
  }
}

/// The form of an ECDSA signature over P-256 or P-384: Ecdsa-Sig-Value in DER (RFC 3279 §2.2.3), r and s between 1 and the
/// curve's order.
public enum ECDSASignature {
  static let order: [UInt8] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
  ]
  /// Of P-384 (SP 800-186 §3.2.1.4).
  static let largeOrder: [UInt8] =
    [UInt8](repeating: 0xFF, count: 24) + [
      0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF, 0x58, 0x1A, 0x0D, 0xB2,
      0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
    ]

  /// Throws unless the bytes are one canonical signature: one signature has one form, so that a log can compare them.
  /// - Parameter algorithm: P-384, or P-256 for all others.
  public static func check(_ signature: [UInt8], of algorithm: PIVAlgorithm = .p256) throws(MalformedInput) {
    let order = algorithm == .p384 ? largeOrder : order
    let fault = MalformedInput("card signature", expected: "an ECDSA signature in DER")
    let outer = try BERTLV.parseOne(signature)
    let numbers = try outer.children()
    guard outer.tag == 0x30, numbers.count == 2 else { throw fault }
    for number in numbers {
      guard number.tag == 0x02, let first = number.value.first, first < 0x80 else { throw fault }
      if first == 0, number.value.dropFirst().first ?? 0 < 0x80 { throw fault }  // zero, or a byte too long
      let magnitude = first == 0 ? number.value.dropFirst() : number.value
      guard magnitude.count <= order.count else { throw fault }
      let padded = [UInt8](repeating: 0, count: order.count - magnitude.count) + magnitude
      guard padded.lexicographicallyPrecedes(order) else { throw fault }
    }
  }
}
