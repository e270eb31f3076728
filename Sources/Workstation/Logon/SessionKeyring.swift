public import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing

/// The private keys of one session. They live in this process's memory only: a restart, a reboot or a logoff ends them, and
/// with them the possibility to unlock, and to be handed a stored credential.
public final class SessionKeyring: Sendable {
  private let signing: Curve25519.Signing.PrivateKey
  private let sealing: SealingKey
  public let publicKeys: SessionKeys

  /// New keys out of the random source; nil if it gives too few bytes.
  public init?(_ surroundings: Surroundings) {
    var seeds = (surroundings.random(32), surroundings.random(32))
    defer {
      seeds.0.resetBytes()
      seeds.1.resetBytes()
    }
    guard let signing = try? Curve25519.Signing.PrivateKey(rawRepresentation: seeds.0),
      let sealing = try? SealingKey(.xwing, seed: Secret(copying: seeds.1))
    else { return nil }
    self.signing = signing
    self.sealing = sealing
    publicKeys = SessionKeys(
      suite: sealing.suite.rawValue, sealing: Data(sealing.publicKey), signing: signing.publicKey.rawRepresentation)
  }

  // Nothing but these three texts is ever signed with this key here; their labels keep one from passing for another.

  /// Signs that this session's own machine wants to unlock.
  public func sign(_ preimage: SessionPreimage) -> [UInt8]? {
    (try? signing.signature(for: preimage.canonicalBytes)).map { Array($0) }
  }

  /// Signs that a palm was shown at this session's own machine, for one ceremony; nil if the fields are no palm's.
  public func sign(_ palm: PalmPreimage) -> [UInt8]? {
    guard palm.nonce.count == 32, palm.sample.count == 32, (try? SensorID(parsing: palm.sensor)) != nil,
      Hand(name: palm.hand) != nil, (try? CeremonyID(parsing: palm.ceremony)) != nil
    else { return nil }
    return (try? signing.signature(for: palm.canonicalBytes)).map { Array($0) }
  }

  /// Signs what the vault is to do for this session; nil if it names other keys.
  package func sign(_ act: SessionAct) -> [UInt8]? {
    guard act.keys == hash else { return nil }
    return (try? signing.signature(for: act.canonicalBytes)).map { Array($0) }
  }

  /// SHA-256 over `SessionKeys.canonicalBytes`: by what the vault knows this session.
  package var hash: [UInt8] { Array(SHA256.hash(data: publicKeys.canonicalBytes)) }

  /// What was sealed to this session and to nobody else.
  /// - Throws: `SealingFault`
  package func open(_ release: SealedRelease, _ statement: ReleaseStatement) throws -> StoredCredential {
    let plaintext = try sealing.open(
      SealedMessage(encapsulated: release.encapsulated, ciphertext: release.ciphertext),
      info: ReleaseStatement.info(suite: statement.suite, vaultKey: statement.vaultKey), associatedData: release.statement,
      as: ApplicationPassword.self)
    return try StoredCredential(plaintext: plaintext)
  }
}

extension [UInt8] {
  fileprivate mutating func resetBytes() {
    withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }
  }
}
