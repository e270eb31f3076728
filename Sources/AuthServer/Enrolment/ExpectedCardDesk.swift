import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage
import Synchronization

/// Takes lists of certificates from the issuer of cards. A certificate is public: it binds a key and, by the list, a person, and
/// shows nothing of a card. So it is only kept what to expect; the card counts from the first logon in which its key has signed.
struct ExpectedCardDesk: Sendable {
  let services: Services

  /// Each line is a change of its own: a wrong one leaves the others as they are.
  func take(_ message: ExpectedCardImport, by acting: OperatorRecord) async throws -> ExpectedCardsTaken {
    guard (1...ExpectedCardImport.mostLines).contains(message.lines.count) else { throw HTTPFault.malformed(.value) }
    let segment = try Segment(parsing: message.segment)
    let now = services.surroundings.now()
    guard segment != .mynumber, services.instance.segments.contains(segment), let trust = services.trust.trust(segment) else {
      if !message.isDryRun {
        try await refuse(.certificateNotTaken, "no certificates are taken for \(segment)", nil, segment, acting, now)
      }
      throw Refusal(.certificateNotTaken, reference: nil, isToldWhole: true)
    }
    var outcomes: [ExpectedCardLineOutcome] = []
    for line in message.lines {
      outcomes.append(try await take(line, segment, trust, message.isDryRun, acting))
    }
    if !message.isDryRun { services.expectedCards.heard() }
    return ExpectedCardsTaken(lines: outcomes)
  }

  private func take(
    _ line: ExpectedCardLine, _ segment: Segment, _ trust: CardTrust, _ isDryRun: Bool, _ acting: OperatorRecord
  ) async throws -> ExpectedCardLineOutcome {
    let now = services.surroundings.now()
    guard let person = try? PersonID(parsing: line.person) else {
      return ExpectedCardLineOutcome(line: line.line, outcome: "personUnknown")
    }
    let validated: ValidatedCardCertificate
    switch trust.validate(Array(line.certificate), at: services.clockFloor.later(of: now), for: .authentication) {
    case .valid(let certificate): validated = certificate
    case .refused(let code, let note):
      if !isDryRun { try await refuse(code, note, person, segment, acting, now) }
      return ExpectedCardLineOutcome(line: line.line, outcome: "refused", code: code.rawValue)
    }
    let day = services.local(now).day
    let card = ExpectedCard(
      key: validated.key, person: person, segment: segment, importedBy: acting.id, importedAt: now,
      lastDay: day + ExpectedCardImport.days)
    let change = ExpectCard(card: card, now: now, day: day)
    let outcome: ExpectCard.Outcome =
      if isDryRun {
        try await services.store.read { (state) throws(StorageFault) -> ExpectCard.Outcome in try change.verdict(in: state) }
      } else {
        try await services.recorder.commit(change, now: now)
      }
    switch outcome {
    case .expected:
      return ExpectedCardLineOutcome(line: line.line, outcome: isDryRun ? "expectable" : "expected")
    case .already: return ExpectedCardLineOutcome(line: line.line, outcome: "already")
    case .personUnknown: return ExpectedCardLineOutcome(line: line.line, outcome: "personUnknown")
    case .refused(let code): return ExpectedCardLineOutcome(line: line.line, outcome: "refused", code: code.rawValue)
    }
  }

  func list(person: PersonID?) async throws -> ExpectedCardsShown {
    let day = services.local(services.surroundings.now()).day
    let all = try await services.store.read { (state) throws(StorageFault) -> [ExpectedCard] in
      try state.expectedCards(limit: 20_000)
    }
    let shown = all.filter { day <= $0.lastDay && (person == nil || $0.person == person) }
    return ExpectedCardsShown(
      cards: shown.prefix(ExpectedCardsShown.most).map {
        ExpectedCardSummary(
          person: $0.person.text, segment: $0.segment.name, key: $0.key.hex, until: DatedAccess.text(ofDay: $0.lastDay),
          importedBy: $0.importedBy.text)
      }, more: max(0, shown.count - ExpectedCardsShown.most))
  }

  /// - Throws: not found, if no such card is expected.
  func withdraw(_ message: ExpectedCardWithdrawal, by acting: OperatorRecord) async throws {
    let now = services.surroundings.now()
    let change = WithdrawExpectedCard(key: try KeyFingerprint(hex: message.key), by: acting.id, now: now)
    guard try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
  }

  private func refuse(
    _ code: DenialCode, _ note: String, _ person: PersonID?, _ segment: Segment, _ acting: OperatorRecord, _ now: Moment
  ) async throws {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: ExpectCard.action, outcome: .refused)
    record.person = person
    record.segment = segment
    record.operatorID = acting.id
    record.code = code
    record.note = note
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }
}

/// Whether anything may be expected at all, so that a logon with an unknown card asks the database only then.
final class ExpectedCardsHint: Sendable {
  private struct State {
    var mayBe = true
    /// How often something was announced: a look that began before does not say that nothing is there.
    var heard = 0
  }

  private let state = Mutex(State())

  /// - Returns: `nil`: nothing is expected.
  var generation: Int? { state.withLock { $0.mayBe ? $0.heard : nil } }

  func heard() {
    state.withLock { state in
      state.heard += 1
      state.mayBe = true
    }
  }

  /// Nothing was there.
  func sawNothing(since generation: Int) { state.withLock { if $0.heard == generation { $0.mayBe = false } } }
}

/// A list announces a card.
struct ExpectCard: Change {
  enum Outcome: Sendable {
    case expected
    case already
    case personUnknown
    case refused(DenialCode)
  }

  static let action = "card.expected"

  let card: ExpectedCard
  let now: Moment
  /// `LocalTime.day`, by the later of clock and log.
  let day: Int

  func verdict(in state: some StateReader) throws(StorageFault) -> Outcome {
    guard let person = try state.person(card.person) else { return .personUnknown }
    if let owner = try state.card(key: card.key) {
      return owner.person == person.id && !owner.isStock ? .already : .refused(.keyRegistered)
    }
    // After its last day it is waited for no more, whoever's it was.
    guard let former = try state.expectedCard(key: card.key), day <= former.lastDay else { return .expected }
    guard former.person == person.id else { return .refused(.keyRegistered) }
    // Waited for longer, or in another segment: the newer list counts.
    return former.segment == card.segment && former.lastDay == card.lastDay ? .already : .expected
  }

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: Self.action, outcome: .done)
    record.segment = card.segment
    record.operatorID = card.importedBy
    record.note = "key \(card.key.hex.prefix(16)) until \(DatedAccess.text(ofDay: card.lastDay))"
    let outcome = try verdict(in: state)
    switch outcome {
    case .expected:
      record.person = card.person
      try state.put(card)
    case .already:
      record.person = card.person
      record.note += "; already"
    case .personUnknown:
      record.outcome = .refused
      record.note += "; person unknown"
    case .refused(let code):
      record.person = card.person
      record.outcome = .refused
      record.code = code
    }
    return (outcome, record)
  }
}

/// A card is waited for no more; the outcome is whether it was.
struct WithdrawExpectedCard: Change {
  let key: KeyFingerprint
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Bool, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "card.notExpected", outcome: .refused)
    record.operatorID = by
    record.note = "key \(key.hex.prefix(16))"
    guard let expected = try state.expectedCard(key: key) else { return (false, record) }
    record.person = expected.person
    record.segment = expected.segment
    _ = try state.removeExpectedCard(key)
    record.outcome = .done
    return (true, record)
  }
}
