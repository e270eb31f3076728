public import AuthTerms
import Crypto
import Foundation

/// What opens backups: an X25519 key that no machine of the instance has. It is printed once and kept on paper.
///
/// trusted: who reads it *and* a backup has names, posts, times and password hashes of that day, and with the master key the
/// instance. It makes no backup genuine: anybody may seal to its public half (`BackupSignature` in AuthAPI says whose it is).
public struct RecoveryKey: Sendable {
  private static let purpose = "recovery"
  let key: Curve25519.KeyAgreement.PrivateKey

  /// - Parameter random: 32 random bytes.
  public init(random: Secret<KeyMaterial>) throws(SealingFault) {
    guard random.count == 32,
      let key = unsafe try? random.withBytes({ unsafe try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: $0) })
    else { throw .parameters("recovery key: 32 random bytes") }
    self.key = key
  }

  /// As it was typed from paper.
  /// - Throws: `.malformed` when a character is wrong or missing, or this is the public half.
  public init(typed: Secret<TypedPassword>) throws(SealingFault) {
    guard var bytes = unsafe typed.withBytes({ unsafe HandCopied.bytes(Array($0), purpose: Self.purpose) }) else {
      throw .malformed("recovery key")
    }
    defer {
      unsafe bytes.withUnsafeMutableBytes { target in
        if let base = target.baseAddress { unsafe explicit_bzero(base, target.count) }
      }
    }
    guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes) else { throw .malformed("recovery key") }
    self.key = key
  }

  /// To be shown once: 14 groups of four. A string cannot be wiped: only `sanmon backup key` asks for it, and ends.
  public var text: String { HandCopied.text(Array(key.rawRepresentation), purpose: Self.purpose) }

  public var publicKey: RecoveryPublicKey {
    RecoveryPublicKey(bytes: Array(key.publicKey.rawRepresentation))
  }
}

/// What backups are sealed to; stands in settings, in the open.
public struct RecoveryPublicKey: Sendable, Hashable {
  private static let purpose = "recovery-public"
  private static let prefix = "recovery-1-"

  /// X25519, 32 bytes.
  public let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// - Throws: `MalformedInput`, also for the secret half: nobody finds that out years later from a settings file.
  public init(parsing text: String) throws(MalformedInput) {
    guard text.hasPrefix(Self.prefix),
      let bytes = HandCopied.bytes(Array(text.utf8.dropFirst(Self.prefix.utf8.count)), purpose: Self.purpose)
    else {
      throw MalformedInput("recovery key", expected: "the public half, \(Self.prefix)…, as 'sanmon backup key' printed it")
    }
    self.bytes = bytes
  }

  public var text: String { Self.prefix + HandCopied.text(bytes, purpose: Self.purpose) }
}
