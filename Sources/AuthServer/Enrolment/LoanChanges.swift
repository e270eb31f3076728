import AuditLog
import AuthPolicy
import AuthTerms
import Storage

/// Lends a card of the stock, and pauses the person's own cards: one transaction.
struct LendCard: Change {
  enum Outcome: Sendable {
    case lent(RegisteredCard, paused: [RegisteredCard], withdrawn: [SessionRecord])
    case refused(DenialCode)
    /// The card, or the person, is not there.
    case unknown
  }

  let card: CardID
  let person: PersonID
  /// The last day of the loan.
  let until: Int
  /// Today, by the later of clock and log.
  let day: Int
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = CardRow.record("card.lent", card, by: by, reason, now)
    record.person = person
    guard var found = try state.card(card), let holder = try state.person(person) else {
      record.outcome = .refused
      record.note = "no such card or person; \(record.note)"
      return (.unknown, record)
    }
    if let (code, note) = try refusal(of: found, to: holder, in: state) {
      CardRow.refuse(&record, code, note)
      return (.refused(code), record)
    }
    (found.person, found.lentUntil) = (person, until)
    // Who had the card before knows its PIN, and so does whoever took it into the stock.
    found.awaitsPIN = found.keys.contains { $0.slot == "9a" }
    try state.put(found)
    // What the former holder failed at is not this one's.
    try state.setThrottle(nil, for: .card(card))
    let (paused, withdrawn) = try state.pauseOwnCards(of: person, reason, by: by, at: now)
    record.count = Int64(1 + paused.count)
    let names = paused.isEmpty ? "no own card paused" : "paused: " + paused.map(\.id.text).joined(separator: ", ")
    record.note = "until \(DatedAccess.text(ofDay: until)); \(names)" + (reason.text.isEmpty ? "" : "; \(reason.text)")
    return (.lent(found, paused: paused, withdrawn: withdrawn), record)
  }

  private func refusal(
    of found: RegisteredCard, to holder: Person, in state: some StateReader
  ) throws(StorageFault) -> (DenialCode, String)? {
    guard found.isStock else { return (.cardStepImpossible, "not of the stock") }
    if let (code, word) = found.state.denial { return (code, "the card is \(word)") }
    if let other = found.person { return (.cardStepImpossible, "lent to \(other): it is returned first") }
    guard holder.isEnabled else { return (.accountDisabled, "the person is disabled") }
    if let last = holder.lastDay, last < day { return (.accountOutsideDates, "the person's last day is over") }
    if let other = try state.cards(of: person).first(where: { $0.isStock && !$0.state.isFinal }) {
      return (.cardStepImpossible, "the person has \(other.id) of the stock: it is returned first")
    }
    return nil
  }
}

/// Takes back what was lent; what is open with it locks.
struct ReturnCard: Change {
  let card: CardID
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (ChangeCardState.Outcome, AuditRecord) {
    var record = CardRow.record("card.returned", card, by: by, reason, now)
    guard var found = try state.card(card) else {
      record.outcome = .refused
      return (.unknown, record)
    }
    record.person = found.person
    // One that was lost or revoked goes to the shredder, and never back into the box.
    if found.state.isFinal, let (code, word) = found.state.denial {
      CardRow.refuse(&record, code, "the card is \(word)")
      return (.refused(code), record)
    }
    guard found.isStock, let holder = found.person, let until = found.lentUntil else {
      CardRow.refuse(&record, .cardStepImpossible, "not lent")
      return (.refused(.cardStepImpossible), record)
    }
    (found.person, found.lentUntil, found.awaitsPIN) = (nil, nil, false)
    try state.put(found)
    let withdrawn = try state.withdrawSessions(of: holder, openedWith: card)
    record.count = Int64(1 + withdrawn.count)
    record.note =
      "lent until \(DatedAccess.text(ofDay: until)); sessions \(withdrawn.count)"
      + (reason.text.isEmpty ? "" : "; \(reason.text)")
    return (.changed(found, withdrawn: withdrawn), record)
  }
}

/// Pauses the cards of somebody who has left them at home.
struct ForgetCards: Change {
  enum Outcome: Sendable {
    case paused([RegisteredCard], withdrawn: [SessionRecord])
    case refused(DenialCode)
    case personUnknown
  }

  let person: PersonID
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = CardRow.record("cards.forgotten", nil, by: by, reason, now)
    record.person = person
    guard try state.person(person) != nil else {
      record.outcome = .refused
      return (.personUnknown, record)
    }
    let (paused, withdrawn) = try state.pauseOwnCards(of: person, reason, by: by, at: now)
    guard !paused.isEmpty else {
      CardRow.refuse(&record, .cardStepImpossible, "no active card")
      return (.refused(.cardStepImpossible), record)
    }
    record.count = Int64(paused.count)
    record.note = "paused: " + paused.map(\.id.text).joined(separator: ", ")
    return (.paused(paused, withdrawn: withdrawn), record)
  }
}

/// Brings a forgotten card back: it was shown at a desk, and its key has signed behind its PIN.
struct FindCard: Change {
  enum Outcome: Sendable {
    case found(RegisteredCard, stillLent: [RegisteredCard])
    case refused(DenialCode)
    case unknown
  }

  let card: CardID
  /// What the card has proven; `nil`: nothing, and why.
  let proof: Result<KeyFingerprint, CeremonyService.CardRefusal>
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = CardRow.record("card.found", card, by: by, reason, now)
    guard var found = try state.card(card) else {
      record.outcome = .refused
      return (.unknown, record)
    }
    record.person = found.person
    func refuse(_ code: DenialCode, _ note: String) -> (Outcome, AuditRecord) {
      CardRow.refuse(&record, code, note)
      return (.refused(code), record)
    }
    guard found.state == .forgotten, !found.isStock, let person = found.person else {
      let standing = found.state.denial
      return refuse(standing?.code ?? .cardStepImpossible, "the card is \(standing?.note ?? "active")")
    }
    let print: KeyFingerprint
    switch proof {
    case .success(let key): print = key
    case .failure(let failure): return refuse(failure.code, failure.note)
    }
    guard let key = found.key(print), key.slot == "9a" else {
      return refuse(.cardNotTheNamed, "the key that signed is not of this card")
    }
    guard key.provenClass == .publicKeyWithPIN else { return refuse(.proofBelowFloor, "nobody has seen this key ask its PIN") }
    found.state = .active
    try state.put(found)
    record.proofClass = .publicKeyWithPIN
    let lent = try state.cards(of: person).filter(\.isStock)
    if !lent.isEmpty {
      record.note =
        "still lent: " + lent.map(\.id.text).joined(separator: ", ") + (record.note.isEmpty ? "" : "; \(record.note)")
    }
    return (.found(found, stillLent: lent), record)
  }
}
