import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage
import Synchronization

/// Registers keys on the cards of people, and withdraws cards.
struct CardDesk: Sendable {
  let services: Services
  let challenges: EnrolmentChallenges

  func challenge(_ request: CardChallengeRequest) async throws -> CardChallenge {
    let id = try PersonID(parsing: request.person)
    let person = try await services.store.read { (state) throws(StorageFault) -> Person? in try state.person(id) }
    guard let person else { throw HTTPFault.notFound }
    let nonce = services.surroundings.random(32)
    challenges.remember(nonce, for: id, now: services.surroundings.now())
    return CardChallenge(person: id.text, displayName: person.displayName, nonce: Data(nonce))
  }

  func enrol(_ enrolment: CardEnrolment, by acting: OperatorRecord) async throws -> CardSummary {
    let now = services.surroundings.now()
    let person = try PersonID(parsing: enrolment.person)
    let segment = try Segment(parsing: enrolment.segment)
    guard enrolment.profile == "piv", ["9a", "9e"].contains(enrolment.slot) else { throw HTTPFault.malformed(.value) }
    guard challenges.redeem(Array(enrolment.nonce), for: person, now: now) else { throw HTTPFault.malformed(.value) }
    guard let trust = services.trust.trust(segment) else { throw HTTPFault.malformed(.value) }
    guard (enrolment.guid?.count ?? 16) == 16 else { throw HTTPFault.malformed(.value) }
    // All zero is how an issuer writes that a card has none.
    let guid = enrolment.guid.flatMap { try? CardGUID(parsing: $0) }
    let validated: ValidatedCardCertificate
    switch trust.validate(
      Array(enrolment.certificate), at: services.clockFloor.later(of: now), for: CardTrust.Use(slot: enrolment.slot))
    {
    case .valid(let certificate): validated = certificate
    case .refused(let code, let note): throw try await refuse(code, note, enrolment, person, segment, acting, now)
    }
    let named = try enrolment.card.map { try CardID(parsing: $0) }
    let preimage = EnrolmentPreimage(
      nonce: Array(enrolment.nonce), person: person.text, slot: enrolment.slot, guid: enrolment.guid.map { Array($0) } ?? [],
      card: named?.text ?? "")
    guard
      validated.verify(
        signature: Array(enrolment.signature), algorithm: enrolment.algorithm, over: preimage.canonicalBytes)
    else {
      throw try await refuse(.proofSignatureWrong, "not over this enrolment", enrolment, person, segment, acting, now)
    }
    // 9E signs without a PIN (SP 800-73-5); 9A is pk-pin only if the desk saw the card refuse without one.
    let isGuarded = enrolment.slot == "9a" && enrolment.refusedWithoutPIN
    let key = RegisteredKey(
      fingerprint: validated.key, profile: enrolment.profile, slot: enrolment.slot,
      provenClass: isGuarded ? .publicKeyWithPIN : .publicKey, enrolledBy: acting.id, enrolledAt: now)
    let change = RegisterKey(
      key: key, person: person, guid: guid, named: named, newCard: services.surroundings.identifier("card"), segment: segment,
      now: now)
    switch try await services.recorder.commit(change, now: now) {
    case .registered(let card): return Self.summary(card)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .personUnknown: throw HTTPFault.conflict
    }
  }

  /// The desk is told the cause; the row keeps it.
  private func refuse(
    _ code: DenialCode, _ note: String, _ enrolment: CardEnrolment, _ person: PersonID, _ segment: Segment,
    _ acting: OperatorRecord, _ now: Moment
  ) async throws -> Refusal {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "card.enrolled", outcome: .refused)
    record.person = person
    record.segment = segment
    record.operatorID = acting.id
    record.code = code
    record.note = "slot \(enrolment.slot): \(note)"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return Refusal(code, reference: nil, isToldWhole: true)
  }

  func change(_ id: CardID, to wish: CardStateChange, by acting: OperatorRecord) async throws -> CardStateChanged {
    guard let next = CardState(rawValue: wish.state) else { throw HTTPFault.malformed(.value) }
    let reason = try Remark(parsing: wish.reason)
    let now = services.surroundings.now()
    let change = ChangeCardState(card: id, state: next, reason: reason, by: acting.id, now: now)
    guard let (card, sessions) = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    for session in sessions {
      services.watch.tell(
        session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "card" + next.rawValue.capitalized))
    }
    return CardStateChanged(card: Self.summary(card), sessionsLocked: sessions.count)
  }

  func list(person: PersonID) async throws -> [CardSummary] {
    try await services.store.read { (state) throws(StorageFault) -> [RegisteredCard] in try state.cards(of: person) }
      .map(Self.summary)
  }

  static func summary(_ card: RegisteredCard) -> CardSummary {
    CardSummary(
      card: card.id.text, person: card.person.text, state: card.state.rawValue, guid: card.guid?.hex,
      keys: card.keys.map {
        CardKeySummary(
          slot: $0.slot, proofClass: $0.provenClass.name, key: $0.fingerprint.hex, enrolledBy: $0.enrolledBy.text)
      })
  }
}

extension CardTrust.Use {
  init(slot: String) { self = slot == "9e" ? .cardAuthentication : .authentication }
}

/// Nonces a desk asked for: single use, five minutes, bounded.
final class EnrolmentChallenges: Sendable {
  private let open = Mutex<[[UInt8]: (person: PersonID, since: Moment)]>([:])

  func remember(_ nonce: [UInt8], for person: PersonID, now: Moment) {
    open.withLock { open in
      open = open.filter { now.milliseconds(since: $0.value.since) < 300_000 }
      if open.count < 1_000 { open[nonce] = (person, now) }
    }
  }

  func redeem(_ nonce: [UInt8], for person: PersonID, now: Moment) -> Bool {
    open.withLock { open in
      guard let found = open.removeValue(forKey: nonce) else { return false }
      return found.person == person && now.milliseconds(since: found.since) < 300_000
    }
  }
}
