import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Registers one key on a card of one person, or of the stock: on the card with the same GUID, on the card the desk named, or
/// on a new one.
///
/// The GUID is what the desk read and not proven by the card, so it only groups keys of one person: it never moves a key to
/// somebody else, or between people and the stock; and a card that is not active, or lent, never gains one.
///
/// A key that a list announced is its person's alone, and is announced no more from here on: a key that is replaced later stays
/// away.
struct RegisterKey: Change {
  enum Outcome: Sendable {
    case registered(RegisteredCard)
    case refused(DenialCode)
    case personUnknown
  }

  let key: RegisteredKey
  /// `nil`: into the stock.
  let person: PersonID?
  let guid: CardGUID?
  /// A card that is registered already.
  let named: CardID?
  /// The id of a new card, if it becomes one.
  let newCard: CardID
  let segment: Segment
  let now: Moment
  /// `LocalTime.day`, by the later of clock and log.
  let day: Int
  /// For the row: what is not known of the card.
  var remark = ""

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: person == nil ? "card.stocked" : "card.enrolled",
      outcome: .done)
    record.person = person
    record.segment = segment
    record.proofClass = key.provenClass
    record.operatorID = key.enrolledBy
    record.note = "key \(key.fingerprint.hex.prefix(16)) slot \(key.slot), GUID \(guid?.hex ?? "none")"
    if !remark.isEmpty { record.note += "; \(remark)" }
    if let person, try state.person(person) == nil {
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
    if let expected = try state.expectedCard(key: key.fingerprint), day <= expected.lastDay, expected.person != person {
      return refuse(.keyRegistered, nil, "a list says that the key is \(expected.person)'s")
    }
    let same = try guid.map { (guid) throws(StorageFault) in try state.card(guid: guid) } ?? nil
    if let same, !isOurs(same) {
      return refuse(.cardOfOtherPerson, same.id, "the GUID is of a card of \(same.person?.text ?? "the stock")")
    }
    var card: RegisteredCard
    if let named {
      guard let found = try state.card(named), isOurs(found), same == nil || same?.id == named,
        found.guid == nil || found.guid == guid
      else { return refuse(.cardNotTheNamed, named, "not the card that was named") }
      card = found
    } else {
      card =
        same ?? RegisteredCard(id: newCard, person: person, guid: guid, state: .active, keys: [], isStock: person == nil)
    }
    if let (code, word) = card.state.denial { return refuse(code, card.id, "a card that is \(word) gains no key") }
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
    _ = try state.removeExpectedCard(key.fingerprint)
    return (.registered(card), record)
  }

  /// The person's own, or of the stock and lent to nobody.
  private func isOurs(_ card: RegisteredCard) -> Bool { card.person == person && card.isStock == (person == nil) }
}
