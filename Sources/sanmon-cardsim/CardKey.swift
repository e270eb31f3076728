import Crypto
import CryptoExtras
import Foundation
import X509

/// A private key as a card uses it: raw, on what the terminal hands over.
enum CardKey {
  case p256(P256.Signing.PrivateKey)
  case p384(P384.Signing.PrivateKey)
  /// The blind-signing type is the one that offers the raw RSA operation (RFC 9474 §4.3: RSASP1 on an encoded message),
  /// checked afterwards with the public key against fault attacks.
  case rsa(_RSA.BlindSigning.PrivateKey<SHA384>, bytes: Int)

  init(_ slot: CardContent.Slot) throws {
    do {
      switch slot.kind {
      case .p256: self = .p256(try .init(pemRepresentation: slot.keyPEM))
      case .p384: self = .p384(try .init(pemRepresentation: slot.keyPEM))
      case .rsa2048: self = .rsa(try .init(pemRepresentation: slot.keyPEM), bytes: 256)
      case .rsa3072: self = .rsa(try .init(pemRepresentation: slot.keyPEM), bytes: 384)
      }
    } catch { throw SimulatorFault.data("the card file holds a key that cannot be read") }
  }

  /// Makes a key; returns its PEM and the form that certificates want.
  static func generate(_ kind: CardContent.Slot.Kind) throws -> (pem: String, key: Certificate.PrivateKey) {
    switch kind {
    case .p256:
      let key = P256.Signing.PrivateKey()
      return (key.pemRepresentation, .init(key))
    case .p384:
      let key = P384.Signing.PrivateKey()
      return (key.pemRepresentation, .init(key))
    case .rsa2048, .rsa3072:
      let key = try _RSA.Signing.PrivateKey(keySize: kind == .rsa2048 ? .bits2048 : .bits3072)
      return (key.pemRepresentation, .init(key))
    }
  }

  /// SP 800-78-5 table 9.
  var algorithm: UInt8 {
    switch self {
    case .p256: 0x11
    case .p384: 0x14
    case .rsa(_, let bytes): bytes == 256 ? 0x07 : 0x05
    }
  }

  /// - Parameter input: RSA: as long as the modulus, padded by the terminal; curves: a digest no longer than the order.
  /// - Returns: nil if the input has the wrong size, or is not below the modulus.
  func sign(_ input: [UInt8]) -> [UInt8]? {
    switch self {
    case .p256(let key):
      guard !input.isEmpty, input.count <= 32 else { return nil }
      let padded = [UInt8](repeating: 0, count: 32 - input.count) + input
      return (try? key.signature(for: HandedDigest(bytes: padded))).map { Array($0.derRepresentation) }
    case .p384(let key):
      guard !input.isEmpty, input.count <= 48 else { return nil }
      let padded = [UInt8](repeating: 0, count: 48 - input.count) + input
      return (try? key.signature(for: LongHandedDigest(bytes: padded))).map { Array($0.derRepresentation) }
    case .rsa(let key, let count):
      guard input.count == count else { return nil }
      return (try? key.blindSignature(for: input)).map { Array($0.rawRepresentation) }
    }
  }
}

/// A digest that somebody else made: a card signs what it is given.
private struct HandedDigest: Digest {
  static var byteCount: Int { 32 }
  let bytes: [UInt8]

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { try bytes.withUnsafeBytes(body) }
  func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }
  var description: String { "digest" }
}

/// The same for P-384.
private struct LongHandedDigest: Digest {
  static var byteCount: Int { 48 }
  let bytes: [UInt8]

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { try bytes.withUnsafeBytes(body) }
  func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }
  var description: String { "digest" }
}
