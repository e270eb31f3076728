import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation
import Storage

/// Registers a card at its holder's own workstation: the card's signature behind its PIN, the password, and the enrolment code that
/// was handed over in person. Until all three are right every refusal looks as at a logon, and nothing is kept of the card.
struct FirstTapService: WorkstationChallenges {
  static let action = "card.firstTap"
  static let rule = RuleID.builtin("first-tap")

  let services: Services

  func open(_ message: FirstTapBegin, _ caller: CeremonyService.Caller) async throws -> FirstTapOpened {
    let now = services.surroundings.now()
    let workstation = try await taking(caller, now)
    // Whether there is such an account is said behind the card, the code and the password alone.
    let opened = OpenFirstTap(
      id: services.surroundings.identifier("t"), nonce: services.surroundings.random(32),
      account: try AccountName(parsing: message.account), certificate: caller.certificate,
      expiresAt: now.advanced(bySeconds: CeremonyService.lifetimeSeconds))
    services.firstTaps.open(opened, at: workstation.id)
    return FirstTapOpened(
      ceremony: opened.id.text, nonce: Data(opened.nonce), account: opened.account.canonical,
      segment: workstation.segment.name, workstation: workstation.id.text, expiresAt: opened.expiresAt.wallMilliseconds)
  }

  func prove(
    _ id: CeremonyID, _ message: FirstTapProofMessage, _ caller: CeremonyService.Caller
  ) async throws -> FirstTapDone {
    let now = services.surroundings.now()
    let workstation = try await taking(caller, now)
    guard let opened = services.firstTaps.redeem(id, at: workstation.id, now: now) else {
      throw try await refuse(.ceremonyUnknown, workstation, caller, now)
    }
    guard opened.certificate == caller.certificate else {
      throw try await refuse(.proofContextMismatch, workstation, caller, now, counts: true)
    }
    let key: KeyFingerprint
    switch verify(message, opened, workstation, caller, now) {
    case .success(let proven): key = proven
    case .failure(let failure):
      throw try await refuse(failure.code, workstation, caller, now, note: failure.note, counts: true)
    }
    guard let code = try? LookUpCode(parsing: message.code) else {
      throw try await refuse(.firstTapCodeRefused, workstation, caller, now, note: "no code as they are printed", counts: true)
    }
    let person = try await holder(opened.account, workstation, caller, now)
    let attempt = FirstTapAttempt(
      person: person, code: code, digits: FirstTapDigits(services), workstation: workstation,
      record: record(workstation, caller, now, person: person), policy: services.policy.policy, now: now,
      day: services.local(now).day, referenceDay: services.localByClock(now).day,
      referenceStart: services.surroundings.number())
    // The code first: no password is tried, and no account locked, by somebody who has none.
    if case .refused(let reference) = try await services.recorder.commit(JudgeFirstTapCode(attempt: attempt), now: now) {
      throw Refusal.beforePossession(reference: reference)
    }
    try await requirePassword(message.password, attempt, workstation, caller, now)
    return try await register(message, key, attempt)
  }

  // MARK: Steps

  /// The workstation, if cards are registered there.
  private func taking(_ caller: CeremonyService.Caller, _ now: Moment) async throws -> WorkstationRecord {
    let workstation = try await workstation(caller, now)
    // The same for everybody who asks here: nothing of a person is in it.
    guard services.policy.policy.takesFirstTaps(workstation.segment), workstation.access == .console else {
      let refusal = try await refuse(.firstTapOff, workstation, caller, now)
      throw Refusal(.firstTapOff, reference: refusal.reference)
    }
    return workstation
  }

