public import AuthTerms
import Crypto

/// SHA-256 of a leaf or a subtree (RFC 9162 §2.1): 32 bytes.
public struct TreeHash: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init(parsing bytes: some Collection<UInt8>) throws(MalformedInput) {
    guard bytes.count == 32 else { throw MalformedInput("tree hash", expected: "32 bytes") }
    self.bytes = Array(bytes)
  }

  private init(_ digest: SHA256.Digest) { bytes = Array(digest) }

  /// The root of a log without rows: SHA-256 of nothing.
  public static let empty = TreeHash(SHA256.hash(data: [UInt8]()))

  /// SHA-256(0x00 || leaf)
  public static func leaf(_ bytes: [UInt8]) -> TreeHash {
    var hash = SHA256()
    hash.update(data: [0x00] as [UInt8])
    hash.update(data: bytes)
    return TreeHash(hash.finalize())
  }

  /// SHA-256(0x01 || left || right): the other first byte keeps a row from being taken for a subtree.
  public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
    var hash = SHA256()
    hash.update(data: [0x01] as [UInt8])
    hash.update(data: left.bytes)
    hash.update(data: right.bytes)
    return TreeHash(hash.finalize())
  }

  public var description: String { Hex.encode(bytes) }
}
