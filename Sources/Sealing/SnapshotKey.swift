public import AuthTerms
import Crypto

/// The public half of the key that signs one instance's snapshots of the directory (its vault's checkpoint key); stands in the
/// start-up file of an instance that reads them, in the open.
///
/// trusted: who can change it there decides whose word that instance takes for the directory.
public struct SnapshotKey: Sendable, Hashable {
  private static let purpose = "snapshot-public"
  private static let prefix = "snapshot-1-"
  private static let label = "sanmon/directory-snapshot/1"

  /// Ed25519, 32 bytes.
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) throws(MalformedInput) {
    guard bytes.count == 32, (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)) != nil else {
      throw MalformedInput("snapshot key", expected: "an Ed25519 key of 32 bytes")
    }
    self.bytes = bytes
  }

  /// As it was copied by hand: hyphens, spaces and case do not count, and a slip is found.
  public init(parsing text: String) throws(MalformedInput) {
    guard text.hasPrefix(Self.prefix),
      let bytes = HandCopied.bytes(Array(text.utf8.dropFirst(Self.prefix.utf8.count)), purpose: Self.purpose)
    else { throw MalformedInput("snapshot key", expected: "\(Self.prefix)…, as 'sanmon directory snapshot-key' printed it") }
    try self.init(bytes: bytes)
  }

  public var text: String { Self.prefix + HandCopied.text(bytes, purpose: Self.purpose) }

  /// What is signed. The same key signs checkpoints (their first line is the log's name, the second a number) and manifests of
  /// backups (another first line): no text of one kind is one of another.
  /// - Parameters:
  ///   - instance: its name.
  ///   - hash: SHA-256 of everything before the line of the signature.
  public static func message(instance: String, hash: [UInt8]) -> [UInt8] {
    Array("\(label)\ninstance \(instance)\n\(Base64.encode(hash))\n".utf8)
  }

  public func verifies(_ signature: [UInt8], instance: String, hash: [UInt8]) -> Bool {
    guard signature.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
    return key.isValidSignature(signature, for: Self.message(instance: instance, hash: hash))
  }
}
