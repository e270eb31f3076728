import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage

/// Rows about new PINs that a desk sets with a card's PUK. The card decides and no PIN or PUK comes here; what is kept is the
/// desk's word: who, which card of whom, why, and what the card said.
struct PINResetDesk: Sendable {
  let services: Services

  /// The row stands before the card is asked for anything, so that no reset is without one.
  func begin(_ message: PINResetBegin, by acting: OperatorRecord) async throws -> PINResetBegun {
    guard (1...2).contains(message.keys.count) else { throw HTTPFault.malformed(.value) }
    let keys = try message.keys.map { try KeyFingerprint(parsing: Array($0)) }
    let now = services.surroundings.now()
    let change = BeginPINReset(keys: keys, reason: try Self.reason(message.reason), by: acting.id, now: now)
    switch try await services.recorder.commit(change, now: now) {
    case .begun(let card, let displayName): return PINResetBegun(card: CardDesk.summary(card), displayName: displayName)
    case .refused(let code): throw HTTPFault.conflictBecause(code)
    }
  }

  func end(_ card: CardID, _ message: PINResetEnd, by acting: OperatorRecord) async throws -> CardSummary {
    guard message.code.map(PINResetEnd.codes.contains) ?? true, message.isDone == (message.code == nil),
      message.triesLeft.map((0...15).contains) ?? true
    else { throw HTTPFault.malformed(.value) }
    let now = services.surroundings.now()
    let change = EndPINReset(
      card: card, code: message.code, triesLeft: message.triesLeft, reason: try Self.reason(message.reason), by: acting.id,
      now: now)
    guard let card = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    return CardDesk.summary(card)
  }

  /// A new PIN is a new key to somebody's sessions: nobody sets one without saying why.
  private static func reason(_ text: String) throws -> Remark {
    let reason = try Remark(parsing: text)
    guard reason.text.contains(where: { !$0.isWhitespace }) else { throw HTTPFault.malformed(.value) }
    return reason
  }
}

/// Finds the registered card by the keys on the plastic, and records what is about to be done.
struct BeginPINReset: Change {
  enum Outcome: Sendable {
    case begun(RegisteredCard, displayName: String)
    case refused(DenialCode)
  }

  let keys: [KeyFingerprint]
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "card.pinResetBegun", outcome: .done)
    record.operatorID = by
    record.note = reason.text
    func refuse(_ code: DenialCode) -> (Outcome, AuditRecord) {
      record.outcome = .refused
      record.code = code
      return (.refused(code), record)
    }
    var found: RegisteredCard?
    for key in keys {
      guard let card = try state.card(key: key) else { continue }
      // Keys of two registered cards on one piece of plastic: it is not known whose PIN that would be.
      guard found == nil || found?.id == card.id else { return refuse(.cardNotRegistered) }
      found = card
    }
    guard let found else { return refuse(.cardNotRegistered) }
    record.card = found.id
    record.person = found.person
    // A new PIN would make a found card good for whoever found it.
    if let denial = found.state.denial { return refuse(denial.code) }
    // A card of the stock has a holder while it is lent.
    guard let holder = found.person, let person = try state.person(holder) else { return refuse(.cardNotRegistered) }
    return (.begun(found, displayName: person.displayName), record)
  }
}

/// What the desk says came of it. A card that is lent can be used from then on.
struct EndPINReset: Change {
  let card: CardID
  /// Why not; nil: the card has the new PIN.
  let code: String?
  let triesLeft: Int?
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (RegisteredCard?, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "card.pinReset", outcome: code == nil ? .done : .refused)
    record.card = card
    record.operatorID = by
    record.note = (code.map { $0 + (triesLeft.map { ", tries left \($0)" } ?? "") + "; " } ?? "") + reason.text
    guard var found = try state.card(card) else {
      record.outcome = .refused
      return (nil, record)
    }
    record.person = found.person
    guard code == nil, found.awaitsPIN else { return (found, record) }
    guard try isOfThisLoan(state) else {
      record.note += "; not begun since the card was lent: it cannot be used yet"
      return (found, record)
    }
    found.awaitsPIN = false
    try state.put(found)
    return (found, record)
  }

  /// A PIN that was begun for who had the card before is not this holder's.
  private func isOfThisLoan(_ state: some StateReader) throws(StorageFault) -> Bool {
    let acts = try state.cardRows(of: card, limit: 1000).filter { $0.record.outcome == .done }
    guard let lent = acts.last(where: { $0.record.action == "card.lent" }),
      let begun = acts.last(where: { $0.record.action == "card.pinResetBegun" })
    else { return false }
    return begun.sequence > lent.sequence
  }
}
