import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage
import Synchronization

/// Registers a card for a person by its key, and withdraws it.
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
    let validated: ValidatedCardCertificate
    switch trust.validate(Array(enrolment.certificate), at: now.wallMilliseconds) {
    case .valid(let certificate): validated = certificate
    case .refused(let code, let note): throw try await refuse(code, note, enrolment, person, segment, acting, now)
    }
    let preimage = EnrolmentPreimage(nonce: Array(enrolment.nonce), person: person.text, slot: enrolment.slot)
    guard
      validated.verify(
        signature: Array(enrolment.signature), algorithm: enrolment.algorithm, over: preimage.canonicalBytes)
    else {
      throw try await refuse(.proofSignatureWrong, "not over this enrolment", enrolment, person, segment, acting, now)
    }
    // 9E signs without a PIN (SP 800-73-5); 9A is pk-pin only if the desk saw the card refuse without one.
    let isGuarded = enrolment.slot == "9a" && enrolment.refusedWithoutPIN
    let card = RegisteredCard(
      id: services.surroundings.identifier("card"), person: person, key: validated.key, profile: enrolment.profile,
      slot: enrolment.slot, provenClass: isGuarded ? .publicKeyWithPIN : .publicKey, state: .active,
      enrolledBy: acting.id, enrolledAt: now)
    let change = RegisterCard(card: card, segment: segment, now: now)
    guard let written = try await services.recorder.commit(change, now: now) else { throw HTTPFault.conflict }
    return Self.summary(written)
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
    guard let next = CardState(rawValue: wish.state), wish.reason.utf8.count <= 500 else { throw HTTPFault.malformed(.value) }
    let now = services.surroundings.now()
    let change = ChangeCardState(card: id, state: next, reason: wish.reason, by: acting.id, now: now)
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
      card: card.id.text, person: card.person.text, slot: card.slot, proofClass: card.provenClass.name,
      state: card.state.rawValue, enrolledBy: card.enrolledBy.text)
  }
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

struct RegisterCard: Change {
  let card: RegisteredCard
  let segment: Segment
  let now: Moment

  /// `nil`: the person is unknown, or the key belongs to a registered card already.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (RegisteredCard?, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "card.enrolled", outcome: .done)
    record.person = card.person
    record.card = card.id
    record.segment = segment
    record.proofClass = card.provenClass
    record.operatorID = card.enrolledBy
    record.note = "key \(card.key.hex.prefix(16)) slot \(card.slot)"
    guard try state.person(card.person) != nil, try state.card(key: card.key) == nil else {
      record.outcome = .refused
      record.note += "; person unknown or key registered already"
      return (nil, record)
    }
    try state.put(card)
    return (card, record)
  }
}

/// Loss, suspension, return of a card. A card that is not active takes its person's sessions opened with it along.
struct ChangeCardState: Change {
  let card: CardID
  let state: CardState
  let reason: String
  let by: OperatorID
  let now: Moment

  func apply(
    to transaction: inout some StateTransaction
  ) throws(StorageFault) -> ((RegisteredCard, [SessionRecord])?, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "card.\(state.rawValue)", outcome: .done)
    record.card = card
    record.operatorID = by
    record.note = reason
    guard var found = try transaction.card(card) else {
      record.outcome = .refused
      return (nil, record)
    }
    record.person = found.person
    found.state = state
    try transaction.put(found)
    var withdrawn: [SessionRecord] = []
    if state != .active {
      for var session in try transaction.liveSessions(of: found.person) where session.card == card {
        session.phase = .locked
        session.isRevoked = true
        try transaction.put(session)
        withdrawn.append(session)
      }
    }
    record.count = Int64(1 + withdrawn.count)
    return ((found, withdrawn), record)
  }
}
