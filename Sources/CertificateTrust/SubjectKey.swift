public import AuthTerms
import Crypto
import CryptoExtras
import Foundation

/// A public key that a card, an operator or a workstation may own: RSA of 2,048 to 4,096 bits, P-256, P-384 or Ed25519.
public struct SubjectKey: Sendable {
  public enum Kind: String, Sendable {
    case rsa
    case p256 = "p-256"
    case p384 = "p-384"
    case ed25519
  }

  public let kind: Kind
  /// DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), as it came.
  public let der: [UInt8]
  /// SHA-256 over `der`.
  public let fingerprint: KeyFingerprint

  private enum Backing: Sendable {
    case rsa(_RSA.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)
  }
  private let backing: Backing

  /// RFC 8410 §4: the only DER form of an Ed25519 SubjectPublicKeyInfo is this prefix and 32 bytes.
  private static let ed25519Prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

  /// Accepts only the one DER form of a key: two spellings of one key would have two fingerprints, and "two operators with
  /// one key" could hide behind them.
  public init(parsing der: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("public key", expected: "RSA of 2,048 to 4,096 bits, P-256, P-384 or Ed25519 in DER")
    guard der.count <= 1024 else { throw fault }
    if let key = try? P256.Signing.PublicKey(derRepresentation: der), Array(key.derRepresentation) == der {
      (kind, backing) = (.p256, .p256(key))
    } else if let key = try? P384.Signing.PublicKey(derRepresentation: der), Array(key.derRepresentation) == der {
      (kind, backing) = (.p384, .p384(key))
    } else if der.starts(with: Self.ed25519Prefix), der.count == Self.ed25519Prefix.count + 32,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: der.suffix(32))
    {
      (kind, backing) = (.ed25519, .ed25519(key))
    } else if let key = try? _RSA.Signing.PublicKey(derRepresentation: der), (2048...4096).contains(key.keySizeInBits),
      Array(key.derRepresentation) == der
    {
      (kind, backing) = (.rsa, .rsa(key))
    } else {
      throw fault
    }
    self.der = der
    fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: der)))
  }

  /// DER SubjectPublicKeyInfo of a raw Ed25519 public key of 32 bytes.
  public static func ed25519DER(raw: [UInt8]) -> [UInt8] { ed25519Prefix + raw }

  /// Whether this key made `signature` over `message`; a scheme that does not fit the key is a plain no.
  public func verify(signature: [UInt8], algorithm: String, over message: [UInt8]) -> Bool {
    switch (backing, algorithm) {
    case (.p256(let key), "ecdsa-p256-sha256"):
      guard let parsed = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
      return key.isValidSignature(parsed, for: SHA256.hash(data: message))
    case (.p384(let key), "ecdsa-p384-sha384"):
      guard let parsed = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
      return key.isValidSignature(parsed, for: SHA384.hash(data: message))
    case (.rsa(let key), "rsa-pkcs1-sha256"):
      let parsed = _RSA.Signing.RSASignature(rawRepresentation: signature)
      return key.isValidSignature(parsed, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
    case (.ed25519(let key), "ed25519"):
      return key.isValidSignature(signature, for: message)
    default: return false
    }
  }
}
