import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage
import Synchronization

/// Registers keys on the cards of people and of the stock, and withdraws cards.
struct CardDesk: Sendable {
  let services: Services
  let challenges: EnrolmentChallenges

  func challenge(_ request: CardChallengeRequest) async throws -> CardChallenge {
    let id = try PersonID(parsing: request.person)
    let person = try await services.store.read { (state) throws(StorageFault) -> Person? in try state.person(id) }
    guard let person else { throw HTTPFault.notFound }
    let nonce = services.surroundings.random(32)
    challenges.remember(nonce, for: .person(id), now: services.surroundings.now())
    return CardChallenge(person: id.text, displayName: person.displayName, nonce: Data(nonce))
  }

  func enrol(_ enrolment: CardEnrolment, by acting: OperatorRecord) async throws -> CardSummary {
    try await register(enrolment, for: PersonID(parsing: enrolment.person), by: acting)
  }

  /// - Parameter person: `nil`: into the stock, with an empty person in the message.
  func register(
    _ enrolment: CardEnrolment, for person: PersonID?, by acting: OperatorRecord
  ) async throws -> CardSummary {
    let now = services.surroundings.now()
    let segment = try Segment(parsing: enrolment.segment)
    if enrolment.profile == JPKIProfile.name {
      return try await registerPersonal(enrolment, for: person, in: segment, by: acting, at: now)
    }
    let isCertificateCard = enrolment.profile == CertificateCard.profile && enrolment.slot == CertificateCard.slot
    guard isCertificateCard ? person != nil : enrolment.profile == "piv" && ["9a", "9e"].contains(enrolment.slot) else {
      throw HTTPFault.malformed(.value)
    }
    guard
      challenges.redeem(Array(enrolment.nonce), for: person.map { EnrolmentChallenges.Purpose.person($0) } ?? .stock, now: now)
    else {
      throw HTTPFault.malformed(.value)
    }
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
      nonce: Array(enrolment.nonce), person: person?.text ?? "", slot: enrolment.slot,
      guid: enrolment.guid.map { Array($0) } ?? [],
      card: named?.text ?? "")
    guard
      validated.verify(
        signature: Array(enrolment.signature), algorithm: enrolment.algorithm, over: preimage.canonicalBytes)
    else {
      throw try await refuse(.proofSignatureWrong, "not over this enrolment", enrolment, person, segment, acting, now)
    }
    // 9E signs without a PIN (SP 800-73-5); 9A is pk-pin only if the desk saw the card refuse without one.
    // What is behind a maker's library nobody can try: a certificate card is pk unless its authority's policy says more.
    let isGuarded =
      isCertificateCard ? validated.isUnderPINPolicy : enrolment.slot == "9a" && enrolment.refusedWithoutPIN
    let key = RegisteredKey(
      fingerprint: validated.key, profile: enrolment.profile, slot: enrolment.slot,
      provenClass: isGuarded ? .publicKeyWithPIN : .publicKey, enrolledBy: acting.id, enrolledAt: now)
    let change = RegisterKey(
      key: key, person: person, guid: guid, named: named, newCard: services.surroundings.identifier("card"), segment: segment,
      now: now, day: services.local(now).day)
    switch try await services.recorder.commit(change, now: now) {
    case .registered(let card): return Self.summary(card)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .personUnknown: throw HTTPFault.conflict
    }
  }

  /// The desk is told the cause; the row keeps it.
  func refuse(
    _ code: DenialCode, _ note: String, _ enrolment: CardEnrolment, _ person: PersonID?, _ segment: Segment,
    _ acting: OperatorRecord, _ now: Moment
  ) async throws -> Refusal {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: person == nil ? "card.stocked" : "card.enrolled",
      outcome: .refused)
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
    let change = ChangeCardState(
      card: id, state: next, reason: reason, by: acting.id, day: services.local(now).day, now: now)
    return try answer(try await services.recorder.commit(change, now: now), cause: "card" + next.rawValue.capitalized)
  }

  /// Tells the workstations whose sessions went with the card.
  func answer(_ outcome: ChangeCardState.Outcome, cause: String) throws -> CardStateChanged {
    switch outcome {
    case .changed(let card, let sessions):
      lock(sessions, cause: cause)
      return CardStateChanged(card: Self.summary(card), sessionsLocked: sessions.count)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    case .unknown: throw HTTPFault.notFound
    }
  }

  func lock(_ sessions: [SessionRecord], cause: String) {
    for session in sessions {
      services.watch.tell(session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: cause))
    }
  }

  func list(person: PersonID) async throws -> [CardSummary] {
    try await services.store.read { (state) throws(StorageFault) -> [RegisteredCard] in try state.cards(of: person) }
      .map(Self.summary)
  }

  static func summary(_ card: RegisteredCard) -> CardSummary {
    CardSummary(
      card: card.id.text, person: card.person?.text, state: card.state.rawValue, guid: card.guid?.hex,
      keys: card.keys.map {
        CardKeySummary(
          slot: $0.slot, proofClass: $0.provenClass.name, key: $0.fingerprint.hex, enrolledBy: $0.enrolledBy.text)
      }, isStock: card.isStock, lentUntil: card.lentUntil.map(DatedAccess.text), awaitsPIN: card.awaitsPIN ? true : nil)
  }
}

extension CardTrust.Use {
  init(slot: String) {
    self =
      switch slot {
      case "9e": .cardAuthentication
      case CertificateCard.slot: .certificateCard
      default: .authentication
      }
  }
}

/// Nonces a desk asked for: single use, five minutes, bounded.
final class EnrolmentChallenges: Sendable {
  /// What the card is to be; a nonce for one is none for another.
  enum Purpose: Hashable, Sendable {
    case person(PersonID)
    case stock
    case found(CardID)
  }

  private let open = Mutex<[[UInt8]: (purpose: Purpose, since: Moment)]>([:])

  func remember(_ nonce: [UInt8], for purpose: Purpose, now: Moment) {
    open.withLock { open in
      open = open.filter { now.milliseconds(since: $0.value.since) < 300_000 }
      if open.count < 1_000 { open[nonce] = (purpose, now) }
    }
  }

  func redeem(_ nonce: [UInt8], for purpose: Purpose, now: Moment) -> Bool {
    open.withLock { open in
      guard let found = open.removeValue(forKey: nonce) else { return false }
      return found.purpose == purpose && now.milliseconds(since: found.since) < 300_000
    }
  }
}
