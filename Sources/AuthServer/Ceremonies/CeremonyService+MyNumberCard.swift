import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

/// A My Number Card in a ceremony, by its user-authentication key alone. The certificate is looked at for its key, its dates and
/// its path, and forgotten: no name, serial number or issuer of it is kept or written anywhere.
extension CeremonyService {
  func verifyPersonal(
    _ card: CardProofMessage, _ ceremony: OpenCeremony, _ caller: Caller
  ) -> Result<VerifiedCard, CardRefusal> {
    guard services.policy.policy.takesMyNumberCards(ceremony.segment) else {
      return .failure(
        CardRefusal(code: .myNumberCardNotTaken, note: "\(ceremony.segment) takes no My Number Cards; nothing of it was read"))
    }
    guard card.slot == JPKIProfile.name, card.algorithm == JPKIProfile.algorithm, let keys = ceremony.sessionKeys else {
      return .failure(CardRefusal(code: .proofMalformed, note: "unknown slot or algorithm, or no session keys"))
    }
    let judged: MyNumberCardJudge.Judged
    switch MyNumberCardJudge(services: services).judge(
      Array(card.certificate), in: ceremony.segment, at: services.surroundings.now())
    {
    case .success(let found): judged = found
    case .failure(let failure): return .failure(failure)
    }
    if let failure = Self.signatureFault(card, by: judged.key, keys, ceremony, caller) { return .failure(failure) }
    return .success(
      VerifiedCard(
        key: judged.key.fingerprint, slot: JPKIProfile.name, exchangeClass: judged.exchangeClass, remark: judged.remark,
        isExpired: judged.isExpired))
  }
}

/// What a user-authentication certificate is worth in a segment now.
struct MyNumberCardJudge {
  let services: Services

  struct Judged {
    let key: SubjectKey
    /// `pk-pin` where an authority of the start-up file vouches that such keys are behind a PIN; else `pk`.
    let exchangeClass: ProofClass
    let isExpired: Bool
    /// For the row; empty when a list in force speaks for the certificate.
    let remark: String
  }

  func judge(
    _ der: [UInt8], in segment: Segment, at now: Moment
  ) -> Result<Judged, CeremonyService.CardRefusal> {
    func refused(_ code: DenialCode, _ note: String) -> Result<Judged, CeremonyService.CardRefusal> {
      .failure(CeremonyService.CardRefusal(code: code, note: note))
    }
    guard let certificate = try? UnvouchedCertificate(der: der), certificate.subjectKey.kind == .rsa else {
      return refused(.proofMalformed, "not one certificate of an RSA key that may sign")
    }
    let wall = services.clockFloor.later(of: now)
    let isExpired = certificate.validity.notAfter.map { $0 < wall } ?? true
    guard wall >= certificate.validity.notBefore else {
      return refused(.certificateExpired, "the certificate is not valid yet")
    }
    func judged(_ proof: ProofClass, _ remark: String) -> Result<Judged, CeremonyService.CardRefusal> {
      .success(Judged(key: certificate.subjectKey, exchangeClass: proof, isExpired: isExpired, remark: remark))
    }
    guard let trust = services.trust.personalTrust(segment) else {
      // The key alone. These cards have RSA-2048 and nothing else: a city that asks for more takes none of them.
      guard services.instance.minimumRSABits <= 2048 else {
        return refused(.certificateUntrusted, "a key weaker than this city allows")
      }
      return judged(.publicKey, JPKIProfile.revocationUnknown + ", key alone")
    }
    switch trust.validate(der, at: wall, for: .authentication) {
    case .valid(let path):
      switch path.revocation {
      case .current: return judged(.publicKeyWithPIN, "")
      case .withinGrace: return judged(.publicKeyWithPIN, "possession, revocation list past its date")
      case .notChecked: return judged(.publicKeyWithPIN, JPKIProfile.revocationUnknown)
      }
    case .refused(.certificateExpired, _) where isExpired: return judged(.publicKey, JPKIProfile.revocationUnknown)
    case .refused(let code, let note): return refused(code, note)
    }
  }
}
