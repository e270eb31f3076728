import AuditLog
import AuthPolicy
import AuthTerms
import Storage

/// One try to register a card at a workstation: who is meant, and the code that was shown.
struct FirstTapAttempt: Sendable {
  let person: PersonID
  /// Wiped with the try.
  let code: LookUpCode
  let digits: FirstTapDigits
  let workstation: WorkstationRecord
  /// With what is known before anything is judged.
  let record: AuditRecord
  let policy: PolicySet
  let now: Moment
  /// `LocalTime.day`, by the later of clock and log.
  let day: Int
  let referenceDay: Int
  let referenceStart: UInt32

  /// Why the code does not count; `nil`: it does.
  enum Flaw: String {
    case missing = "no code was issued for this person and segment"
    case used = "the code was used"
    case dead = "the code is dead after five wrong ones"
    case withdrawn = "the code was withdrawn"
    case over = "the code's last day is over"
    case wrong = "a wrong code"
    case issuer = "the code was issued by its holder"
  }

  func flaw(of kept: FirstTapCode?, in state: some StateReader) throws(StorageFault) -> Flaw? {
    guard let kept else { return .missing }
    switch kept.state {
    case .used: return .used
    case .dead: return .dead
    case .withdrawn: return .withdrawn
    case .open: break
    }
    guard day <= kept.lastDay else { return .over }
    guard digits.isOf(code, kept) else { return .wrong }
    // Who became its holder after she had issued it.
    if try state.operatorRecord(kept.issuedBy)?.person == person { return .issuer }
    return nil
  }

  func kept(in state: some StateReader) throws(StorageFault) -> FirstTapCode? {
    try state.firstTapCode(of: person, in: workstation.segment)
  }

  func denied(
    _ code: DenialCode, _ note: String, in state: some StateReader
  ) throws(StorageFault) -> AuditRecord {
    var record = record
    record.code = code
    record.rule = .builtin("first-tap")
    record.note = note
    record.reference = try ReferenceSource.free(startingAt: referenceStart, day: referenceDay, in: state)
    return record
  }
}

/// Judges the code, and counts a wrong one before anybody is told: tries that come together are judged one after the other.
struct JudgeFirstTapCode: Change {
  enum Outcome: Sendable {
    case right
    case refused(Reference?)
  }

  let attempt: FirstTapAttempt

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    let kept = try attempt.kept(in: state)
    guard let flaw = try attempt.flaw(of: kept, in: state) else {
      var record = attempt.record
      record.outcome = .stillNeeded
      record.note = "the code that \(kept?.issuedBy.text ?? "") issued is right; the password is next"
      return (.right, record)
    }
    var note = flaw.rawValue
    if flaw == .wrong, var counted = kept {
      counted.wrong += 1
      note += ", \(counted.wrong) of \(FirstTapCode.mostWrong)"
      try state.put(counted.wrong == FirstTapCode.mostWrong ? counted.ended(.dead) : counted)
    }
    try Throttling.countFailure(of: .workstation(attempt.workstation.id), policy: attempt.policy, now: attempt.now, in: &state)
    let record = try attempt.denied(.firstTapCodeRefused, note, in: state)
    return (.refused(record.reference), record)
  }
}

/// A wrong password beside a right code: counted as at a logon. The code stays as it is.
struct CountFirstTapPassword: Change {
  let attempt: FirstTapAttempt

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Reference?, AuditRecord) {
    for key in [ThrottleKey.person(attempt.person), .workstation(attempt.workstation.id)] {
      try Throttling.countFailure(of: key, policy: attempt.policy, now: attempt.now, in: &state)
    }
    let record = try attempt.denied(.passwordWrong, "password did not match", in: state)
    return (record.reference, record)
  }
}

/// The card becomes its holder's, and the code is used up: one transaction, in which all that it depends on is read again.
struct RegisterFirstTap: Change {
  enum Outcome: Sendable {
    case registered(RegisteredCard, Person)
    case refused(DenialCode, Reference?)
  }

  let attempt: FirstTapAttempt
  let key: KeyFingerprint
  let slot: String
  /// The key was seen to refuse without its PIN.
  let isGuarded: Bool
  let guid: CardGUID?
  let newCard: CardID
  let now: Moment
  /// `LocalTime.day`, by the later of clock and log.
  let day: Int

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    func deny(_ code: DenialCode, _ note: String, card: CardID? = nil) throws(StorageFault) -> (Outcome, AuditRecord) {
      var record = try attempt.denied(code, note, in: state)
      record.card = card
      return (.refused(code, record.reference), record)
    }
    guard let workstation = try state.workstation(attempt.workstation.id), !workstation.isRevoked,
      workstation.segment == attempt.workstation.segment
    else {
      return try deny(.workstationRevoked, "the workstation was revoked meanwhile")
    }
    guard let kept = try attempt.kept(in: state) else { return try deny(.firstTapCodeRefused, "the code is gone") }
    if let flaw = try attempt.flaw(of: kept, in: state) { return try deny(.firstTapCodeRefused, flaw.rawValue) }
    guard let person = try state.person(attempt.person), person.isEnabled else {
      return try deny(.accountDisabled, "the person is not in force")
    }
    guard (person.firstDay ?? day) <= day, day <= (person.lastDay ?? day) else {
      return try deny(.accountOutsideDates, "outside the person's dates")
    }
    if try state.isUnanswered(person.id, on: day) { return try deny(.responsibleGone, "nobody answers for the person") }
    // Only the last four states leave nobody with a card that could come back.
    if let other = try state.ownCards(of: person.id).first(where: { !$0.state.isFinal }) {
      return try deny(.cardThere, "the person has \(other.id), \(other.state.rawValue)", card: other.id)
    }
    let registered = RegisteredKey(
      fingerprint: key, profile: "piv", slot: slot, provenClass: isGuarded ? .publicKeyWithPIN : .publicKey,
      enrolledBy: kept.issuedBy, enrolledAt: now)
    let change = RegisterKey(
      key: registered, person: person.id, guid: guid, named: nil, newCard: newCard, segment: workstation.segment, now: now,
      day: day)
    let (outcome, told) = try change.apply(to: &state)
    var record = told
    record.workstation = workstation.id
    record.workstationCertificate = attempt.record.workstationCertificate
    record.policyVersion = attempt.record.policyVersion
    record.factors = [Factor.card.rawValue, Factor.pin.rawValue, Factor.password.rawValue, Factor.code.rawValue]
    if !isGuarded { record.factors.removeAll { $0 == Factor.pin.rawValue } }
    record.note += "; first tap at \(workstation.id), code issued by \(kept.issuedBy)"
    switch outcome {
    case .registered(let card):
      try state.put(kept.ended(.used))
      for key in [ThrottleKey.person(person.id), .workstation(workstation.id)] {
        try Throttling.countSuccess(of: key, policy: attempt.policy, now: now, in: &state)
      }
      return (.registered(card, person), record)
    case .refused(let code):
      record.reference = try ReferenceSource.free(
        startingAt: attempt.referenceStart, day: attempt.referenceDay, in: state)
      return (.refused(code, record.reference), record)
    case .personUnknown: return try deny(.accountDisabled, "the person is gone")
    }
  }
}
