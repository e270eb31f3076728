import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing

/// The keys of a workstation's sessions, as an agent has them: one for what is sealed to it (X-Wing on Linux), Ed25519 for its acts.
struct LoadSessionKeys: Sendable {
  private let signing = Curve25519.Signing.PrivateKey()
  private let sealing: SealingKey
  let publicKeys: SessionKeys
  /// SHA-256 over `SessionKeys.canonicalBytes`.
  let hash: [UInt8]

  init(_ suite: SealingSuite) throws {
    sealing = try SealingKey(suite, seed: Secret(copying: (0..<32).map { _ in UInt8.random(in: 0...255) }))
    publicKeys = SessionKeys(
      suite: sealing.suite.rawValue, sealing: Data(sealing.publicKey), signing: signing.publicKey.rawRepresentation)
    hash = Array(SHA256.hash(data: publicKeys.canonicalBytes))
  }

  func evidence(
    _ preimage: CardPreimage, algorithm: String, signature: [UInt8], publicKey: [UInt8]
  ) -> SessionEvidence {
    SessionEvidence(
      preimage: preimage.canonicalBytes, algorithm: algorithm, signature: signature, publicKey: publicKey,
      suite: publicKeys.suite, sealing: Array(publicKeys.sealing), signing: Array(publicKeys.signing))
  }

  /// - Parameter evidence: with the first act, as an agent does when the vault asks for it.
  func message(_ act: SessionAct, evidence: SessionEvidence?) throws -> SessionActMessage {
    SessionActMessage(
      act: Data(act.canonicalBytes), signature: try signing.signature(for: act.canonicalBytes),
      evidence: evidence.map { Data($0.encoded) })
  }

  func open(_ release: SealedRelease, _ statement: ReleaseStatement) throws -> StoredCredential {
    try StoredCredential(
      plaintext: sealing.open(
        SealedMessage(encapsulated: release.encapsulated, ciphertext: release.ciphertext),
        info: ReleaseStatement.info(suite: statement.suite, vaultKey: statement.vaultKey), associatedData: release.statement,
        as: ApplicationPassword.self))
  }
}
