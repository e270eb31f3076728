public import AuthTerms

/// The user-authentication half of a My Number Card's JPKI application, spoken to over a channel that one caller holds.
///
/// Three elementary files of that application are ever named here: the certificate 000A, the key 0017, its PIN 0018, and no
/// other: not the signature certificate 0001, which has name, address, date of birth and sex in it, and no file of any other
/// application of the card, above all not the card surface with the twelve digits.
///
/// Order: `select()`, then anything else. Nothing here repeats a PIN or a signature on its own.
public struct JPKICard<Channel: CardChannel> {
  public internal(set) var channel: Channel

  public init(channel: Channel) { self.channel = channel }

  /// Selects the application by its full name. `unsupportedCard` if the card does not know it.
  public mutating func select() throws(CardFailure) {
    let answer = try channel.send(
      CommandAPDU(instruction: 0xA4, parameter1: 0x04, parameter2: 0x0C, data: JPKIApplication.name), limit: 256)
    switch answer.status {
    case .success: return
    case .notFound, .functionNotSupported, .instructionNotSupported, .classNotSupported: throw .unsupportedCard
    case let status: throw .refused(status)
    }
  }

  /// The X.509 certificate of the user-authentication key, DER as the card holds it; nothing in it has been judged. Needs no PIN.
  ///
  /// Its length is taken from its own first four bytes: 260 to 4,096 bytes, the length in its shortest form.
  /// Errors: `missingObject` for a card that was issued without it or where it was taken off, `malformedCard`.
  public mutating func certificate() throws(CardFailure) -> [UInt8] {
    try select(.certificate)
    let head = try read(at: 0, count: 4)
    let length: Int
    do throws(MalformedInput) { length = try JPKIApplication.certificateLength(head) } catch { throw .malformedCard(error) }
    var bytes = head
    while bytes.count < length { bytes += try read(at: bytes.count, count: min(256, length - bytes.count)) }
    return bytes
  }

  /// Lets the card sign a digest: it gets the DigestInfo (RFC 8017 §9.2 note 1), pads it and signs (RSASSA-PKCS1-v1_5).
  ///
  /// - Parameter digest: SHA-256 over a preimage that this side built itself: 32 bytes, never one handed down by a server.
  /// - Returns: 256 bytes. The form is checked, the signature itself is not: the server does that.
  ///
  /// Errors: `pinRequired` for `6982`, `pinBlocked`, `missingObject` without such a key, `malformedCard` for another length.
  public mutating func sign(digest: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard digest.count == 32 else { throw .malformedCommand }
    try select(.key)
    let command = try CommandAPDU(
      classByte: 0x80, instruction: 0x2A, parameter1: 0x00, parameter2: 0x80, data: PKCS1.sha256Prefix + digest,
      expectedLength: 256)
    let answer = try channel.send(command, limit: 512)
    switch answer.status {
    case .success: break
    case .securityStatusNotSatisfied: throw .pinRequired
    case .authenticationMethodBlocked: throw .pinBlocked
    case .notFound, .referencedDataNotFound: throw .missingObject
    case let status: throw .refused(status)
    }
    guard answer.data.count == JPKIApplication.signatureCount else {
      throw .malformedCard(MalformedInput("card signature", expected: "256 bytes"))
    }
    return answer.data
  }

  mutating func select(_ file: JPKIFile) throws(CardFailure) {
    let answer = try channel.send(
      CommandAPDU(instruction: 0xA4, parameter1: 0x02, parameter2: 0x0C, data: file.identifier), limit: 256)
    switch answer.status {
    case .success: return
    case .notFound, .referencedDataNotFound: throw .missingObject
    case let status: throw .refused(status)
    }
  }

  /// Exactly so many bytes of the selected file. - Parameter count: 1 to 256.
  private mutating func read(at offset: Int, count: Int) throws(CardFailure) -> [UInt8] {
    let command = try CommandAPDU(
      instruction: 0xB0, parameter1: UInt8(truncatingIfNeeded: offset >> 8 & 0x7F),
      parameter2: UInt8(truncatingIfNeeded: offset), expectedLength: count)
    let answer = try channel.send(command, limit: 256)
    switch answer.status {
    case .success: break
    case .notFound, .referencedDataNotFound: throw .missingObject
    case .securityStatusNotSatisfied: throw .pinRequired
    case let status: throw .refused(status)
    }
    guard answer.data.count == count else {
      throw .malformedCard(MalformedInput("file of a card", expected: "as many bytes as were asked for"))
    }
    return answer.data
  }
}

/// Constants of the application, as OpenSC's card-jpki.c has them.
public enum JPKIApplication {
  /// Its name (AID).
  public static let name: [UInt8] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]
  /// RSA-2048 alone.
  public static let signatureCount = 256
  /// Bytes of a certificate. A real one has some 1,700; below 260 the length would not have two bytes.
  public static let certificateLengths = 260...4096

  /// Bytes of the whole certificate, out of its first four: `30 82`, then the length of what follows (X.690 §8.1.3.5).
  public static func certificateLength(_ head: [UInt8]) throws(MalformedInput) -> Int {
    guard head.count == 4, head[0] == 0x30, head[1] == 0x82 else {
      throw MalformedInput("card certificate", expected: "an X.509 certificate in DER")
    }
    let length = (Int(head[2]) << 8 | Int(head[3])) + 4
    guard certificateLengths.contains(length) else {
      throw MalformedInput("card certificate", expected: "260 to 4,096 bytes")
    }
    return length
  }
}

/// The files that are used. There are others on the card; that they cannot be named is the point.
enum JPKIFile {
  case certificate, key, pin

  var identifier: [UInt8] {
    switch self {
    case .certificate: [0x00, 0x0A]
    case .key: [0x00, 0x17]
    case .pin: [0x00, 0x18]
    }
  }
}
