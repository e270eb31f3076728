public import AuthAPI
import AuthTerms
import Crypto
import Foundation

/// The private keys of one session. They live in this process's memory only: a restart, a reboot or a logoff ends them, and
/// with them the possibility to unlock.
public final class SessionKeyring: Sendable {
  private let signing: Curve25519.Signing.PrivateKey
  private let sealing: Curve25519.KeyAgreement.PrivateKey

  /// New keys out of the random source; nil if it gives too few bytes.
  public init?(_ surroundings: Surroundings) {
    guard let signing = try? Curve25519.Signing.PrivateKey(rawRepresentation: surroundings.random(32)),
      let sealing = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: surroundings.random(32))
    else { return nil }
    self.signing = signing
    self.sealing = sealing
  }

  public var publicKeys: SessionKeys {
    SessionKeys(
      suite: "x25519-chachapoly", sealing: sealing.publicKey.rawRepresentation, signing: signing.publicKey.rawRepresentation)
  }

  // Nothing but these two texts is ever signed with this key here; their labels keep one from passing for the other.

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
}