  /// The same as at the desk: path, signature, and what the key is worth.
  private func verify(
    _ message: FirstTapProofMessage, _ opened: OpenFirstTap, _ workstation: WorkstationRecord,
    _ caller: CeremonyService.Caller, _ now: Moment
  ) -> Result<KeyFingerprint, CeremonyService.CardRefusal> {
    typealias No = CeremonyService.CardRefusal
    let card = message.card
    // The PIN is half of the proof: 9E signs for whoever has found the card.
    guard card.profile == "piv", card.slot == "9a", (message.guid?.count ?? 16) == 16,
      let trust = services.trust.trust(workstation.segment)
    else { return .failure(No(code: .proofMalformed, note: "not key 9A of a PIV card")) }
    let validated: ValidatedCardCertificate
    switch trust.validate(Array(card.certificate), at: services.clockFloor.later(of: now), for: CardTrust.Use(slot: card.slot))
    {
    case .valid(let certificate): validated = certificate
    case .refused(let code, let note): return .failure(No(code: code, note: note))
    }
    let preimage = FirstTapPreimage(
      nonce: opened.nonce, ceremony: opened.id.text, account: opened.account.canonical, workstation: workstation.id.text,
      segment: workstation.segment.name, expiresAt: opened.expiresAt.wallMilliseconds,
      serverCertificate: caller.serverCertificate.bytes, workstationCertificate: caller.certificate.bytes, slot: card.slot,
      guid: message.guid.map { Array($0) } ?? [])
    guard validated.verify(signature: Array(card.signature), algorithm: card.algorithm, over: preimage.canonicalBytes) else {
      return .failure(No(code: .proofSignatureWrong, note: "the signature is not over this challenge"))
    }
    return .success(validated.key)
  }

  private func holder(
    _ account: AccountName, _ workstation: WorkstationRecord, _ caller: CeremonyService.Caller, _ now: Moment
  ) async throws -> PersonID {
    let found = try await services.store.lookUp { (state) throws(StorageFault) -> (PersonID, Moment?)? in
      guard let person = try state.person(typing: account) else { return nil }
      return (person.id, try Throttling.blockedUntil([.person(person.id)], now: now, in: state))
    }
    // Refused as a wrong code is: a row and a reference of its own each time, counted against the workstation.
    guard let (person, blocked) = found else {
      throw try await refuse(
        .firstTapCodeRefused, workstation, caller, now, note: "nobody has an account of this name", counts: true,
        isCoalesced: false)
    }
    guard blocked == nil else {
      throw try await refuse(
        .throttled, workstation, caller, now, note: "the person is throttled", counts: true, person: person, isCoalesced: false)
    }
    return person
  }

  /// By the directory or by our own hash, and counted, as at a logon.
  private func requirePassword(
    _ typed: Data, _ attempt: FirstTapAttempt, _ workstation: WorkstationRecord, _ caller: CeremonyService.Caller,
    _ now: Moment
  ) async throws {
    let verifier = PasswordVerifier(services: services)
    let result = try await verifier.check(typed, new: nil, person: attempt.person, now: now)
    switch result {
    case .right, .rightInDirectory: return
    case .wrong:
      let failure = CountFirstTapPassword(attempt: attempt)
      throw Refusal.beforePossession(reference: try await services.recorder.commit(failure, now: now))
    case .notShown:
      throw try await refuse(
        .passwordNotSet, workstation, caller, now, note: "no password of this person can be asked for", person: attempt.person)
    case .refused(.passwordMustChange, let note):
      // The directory says so of a right password alone, and the code was right: nothing is left to hide from its owner.
      let refusal = try await refuse(.passwordMustChange, workstation, caller, now, note: note, person: attempt.person)
      throw Refusal(.passwordMustChange, reference: refusal.reference)
    case .refused(let code, let note):
      throw try await refuse(code, workstation, caller, now, note: note, person: attempt.person)
    }
  }

  private func register(
    _ message: FirstTapProofMessage, _ key: KeyFingerprint, _ attempt: FirstTapAttempt
  ) async throws -> FirstTapDone {
    // A hash or a bind may have taken a while.
    let now = services.surroundings.now()
    let change = RegisterFirstTap(
      attempt: attempt, key: key, slot: message.card.slot, isGuarded: message.refusedWithoutPIN,
      // All zero is how an issuer writes that a card has none.
      guid: message.guid.flatMap { try? CardGUID(parsing: $0) }, newCard: services.surroundings.identifier("card"), now: now,
      day: services.local(now).day)
    switch try await services.recorder.commit(change, now: now) {
    case .registered(let card, let person):
      return FirstTapDone(
        card: card.id.text, person: person.id.text, displayName: person.displayName,
        proofClass: (card.key(key)?.provenClass ?? .publicKey).name)
    case .refused(let code, let reference):
      throw code.shown == .notAccepted ? .beforePossession(reference: reference) : Refusal(code, reference: reference)
    }
  }
}

/// A challenge to a card that is nobody's yet. Not among the ceremonies: neither can be concluded as the other.
struct OpenFirstTap: WorkstationChallenge {
  let id: CeremonyID
  let nonce: [UInt8]
  let account: AccountName
  let certificate: CertificateFingerprint
  let expiresAt: Moment
}
