import AuditLog
import AuthPolicy
import AuthTerms
import Storage

/// A card that a list announced signs for the first time.
extension CeremonyService {
  /// Its certificate led to an anchor of this segment a moment ago, and its key signed this ceremony: that is what was missing.
  /// From here on it is a card like others, and the ceremony goes on with it. Whatever does not fit is left to the decision, which
  /// knows no such card (AP102).
  func welcome(_ shown: VerifiedCard, at workstation: WorkstationRecord, _ now: Moment) async throws {
    guard let generation = services.expectedCards.generation, shown.slot == "9a" else { return }
    let (isExpected, isAnything) = try await services.store.lookUp { (state) throws(StorageFault) -> (Bool, Bool) in
      if try state.expectedCard(key: shown.key) != nil { return (true, true) }
      return (false, try !state.expectedCards(limit: 1).isEmpty)
    }
    if !isAnything { services.expectedCards.sawNothing(since: generation) }
    guard isExpected else { return }
    try await services.recorder.commit(
      WelcomeExpectedCard(
        key: shown.key, slot: shown.slot, workstation: workstation, newCard: services.surroundings.identifier("card"), now: now,
        day: services.local(now).day, policyVersion: services.policy.policy.version), now: now)
  }
}

/// The expected card becomes its person's, or a row says why not.
struct WelcomeExpectedCard: Change {
  let key: KeyFingerprint
  let slot: String
  let workstation: WorkstationRecord
  let newCard: CardID
  let now: Moment
  /// `LocalTime.day`, by the later of clock and log.
  let day: Int
  let policyVersion: PolicyVersion

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "card.enrolled", outcome: .refused)
    record.workstation = workstation.id
    record.segment = workstation.segment
    record.policyVersion = policyVersion
    record.code = .cardNotRegistered
    func no(_ note: String) -> (Void, AuditRecord) {
      record.note = "key \(key.hex.prefix(16)) of a list: \(note)"
      return ((), record)
    }
    guard let expected = try state.expectedCard(key: key) else { return no("expected no more") }
    record.person = expected.person
    guard expected.segment == workstation.segment else { return no("expected in \(expected.segment)") }
    guard day <= expected.lastDay else {
      _ = try state.removeExpectedCard(key)
      return no("its last day is over")
    }
    guard let person = try state.person(expected.person), person.isEnabled else { return no("the person is not in force") }
    // What a logon cannot show is not believed of a list: nobody has seen this key refuse without its PIN.
    let registered = RegisteredKey(
      fingerprint: key, profile: "piv", slot: slot, provenClass: .publicKey, enrolledBy: expected.importedBy, enrolledAt: now)
    let change = RegisterKey(
      key: registered, person: person.id, guid: nil, named: nil, newCard: newCard, segment: workstation.segment, now: now,
      day: day)
    let (_, told) = try change.apply(to: &state)
    record = told
    record.workstation = workstation.id
    record.policyVersion = policyVersion
    record.note += "; first shown at \(workstation.id), announced by a list of \(expected.importedBy)"
    return ((), record)
  }
}
