public import Crypto

/// A certification request (RFC 2986) for a P-256 key. Its subject says nothing: name and segment come from the code.
public enum PKCS10 {
  /// DER, signed by `key`.
  public static func request(for key: P256.Signing.PrivateKey) throws -> [UInt8] {
    let commonName = sequence([0x06, 0x03, 0x55, 0x04, 0x03] + tagged(0x0C, Array("sanmon-agent".utf8)))
    let information = sequence(
      [0x02, 0x01, 0x00] + sequence(tagged(0x31, commonName)) + Array(key.publicKey.derRepresentation) + [0xA0, 0x00])
    // ecdsa-with-SHA256 (RFC 5758 §3.2)
    let algorithm = sequence([0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02])
    let signature = try key.signature(for: SHA256.hash(data: information))
    return sequence(information + algorithm + tagged(0x03, [0x00] + Array(signature.derRepresentation)))
  }

  private static func sequence(_ content: [UInt8]) -> [UInt8] { tagged(0x30, content) }

  private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    switch content.count {
    case 0..<0x80: [tag, UInt8(content.count)] + content
    case 0x80...0xFF: [tag, 0x81, UInt8(content.count)] + content
    default: [tag, 0x82, UInt8(truncatingIfNeeded: content.count >> 8), UInt8(truncatingIfNeeded: content.count)] + content
    }
  }
}
