import AuthTerms
import Crypto
import NIOCore
import NIOSSL

/// A key that is not here: a card holds it, and each use asks the card.
public struct HeldKey: Sendable {
  public enum Kind: Sendable {
    case p256
    case p384
    case rsa2048
    case rsa3072

    /// Bytes of an RSA modulus; nil for curves.
    var modulusCount: Int? {
      switch self {
      case .rsa2048: 256
      case .rsa3072: 384
      case .p256, .p384: nil
      }
    }
  }

  /// What the holder is asked for. Both are made here, from a text that this end built; a server hands down neither.
  public enum Use: Sendable, Equatable {
    /// ECDSA over these 32 bytes (SHA-256), P-384: 48 (SHA-384); the answer is an Ecdsa-Sig-Value in DER (RFC 3279 §2.2.3).
    case ecdsa(digest: [UInt8])
    /// RSASP1 (RFC 8017 §5.2.1) of this padded block, as long as the modulus; the answer has as many bytes.
    case rsa(block: [UInt8])
  }

  public let kind: Kind
  public let use: @Sendable (Use) async throws -> [UInt8]

  /// - Parameter use: asks the holder; it may take as long as the connection's deadline lets it. What it throws ends the
  ///   handshake as `tlsRefused(.ownMaterial)`.
  public init(kind: Kind, use: @escaping @Sendable (Use) async throws -> [UInt8]) {
    self.kind = kind
    self.use = use
  }
}

/// The TLS library's view of a `HeldKey`. Signs the client's CertificateVerify of TLS 1.3 and nothing else, so that what a
/// card signs here can never be read as a card proof, an act or a message of an older protocol.
final class HeldKeySigner: NIOSSLCustomPrivateKey, Hashable {
  private let key: HeldKey

  init(_ key: HeldKey) { self.key = key }

  static func == (left: HeldKeySigner, right: HeldKeySigner) -> Bool { left === right }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  var signatureAlgorithms: [SignatureAlgorithm] {
    switch key.kind {
    case .p256: [.ecdsaSecp256R1Sha256]
    case .p384: [.ecdsaSecp384R1Sha384]
    case .rsa2048, .rsa3072: [.rsaPssRsaeSha256]
    }
  }

  func sign(channel: any Channel, algorithm: SignatureAlgorithm, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
    let promise = channel.eventLoop.makePromise(of: ByteBuffer.self)
    let (key, text) = (key, Array(data.readableBytesView))
    promise.completeWithTask { ByteBuffer(bytes: try await key.use(try Self.use(key.kind, over: text))) }
    // The library would only say that the handshake failed; the first reason is the reason.
    promise.futureResult.whenFailure { _ in
      channel.pipeline.fireErrorCaught(ClientFault.tlsRefused(.ownMaterial))
    }
    return promise.futureResult
  }

  func decrypt(channel: any Channel, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
    // Key exchange by RSA encryption: not in TLS 1.3, and not asked for below it.
    channel.eventLoop.makeFailedFuture(ClientFault.tlsRefused(.ownMaterial))
  }

  /// RFC 8446 §4.4.3: 64 spaces, the context, a zero byte, then the hash of the handshake so far.
  private static let context = [UInt8](repeating: 0x20, count: 64) + Array("TLS 1.3, client CertificateVerify".utf8) + [0]

  private static func use(_ kind: HeldKey.Kind, over text: [UInt8]) throws(ClientFault) -> HeldKey.Use {
    guard text.starts(with: context), [32, 48].contains(text.count - context.count) else { throw .tlsRefused(.ownMaterial) }
    guard let count = kind.modulusCount else {
      return .ecdsa(digest: kind == .p384 ? Array(SHA384.hash(data: text)) : Array(SHA256.hash(data: text)))
    }
    // The salt keeps two signatures of one text apart; the library under us draws from the same source.
    var source = SystemRandomNumberGenerator()
    let salt = (0..<EMSAPSS.saltCount).map { _ in UInt8.random(in: 0...255, using: &source) }
    return .rsa(block: try EMSAPSS.encode(sha256: Array(SHA256.hash(data: text)), salt: salt, blockCount: count))
  }
}

/// EMSA-PSS (RFC 8017 §9.1.1) with SHA-256, MGF1 with SHA-256 and a salt as long as the hash, as TLS 1.3 asks (RFC 8446
/// §4.2.3).
package enum EMSAPSS {
  /// Bytes of the salt.
  package static let saltCount = 32
  private static let hashCount = 32

  /// - Parameters:
  ///   - digest: 32 bytes.
  ///   - salt: 32 random bytes.
  ///   - blockCount: bytes of the modulus: 256 or 384.
  /// - Returns: `blockCount` bytes whose first bit is zero, so that the number is below every modulus of that length.
  package static func encode(
    sha256 digest: [UInt8], salt: [UInt8], blockCount: Int = 256
  ) throws(ClientFault) -> [UInt8] {
    guard digest.count == hashCount, salt.count == saltCount, [256, 384].contains(blockCount) else {
      throw .tlsRefused(.ownMaterial)
    }
    let hash = Array(SHA256.hash(data: [UInt8](repeating: 0, count: 8) + digest + salt))
    let padding = [UInt8](repeating: 0, count: blockCount - saltCount - hashCount - 2)
    var masked = zip(padding + [0x01] + salt, mask(from: hash, count: blockCount - hashCount - 1)).map { $0 ^ $1 }
    masked[0] &= 0x7F
    return masked + hash + [0xBC]
  }

  /// MGF1 (RFC 8017 appendix B.2.1).
  private static func mask(from seed: [UInt8], count: Int) -> [UInt8] {
    var mask: [UInt8] = []
    var counter: UInt32 = 0
    while mask.count < count {
      mask += SHA256.hash(data: seed + withUnsafeBytes(of: counter.bigEndian) { Array($0) })
      counter += 1
    }
    return Array(mask.prefix(count))
  }
}
