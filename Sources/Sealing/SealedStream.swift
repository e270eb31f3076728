import AuthTerms
import Crypto
import Foundation

/// A long text sealed to a recovery key, piece by piece, in bounded memory: HPKE (RFC 9180, base mode, DHKEM(X25519),
/// HKDF-SHA256, ChaCha20Poly1305), one context for the stream. The nonce counts the pieces and the associated data says which
/// is the last: pieces that are missing, repeated, exchanged or of another stream do not open, and an end that was cut off
/// is seen (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár).
///
/// On disk: the encapsulated key (32 bytes), then for each piece a flag (0, 1 for the last), its length (4 bytes, big-endian)
/// and the sealed bytes.
public enum SealedStream {
  /// Bytes of a piece, unsealed.
  public static let pieceLimit = 1 << 16
  public static let headerLength = 32
  /// Before each piece: flag and length.
  public static let frameHeaderLength = 5
  static let tagLength = 16
  static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly

  /// - Parameter label: what the stream is, and whose; both ends say the same.
  static func info(_ label: String) -> Data {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/sealed-stream/1")
    writer.field(label)
    return Data(writer.bytes)
  }

  /// The length of the sealed piece that follows, and whether it is the last.
  public static func frame(_ header: [UInt8]) throws(SealingFault) -> (length: Int, isLast: Bool) {
    guard header.count == frameHeaderLength, header[0] <= 1 else { throw .malformed("sealed stream") }
    let length = header[1...].reduce(0) { $0 << 8 | Int($1) }
    guard (tagLength...pieceLimit + tagLength).contains(length) else { throw .malformed("sealed stream") }
    return (length, header[0] == 1)
  }
}

/// Seals a stream, in order.
public struct StreamSealer {
  private var context: HPKE.Sender
  private var isOver = false
  /// To be written first.
  public let header: [UInt8]

  public init(to key: RecoveryPublicKey, label: String) throws(SealingFault) {
    guard let recipient = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: key.bytes),
      let context = try? HPKE.Sender(recipientKey: recipient, ciphersuite: SealedStream.suite, info: SealedStream.info(label))
    else { throw .parameters("recovery key") }
    self.context = context
    header = Array(context.encapsulatedKey)
  }

  /// - Parameters:
  ///   - piece: at most `SealedStream.pieceLimit` bytes; may be empty.
  ///   - isLast: exactly once, at the end.
  /// - Returns: the frame to be written.
  public mutating func seal(_ piece: [UInt8], isLast: Bool) throws(SealingFault) -> [UInt8] {
    guard !isOver, piece.count <= SealedStream.pieceLimit else { throw .parameters("sealed stream") }
    let flag: UInt8 = isLast ? 1 : 0
    guard let sealed = try? context.seal(piece, authenticating: [flag]) else { throw .unavailable }
    isOver = isLast
    return [flag] + (0..<4).map { UInt8(truncatingIfNeeded: sealed.count >> (24 - 8 * $0)) } + Array(sealed)
  }
}

/// Opens a stream, in order. Nothing that it gave out is the whole before `isComplete`.
public struct StreamOpener {
  private var context: HPKE.Recipient
  /// The last piece has been opened.
  public private(set) var isComplete = false

  /// - Throws: `.notAuthentic` for a header that is none.
  public init(header: [UInt8], key: RecoveryKey, label: String) throws(SealingFault) {
    guard header.count == SealedStream.headerLength,
      let context = try? HPKE.Recipient(
        privateKey: key.key, ciphersuite: SealedStream.suite, info: SealedStream.info(label), encapsulatedKey: Data(header))
    else { throw .notAuthentic }
    self.context = context
  }

  /// - Throws: `.notAuthentic` when key, label, order or bytes are not those of the sealer.
  public mutating func open(_ sealed: [UInt8], isLast: Bool) throws(SealingFault) -> [UInt8] {
    guard !isComplete else { throw .malformed("sealed stream") }
    guard let opened = try? context.open(sealed, authenticating: [isLast ? 1 : 0] as [UInt8]) else { throw .notAuthentic }
    isComplete = isLast
    return Array(opened)
  }
}
