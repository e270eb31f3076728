public import AuthAPI
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

  /// Signs that this session's own machine wants to unlock. Nothing else is ever signed with this key here.
  public func sign(_ preimage: SessionPreimage) -> [UInt8]? {
    (try? signing.signature(for: preimage.canonicalBytes)).map { Array($0) }
  }
}
