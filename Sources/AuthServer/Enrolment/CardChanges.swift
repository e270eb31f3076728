import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Registers one key on a card of one person: on the card with the same GUID, on the card the desk named, or on a new one.
///
/// The GUID is what the desk read and not proven by the card, so it only groups keys of one person: it never moves a key to
/// somebody else, and a card that is not active never gains one.
struct RegisterKey: Change {
  enum Outcome: Sendable {
    case registered(RegisteredCard)
    case refused(DenialCode)
    case personUnknown
  }

  let key: RegisteredKey
  let person: PersonID
  let guid: CardGUID?
  /// A card that is registered already.
  let named: CardID?
  /// The id of a new card, if it becomes one.
  let newCard: CardID
  let segment: Segment
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "card.enrolled", outcome: .done)
    record.person = person
    record.segment = segment
    record.proofClass = key.provenClass
    record.operatorID = key.enrolledBy
    record.note = "key \(key.fingerprint.hex.prefix(16)) slot \(key.slot), GUID \(guid?.hex ?? "none")"
    guard try state.person(person) != nil else {
      record.outcome = .refused
      record.note += "; person unknown"
      return (.personUnknown, record)
    }
    func refuse(_ code: DenialCode, _ card: CardID?, _ note: String) -> (Outcome, AuditRecord) {
      record.outcome = .refused
      record.code = code
      record.card = card
      record.note += "; \(note)"
      return (.refused(code), record)
    }
    if let owner = try state.card(key: key.fingerprint) { return refuse(.keyRegistered, owner.id, "key registered already") }
    let same = try guid.map { (guid) throws(StorageFault) in try state.card(guid: guid) } ?? nil
    if let same, same.person != person {
      return refuse(.cardOfOtherPerson, same.id, "the GUID is of a card of \(same.person)")
    }
    var card: RegisteredCard
    if let named {
      guard let found = try state.card(named), found.person == person, same == nil || same?.id == named,
        found.guid == nil || found.guid == guid
      else { return refuse(.cardNotTheNamed, named, "not the card that was named") }
      card = found
    } else {
      card = same ?? RegisteredCard(id: newCard, person: person, guid: guid, state: .active, keys: [])
    }
    switch card.state {
    case .active: break
    case .lost: return refuse(.cardLost, card.id, "a lost card gains no key")
    case .suspended: return refuse(.cardSuspended, card.id, "a suspended card gains no key")
    }
    if let former = card.keys.firstIndex(where: { $0.slot == key.slot }) {
      // Same GUID, same slot, other key: the card got a new key, and the old one is gone from it. Without a GUID it may as well
      // be another card.
      guard same != nil else { return refuse(.cardNotTheNamed, card.id, "the slot has a key, and no GUID tells the card") }
      record.note += "; replaces key \(card.keys[former].fingerprint.hex.prefix(16))"
      card.keys.remove(at: former)
    }
    card.guid = card.guid ?? guid
    card.keys.append(key)
    card.keys.sort { $0.slot < $1.slot }
    record.card = card.id
    record.note += "; keys on the card: \(card.keys.count)"
    try state.put(card)
    return (.registered(card), record)
  }
}

/// Loss, suspension, return of a card, with all its keys. A card that is not active takes the sessions opened with it along.
struct ChangeCardState: Change {
  let card: CardID
  let state: CardState
  let reason: Remark
  let by: OperatorID
  let now: Moment

  func apply(
    to transaction: inout some StateTransaction
  ) throws(StorageFault) -> ((RegisteredCard, [SessionRecord])?, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "card.\(state.rawValue)", outcome: .done)
    record.card = card
    record.operatorID = by
    record.note = reason.text
    guard var found = try transaction.card(card) else {
      record.outcome = .refused
      return (nil, record)
    }
    record.person = found.person
    found.state = state
    try transaction.put(found)
    var withdrawn: [SessionRecord] = []
    if state != .active {
      for session in try transaction.liveSessions(of: found.person) where session.card == card {
        withdrawn.append(try transaction.withdraw(session))
      }
    }
    record.count = Int64(found.keys.count + withdrawn.count)
    record.note = "keys \(found.keys.count), sessions \(withdrawn.count)" + (reason.text.isEmpty ? "" : "; \(reason.text)")
    return ((found, withdrawn), record)
  }
}
