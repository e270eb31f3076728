import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What happened to a card, with all its keys. A card that is not active takes the sessions opened with it along.
struct ChangeCardState: Change {
  enum Outcome: Sendable {
    case changed(RegisteredCard, withdrawn: [SessionRecord])
    case refused(DenialCode)
    case unknown
  }

  let card: CardID
  let state: CardState
  let reason: Remark
  let by: OperatorID
  /// Today (`LocalTime.day`), by the later of clock and log.
  let day: Int
  let now: Moment

  func apply(to transaction: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = CardRow.record("card.\(state.rawValue)", card, by: by, reason, now)
    guard var found = try transaction.card(card) else {
      record.outcome = .refused
      return (.unknown, record)
    }
    record.person = found.person
    if let (code, note) = try refusal(of: found, in: transaction) {
      CardRow.refuse(&record, code, note)
      return (.refused(code), record)
    }
    let holder = found.person
    found.state = state
    if found.isStock, state == .collected || state == .destroyed {
      (found.person, found.lentUntil, found.awaitsPIN) = (nil, nil, false)
    }
    try transaction.put(found)
    let withdrawn = state == .active ? [] : try transaction.withdrawSessions(of: holder, openedWith: card)
    record.count = Int64(found.keys.count + withdrawn.count)
    record.note = "keys \(found.keys.count), sessions \(withdrawn.count)" + (reason.text.isEmpty ? "" : "; \(reason.text)")
    return (.changed(found, withdrawn: withdrawn), record)
  }

  /// Why the card cannot become that; `nil` if it can. What takes rights away is refused only where it would undo a stronger state.
  private func refusal(
    of found: RegisteredCard, in transaction: some StateReader
  ) throws(StorageFault) -> (DenialCode, String)? {
    // Said twice is still said: a loss is reported by telephone and again in writing.
    if found.state == state, state != .collected, state != .destroyed { return nil }
    let standing = found.state.denial.map { ($0.code, "the card is \($0.note)") }
    switch state {
    case .active: return found.state.isRestorable ? nil : standing
    // A forgotten card that is suspended could be restored without being shown.
    case .suspended: return standing
    case .forgotten:
      if let standing { return standing }
      return found.canBeFound ? nil : (.cardStepImpossible, "of the stock, or without a key that asks its PIN")
    case .lost, .revoked: return found.state.isFinal ? standing : nil
    case .collected, .destroyed:
      switch found.state {
      case .destroyed: return standing
      case .collected: return state == .destroyed ? nil : standing
      case .lost, .revoked: return nil
      case .active, .suspended, .forgotten:
        if found.isStock { return found.person == nil ? nil : (.cardStepImpossible, "lent: it is returned first") }
        return try transaction.leaving(found.person, on: day) == nil
          ? (.cardStepImpossible, "of somebody who stays: it is revoked first") : nil
      }
    }
  }
}

extension RegisteredCard {
  /// Whether it could come back from being forgotten: a person's own, with a key that was seen to ask its PIN.
  var canBeFound: Bool { !isStock && keys.contains { $0.slot == "9a" && $0.provenClass == .publicKeyWithPIN } }
}

/// Rows of a card's life.
enum CardRow {
  static func record(
    _ action: String, _ card: CardID?, by acting: OperatorID, _ reason: Remark, _ now: Moment
  ) -> AuditRecord {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: action, outcome: .done)
    record.card = card
    record.operatorID = acting
    record.note = reason.text
    return record
  }

  /// - Parameter note: why; what the operator wrote follows it.
  static func refuse(_ record: inout AuditRecord, _ code: DenialCode, _ note: String) {
    record.outcome = .refused
    record.code = code
    record.note = record.note.isEmpty ? note : "\(note); \(record.note)"
  }
}

extension StateReader {
  /// Whether this person's cards are to be got back: not registered any more, disabled, or the last day is today or over.
  func leaving(_ person: PersonID?, on day: Int) throws(StorageFault) -> CardToCollect.Why? {
    guard let person, let found = try self.person(person), found.isEnabled else { return .left }
    guard let last = found.lastDay, last <= day else { return nil }
    return last == day ? .lastDay : .left
  }
}

extension StateTransaction {
  /// Withdraws what this person has open with this card.
  mutating func withdrawSessions(
    of person: PersonID?, openedWith card: CardID
  ) throws(StorageFault) -> [SessionRecord] {
    guard let person else { return [] }
    var withdrawn: [SessionRecord] = []
    for session in try liveSessions(of: person) where session.card == card { withdrawn.append(try withdraw(session)) }
    return withdrawn
  }

  /// Pauses what this person could log on with instead of a loan: forgotten, and where a card has no key to come back with,
  /// suspended. Each has a row of its own.
  mutating func pauseOwnCards(
    of person: PersonID, _ reason: Remark, by acting: OperatorID, at now: Moment
  ) throws(StorageFault) -> (cards: [RegisteredCard], withdrawn: [SessionRecord]) {
    var (paused, all): ([RegisteredCard], [SessionRecord]) = ([], [])
    for card in try ownCards(of: person) where card.state == .active {
      var card = card
      card.state = card.canBeFound ? .forgotten : .suspended
      try put(card)
      let withdrawn = try withdrawSessions(of: person, openedWith: card.id)
      var record = CardRow.record("card.\(card.state.rawValue)", card.id, by: acting, reason, now)
      record.person = person
      record.count = Int64(card.keys.count + withdrawn.count)
      record.note =
        "keys \(card.keys.count), sessions \(withdrawn.count)" + (reason.text.isEmpty ? "" : "; \(reason.text)")
      try append(record)
      paused.append(card)
      all += withdrawn
    }
    return (paused, all)
  }
}
