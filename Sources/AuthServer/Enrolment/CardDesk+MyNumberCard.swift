import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage

extension CardDesk {
  /// Registers a person's own My Number Card by its user-authentication key: the hash of the key and nothing else of the card. It
  /// is never of the stock, tells no number of its own, and is a card by itself.
  func registerPersonal(
    _ enrolment: CardEnrolment, for person: PersonID?, in segment: Segment, by acting: OperatorRecord, at now: Moment
  ) async throws -> CardSummary {
    guard let person, enrolment.slot == JPKIProfile.name, enrolment.guid == nil, enrolment.card == nil,
      services.instance.segments.contains(segment)
    else { throw HTTPFault.malformed(.value) }
    guard challenges.redeem(Array(enrolment.nonce), for: .person(person), now: now) else { throw HTTPFault.malformed(.value) }
    func no(_ code: DenialCode, _ note: String) async throws -> Refusal {
      try await refuse(code, note, enrolment, person, segment, acting, now)
    }
    guard services.policy.policy.takesMyNumberCards(segment) else {
      throw try await no(.myNumberCardNotTaken, "\(segment) takes no My Number Cards")
    }
    let judged: MyNumberCardJudge.Judged
    switch MyNumberCardJudge(services: services).judge(Array(enrolment.certificate), in: segment, at: now) {
    case .success(let found): judged = found
    case .failure(let failure): throw try await no(failure.code, failure.note)
    }
    let preimage = EnrolmentPreimage(
      nonce: Array(enrolment.nonce), person: person.text, slot: JPKIProfile.name, guid: [], card: "")
    guard enrolment.algorithm == JPKIProfile.algorithm,
      judged.key.verify(
        signature: Array(enrolment.signature), algorithm: enrolment.algorithm, over: preimage.canonicalBytes)
    else { throw try await no(.proofSignatureWrong, "not over this enrolment") }
    guard !judged.isExpired else { throw try await no(.myNumberCardExpired, "its certificate has ended") }
    // Who vouches for the key says what it is; the desk that it saw the card refuse. Both, or it is a key and no more.
    let proven = enrolment.refusedWithoutPIN ? judged.exchangeClass : .publicKey
    let key = RegisteredKey(
      fingerprint: judged.key.fingerprint, profile: JPKIProfile.name, slot: JPKIProfile.name, provenClass: proven,
      enrolledBy: acting.id, enrolledAt: now)
    let change = RegisterKey(
      key: key, person: person, guid: nil, named: nil, newCard: services.surroundings.identifier("card"), segment: segment,
      now: now, day: services.local(now).day, remark: judged.remark)
    switch try await services.recorder.commit(change, now: now) {
    case .registered(let card): return Self.summary(card)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .personUnknown: throw HTTPFault.conflict
    }
  }
}
