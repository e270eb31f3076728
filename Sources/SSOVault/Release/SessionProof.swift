import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Sealing

/// Reads what a session shows of its logon and believes only what the registers and a card's signature say.
struct SessionProof {
  let register: ReleaseRegister
  let segments: [Segment]
  /// Milliseconds since 1970-01-01 UTC.
  let now: Int64

  /// A challenge lives this long (milliseconds): its end, less this, is when the card was asked.
  private static let challenge: Int64 = 30_000
  private static let scenarios: Set<String> = [Scenario.logon.rawValue, Scenario.unlock.rawValue, Scenario.remote.rawValue]
  private static let slots: Set<String> = ["9a", "9e", CertificateCard.slot]
  private static let algorithms: Set<String> = ["ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pkcs1-sha256"]

  static func hash(_ keys: SessionKeys) -> [UInt8] { Array(SHA256.hash(data: keys.canonicalBytes)) }

  /// - Parameter known: what is written about these keys already.
  func session(_ evidence: SessionEvidence, keys: [UInt8], known: ProvenSession?) throws -> ProvenSession {
    func wrong(_ note: String) -> VaultFailure { .no(.evidenceWrong, note) }
    let theirs = SessionKeys(suite: evidence.suite, sealing: Data(evidence.sealing), signing: Data(evidence.signing))
    guard Self.hash(theirs) == keys else { throw wrong("the keys are not those that the act names") }
    guard let preimage = try? CardPreimage(canonicalBytes: evidence.preimage) else { throw wrong("not what a card signs") }
    guard preimage.sessionKeys == keys, preimage.sealingSuite == evidence.suite else {
      throw wrong("the card signed other session keys")
    }
    guard let suite = SealingSuite(rawValue: evidence.suite), evidence.sealing.count == suite.publicKeyBytes else {
      throw wrong("no known suite with a key of its length")
    }
    guard Self.scenarios.contains(preimage.scenario), Self.slots.contains(preimage.slot) else {
      throw wrong("neither a logon nor an unlock with a card")
    }
    let (logonAt, overflow) = preimage.expiresAt.subtractingReportingOverflow(Self.challenge)
    guard !overflow, logonAt >= 0, logonAt <= now + SessionAct.freshness else { throw wrong("signed in the future") }
    guard now - logonAt <= VaultService.longestSession else {
      throw VaultFailure.no(.sessionTooOld, "the card's signature is older than 24 hours")
    }
    guard let segment = try? Segment(parsing: preimage.segment), segments.contains(segment),
      let workstation = try? WorkstationID(parsing: preimage.workstation),
      let certificate = try? CertificateFingerprint(parsing: preimage.workstationCertificate)
    else { throw wrong("not a workstation in a segment of this instance") }
    switch try register.standing(of: workstation, certificate: certificate) {
    case .enrolled(segment): break
    case .revoked: throw VaultFailure.no(.workstationRevoked, "the workstation is revoked or was enrolled anew")
    case .unknown, .enrolled: throw wrong("the certificate is not that workstation's in that segment")
    }
    guard let key = try? SubjectKey(parsing: evidence.publicKey) else { throw wrong("not a card's key") }
    guard let card = try register.card(key.fingerprint), !card.isWithdrawn else {
      throw VaultFailure.no(.cardNotKnown, "the card's key is not in this register, or is withdrawn")
    }
    // The same keys with another card: somebody else's presence would take over what was released to them.
    guard known.map({ $0.person == card.person && $0.workstation == workstation }) ?? true else {
      throw wrong("these keys belong to another person's session")
    }
    guard Self.algorithms.contains(evidence.algorithm),
      key.verify(signature: evidence.signature, algorithm: evidence.algorithm, over: evidence.preimage)
    else { throw wrong("the card did not sign this") }
    return ProvenSession(
      keys: keys, person: card.person, card: card.key, workstation: workstation, segment: segment, certificate: certificate,
      suite: suite, sealing: evidence.sealing, signing: evidence.signing, logonAt: logonAt)
  }
}
