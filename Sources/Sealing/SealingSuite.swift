public import AuthTerms
import Crypto
import Foundation

extension SealingSuite {
  fileprivate var ciphersuite: HPKE.Ciphersuite {
    switch self {
    case .xwing: .XWingMLKEM768X25519_SHA256_AES_GCM_256
    case .x25519: .Curve25519_SHA256_ChachaPoly
    case .p256: HPKE.Ciphersuite(kem: .P256_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256)
    }
  }

  /// - Parameter publicKey: raw for X-Wing and X25519, uncompressed (SEC 1 §2.3.3) for P-256.
  /// - Throws: `.malformed` for what is no key of this suite.
  public func seal<Purpose>(
    _ plaintext: Secret<Purpose>, to publicKey: [UInt8], info: [UInt8], associatedData: [UInt8]
  ) throws(SealingFault) -> SealedMessage {
    var sender: HPKE.Sender
    do {
      switch self {
      case .xwing:
        sender = try HPKE.Sender(
          recipientKey: XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey), ciphersuite: ciphersuite, info: Data(info))
      case .x25519:
        guard !SmallOrder.contains(publicKey) else { throw SealingFault.malformed("public key of \(rawValue)") }
        sender = try HPKE.Sender(
          recipientKey: Curve25519.KeyAgreement.PublicKey(rawRepresentation: publicKey), ciphersuite: ciphersuite,
          info: Data(info))
      case .p256:
        sender = try HPKE.Sender(
          recipientKey: P256.KeyAgreement.PublicKey(x963Representation: publicKey), ciphersuite: ciphersuite, info: Data(info))
      }
    } catch { throw .malformed("public key of \(rawValue)") }
    var copy = unsafe plaintext.withBytes { unsafe Data($0) }
    defer { copy.resetBytes(in: 0..<copy.count) }
    guard let ciphertext = try? sender.seal(copy, authenticating: associatedData) else { throw .unavailable }
    return SealedMessage(encapsulated: Array(sender.encapsulatedKey), ciphertext: Array(ciphertext))
  }
}

/// What `SealingSuite.seal` gives.
public struct SealedMessage: Sendable, Equatable {
  public let encapsulated: [UInt8]
  public let ciphertext: [UInt8]

  public init(encapsulated: [UInt8], ciphertext: [UInt8]) {
    self.encapsulated = encapsulated
    self.ciphertext = ciphertext
  }
}

/// A private key that messages are sealed to. It cannot be printed or compared.
public struct SealingKey: Sendable, CustomReflectable {
  private enum Key: Sendable {
    case xwing(XWingMLKEM768X25519.PrivateKey)
    case x25519(Curve25519.KeyAgreement.PrivateKey)
    case p256(P256.KeyAgreement.PrivateKey)
  }

  public let suite: SealingSuite
  private let key: Key

  /// - Parameter seed: 32 bytes, random; for P-256 below the group's order.
  public init(_ suite: SealingSuite, seed: Secret<KeyMaterial>) throws(SealingFault) {
    guard seed.count == 32 else { throw .parameters("seed: 32 bytes") }
    self.suite = suite
    var copy = unsafe seed.withBytes { unsafe Data($0) }
    defer { copy.resetBytes(in: 0..<copy.count) }
    do {
      key =
        switch suite {
        case .xwing: .xwing(try XWingMLKEM768X25519.PrivateKey(seedRepresentation: copy, publicKey: nil))
        case .x25519: .x25519(try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: copy))
        case .p256: .p256(try P256.KeyAgreement.PrivateKey(rawRepresentation: copy))
        }
    } catch { throw .parameters("seed: no key of \(suite.rawValue)") }
  }

  /// As `SealingSuite.seal` takes it.
  public var publicKey: [UInt8] {
    switch key {
    case .xwing(let key): Array(key.publicKey.rawRepresentation)
    case .x25519(let key): Array(key.publicKey.rawRepresentation)
    case .p256(let key): Array(key.publicKey.x963Representation)
    }
  }

  /// - Throws: `.malformed` for an encapsulation that is none, `.notAuthentic` if key, info, data or bytes are not those of `seal`.
  public func open<Purpose>(
    _ message: SealedMessage, info: [UInt8], associatedData: [UInt8], as purpose: Purpose.Type
  ) throws(SealingFault) -> Secret<Purpose> {
    if suite == .x25519, SmallOrder.contains(message.encapsulated) { throw .malformed("encapsulated key") }
    var recipient: HPKE.Recipient
    let (suite, encapsulated) = (suite.ciphersuite, Data(message.encapsulated))
    do {
      recipient =
        switch key {
        case .xwing(let key):
          try HPKE.Recipient(privateKey: key, ciphersuite: suite, info: Data(info), encapsulatedKey: encapsulated)
        case .x25519(let key):
          try HPKE.Recipient(privateKey: key, ciphersuite: suite, info: Data(info), encapsulatedKey: encapsulated)
        case .p256(let key):
          try HPKE.Recipient(privateKey: key, ciphersuite: suite, info: Data(info), encapsulatedKey: encapsulated)
        }
    } catch { throw .malformed("encapsulated key") }
    guard var opened = try? recipient.open(message.ciphertext, authenticating: associatedData) else { throw .notAuthentic }
    defer { opened.resetBytes(in: 0..<opened.count) }
    return Secret(copying: opened)
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Points whose multiples say nothing: with them the secret of X25519 is zero, and anybody can open what was sealed. RFC 9180 §7.1.4
/// has both ends refuse them; the library does not.
enum SmallOrder {
  /// u-coordinates of order 1, 2, 4 and 8, little-endian, also those written above the prime 2^255 - 19 = p: 0, 1, the two of
  /// order 8, p - 1, p and p + 1.
  static let points: [[UInt8]] = [
    [UInt8](repeating: 0, count: 32),
    [1] + [UInt8](repeating: 0, count: 31),
    [
      0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
      0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
      0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
      0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    [0xed] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    [0xee] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
  ]

  /// The highest bit is not part of a coordinate (RFC 7748 §5).
  static func contains(_ point: [UInt8]) -> Bool {
    guard point.count == 32 else { return false }
    return points.contains(Array(point.prefix(31)) + [point[31] & 0x7f])
  }
}
