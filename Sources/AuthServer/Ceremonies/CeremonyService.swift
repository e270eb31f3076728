import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import Storage

/// Opens ceremonies and brings their proofs to a decision.
struct CeremonyService: Sendable {
  let services: Services

  /// How long a challenge lives.
  static let lifetimeSeconds: Int64 = 30

  /// Who is asking: read from the connection, never from a message.
  struct Caller: Sendable {
    let certificate: CertificateFingerprint
    /// The leaf this server showed on this connection.
    let serverCertificate: CertificateFingerprint
    /// The monotonic clock when the request's first byte arrived, in milliseconds.
    let arrived: Int64
  }

  // MARK: Opening

  func open(_ caller: Caller) async throws -> CeremonyOpened {
    let now = services.surroundings.now()
    let certificate = caller.certificate
    let (policy, waivers, local) = (services.policy.policy, services.waivers, services.local(now))
    let found = try await services.store.lookUp {
      (state) throws(StorageFault) -> (WorkstationRecord, SessionRecord?, Set<WaiverHash>)? in
      guard let workstation = try state.workstation(certificate: certificate) else { return nil }
      let approved = try waivers.approved(policy, in: workstation.segment, on: local.day, state: state)
      return (workstation, try state.liveSession(on: workstation.id), approved)
    }
    guard let (workstation, session, approved) = found else { throw try await refuse(.workstationUnknown, nil, caller, now) }
    services.presence.heard(workstation.id, at: now)
    guard !workstation.isRevoked else { throw try await refuse(.workstationRevoked, workstation, caller, now) }
    guard services.instance.segments.contains(workstation.segment) else {
      throw try await refuse(.segmentNotServed, workstation, caller, now)
    }
    if workstation.certificates.count > 1, workstation.certificates.last == certificate {
      // The renewed certificate was shown: the old one ends here.
      let change = RenewWorkstation(
        looked: workstation, shown: certificate, certificates: [certificate], action: "workstation.renewalSettled", now: now)
      guard try await services.recorder.commit(change, now: now) != nil else {
        throw try await refuse(.workstationRevoked, workstation, caller, now)
      }
    }
    let scenario = Self.scenario(workstation: workstation, session: session, now: now)
    let ceremony = OpenCeremony(
      id: services.surroundings.identifier("c"), nonce: services.surroundings.random(32), workstation: workstation.id,
      workstationCertificate: certificate, segment: workstation.segment, scenario: scenario,
      session: scenario == .unlock ? session?.id : nil, expiresAt: now.advanced(bySeconds: Self.lifetimeSeconds))
    guard services.ceremonies.open(ceremony, now: now) else { throw HTTPFault.overloaded }
    let combinations = policy.combinations(
      segment: workstation.segment, scenario: scenario, groups: nil, on: local.day, approved: approved)
    return CeremonyOpened(
      ceremony: ceremony.id.text, nonce: Data(ceremony.nonce), scenario: scenario.rawValue, segment: workstation.segment.name,
      workstation: workstation.id.text, expiresAt: ceremony.expiresAt.wallMilliseconds,
      combinations: combinations.map(\.names), session: ceremony.session?.text,
      cardScripts: cardScripts(workstation.segment),
      takesCardNumbers: takesNumbers(policy.numberCards(workstation.segment, on: local.day, approved: approved)),
      takesMyNumberCards: policy.takesMyNumberCards(workstation.segment) ? true : nil)
  }

  /// The server's own session table decides what is about to happen; a client has no say in it.
  static func scenario(workstation: WorkstationRecord, session: SessionRecord?, now: Moment) -> Scenario {
    if workstation.access == .remote { return .remote }
    guard let session, session.phase == .locked, !session.isRevoked, session.isWithinLimits(at: now) else { return .logon }
    return .unlock
  }

  // MARK: Proofs

  func prove(_ id: CeremonyID, _ message: ProofsMessage, _ caller: Caller) async throws -> CeremonyAnswer {
    let now = services.surroundings.now()
    let (workstation, redeemed) = try await redeem(id, caller, now)
    var ceremony = redeemed
    if let number = message.number { try await take(number, of: message, in: &ceremony, at: workstation, caller, now) }
    let capture: PalmCapture?
    switch verify(message, &ceremony, caller) {
    case .refused(let code, let note):
      throw try await refuse(code, workstation, caller, now, scenario: ceremony.scenario, note: note, counts: true)
    case .proceed(let shown): capture = shown
    }
    if ceremony.shown?.isExpired == true {
      return try await conclude(ceremony, password: .notShown, palm: nil, isDisabled: false, caller: caller)
    }
    if message.card != nil, let shown = ceremony.shown { try await welcome(shown, at: workstation, now) }
    if let code = message.code { try await show(code, &ceremony, workstation, caller, now) }
    let palm: ShownPalm? =
      if let capture { try await PalmVerifier(services: services).check(capture, ceremony, now: now) } else { nil }
    let password = try await password(message, ceremony, now: now)
    if password.isRight || isMatched(palm, ceremony) { try await useCode(&ceremony, workstation, caller, now) }
    let isDisabled = password.leavesAccountOpen ? try await isDisabledNow(ceremony) : false
    return try await conclude(ceremony, password: password, palm: palm, isDisabled: isDisabled, caller: caller)
  }

  /// Takes an open ceremony out for one step, for the workstation and on the certificate it was opened by; nobody else can take
  /// a step meanwhile.
  func redeem(
    _ id: CeremonyID, _ caller: Caller, _ now: Moment
  ) async throws -> (WorkstationRecord, OpenCeremony) {
    let certificate = caller.certificate
    let found = try await services.store.lookUp { (state) throws(StorageFault) -> (WorkstationRecord, Moment?)? in
      guard let workstation = try state.workstation(certificate: certificate) else { return nil }
      return (workstation, try Throttling.blockedUntil([.workstation(workstation.id)], now: now, in: state))
    }
    guard let (workstation, blocked) = found else { throw try await refuse(.workstationUnknown, nil, caller, now) }
    services.presence.heard(workstation.id, at: now)
    guard !workstation.isRevoked else { throw try await refuse(.workstationRevoked, workstation, caller, now) }
    guard blocked == nil else { throw try await refuse(.throttled, workstation, caller, now) }

    let ceremony: OpenCeremony
    switch services.ceremonies.redeem(id, by: workstation.id, now: now) {
    case .ceremony(let open): ceremony = open
    case .replayed: throw try await refuse(.proofReplayed, workstation, caller, now, counts: true)
    case .expired, .unknown: throw try await refuse(.ceremonyUnknown, workstation, caller, now)
    }
    guard ceremony.workstationCertificate == certificate else {
      throw try await refuse(.proofContextMismatch, workstation, caller, now, counts: true)
    }
    return (workstation, ceremony)
  }

  private enum Verification {
    case proceed(PalmCapture?)
    case refused(DenialCode, String)
  }

  /// Everything that can be checked without the database: certificate path, signature over our own preimage, session key.
  private func verify(_ message: ProofsMessage, _ ceremony: inout OpenCeremony, _ caller: Caller) -> Verification {
    if let keys = message.sessionKeys, let failure = Self.adopt(keys, in: &ceremony) {
      return .refused(failure.code, failure.note)
    }
    if let card = message.card {
      guard ceremony.shown == nil, ceremony.code == nil else {
        return .refused(.proofReplayed, "a second card proof in one ceremony")
      }
      switch verify(card, ceremony, caller) {
      case .success(let verified): ceremony.shown = verified
      case .failure(let failure): return .refused(failure.code, failure.note)
      }
    }
    if let signature = message.sessionSignature {
      guard let session = ceremony.session, let keys = ceremony.sessionKeys,
        let key = try? Curve25519.Signing.PublicKey(rawRepresentation: keys.signing)
      else { return .refused(.proofContextMismatch, "a session signature without a waiting session") }
      let preimage = SessionPreimage(session: session.text, ceremony: ceremony.id.text, nonce: ceremony.nonce)
      guard key.isValidSignature(signature, for: Data(preimage.canonicalBytes)) else {
        return .refused(.proofSignatureWrong, "the session key did not sign this ceremony")
      }
      ceremony.sessionKeyProven = true
    }
    if let palm = message.palm { return verify(palm, &ceremony) }
    return .proceed(nil)
  }

  /// Nothing of a palm is looked at before possession is proven, and not more than a few in one ceremony.
  private func verify(_ palm: PalmProofMessage, _ ceremony: inout OpenCeremony) -> Verification {
    guard ceremony.shown != nil || ceremony.code != nil || ceremony.sessionKeyProven, let keys = ceremony.sessionKeys,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: keys.signing)
    else { return .refused(.proofContextMismatch, "a palm before a card or a session's key") }
    guard ceremony.palmsLeft > 0 else { return .refused(.proofContextMismatch, "more than \(PalmTry.most) palms") }
    ceremony.palms += 1
    guard let capture = try? palm.sample.capture() else { return .refused(.proofMalformed, "neither a picture nor a blob") }
    let preimage = PalmPreimage(
      nonce: ceremony.nonce, ceremony: ceremony.id.text, sensor: capture.sensor.text, hand: capture.sample.hand.name,
      sample: capture.fingerprint.bytes)
    guard key.isValidSignature(palm.signature, for: Data(preimage.canonicalBytes)) else {
      return .refused(.proofSignatureWrong, "the session key did not sign this palm")
    }
    return .proceed(capture)
  }

  struct CardRefusal: Error {
    let code: DenialCode
    let note: String
  }

  /// The first keys that are shown are the ceremony's; others are refused from then on.
  static func adopt(_ keys: SessionKeys, in ceremony: inout OpenCeremony) -> CardRefusal? {
    guard SealingSuite(rawValue: keys.suite)?.publicKeyBytes == keys.sealing.count, keys.signing.count == 32 else {
      return CardRefusal(code: .proofMalformed, note: "session keys of an unknown suite or size")
    }
    guard ceremony.sessionKeys == nil || ceremony.sessionKeys == keys else {
      return CardRefusal(code: .proofContextMismatch, note: "session keys changed within a ceremony")
    }
    ceremony.sessionKeys = keys
    return nil
  }

  private func verify(
    _ card: CardProofMessage, _ ceremony: OpenCeremony, _ caller: Caller
  ) -> Result<VerifiedCard, CardRefusal> {
    if card.profile == JPKIProfile.name { return verifyPersonal(card, ceremony, caller) }
    guard let keys = ceremony.sessionKeys, Self.exchangeClass(of: card) != nil,
      let trust = services.trust.trust(ceremony.segment)
    else { return .failure(CardRefusal(code: .proofMalformed, note: "unknown profile or slot, or no session keys")) }
    let validated: ValidatedCardCertificate
    switch trust.validate(
      Array(card.certificate), at: services.clockFloor.later(of: services.surroundings.now()),
      for: CardTrust.Use(slot: card.slot))
    {
    case .valid(let certificate): validated = certificate
    case .refused(let code, let note): return .failure(CardRefusal(code: code, note: note))
    }
    if let failure = Self.signatureFault(card, by: validated.subjectKey, keys, ceremony, caller) { return .failure(failure) }
    guard let exchangeClass = Self.exchangeClass(of: card, isUnderPINPolicy: validated.isUnderPINPolicy) else {
      return .failure(CardRefusal(code: .proofMalformed, note: "unknown profile or slot"))
    }
    return .success(VerifiedCard(key: validated.key, slot: card.slot, exchangeClass: exchangeClass))
  }

  /// - Returns: `nil` if this key signed this ceremony.
  static func signatureFault(
    _ card: CardProofMessage, by key: SubjectKey, _ keys: SessionKeys, _ ceremony: OpenCeremony, _ caller: Caller
  ) -> CardRefusal? {
    func preimage(_ scenario: Scenario) -> [UInt8] {
      CardPreimage(
        nonce: ceremony.nonce, ceremony: ceremony.id.text, workstation: ceremony.workstation.text,
        scenario: scenario.rawValue, segment: ceremony.segment.name, expiresAt: ceremony.expiresAt.wallMilliseconds,
        serverCertificate: caller.serverCertificate.bytes, workstationCertificate: caller.certificate.bytes, slot: card.slot,
        sealingSuite: keys.suite, sessionKeys: Array(SHA256.hash(data: keys.canonicalBytes))
      ).canonicalBytes
    }
    func isSigned(for scenario: Scenario) -> Bool {
      key.verify(signature: Array(card.signature), algorithm: card.algorithm, over: preimage(scenario))
    }
    if isSigned(for: ceremony.scenario) { return nil }
    // Names the attack in the log: a right signature that was made for another purpose.
    let other = Scenario.allCases.first { $0 != ceremony.scenario && isSigned(for: $0) }
    return other.map { CardRefusal(code: .proofContextMismatch, note: "signed for \($0.rawValue)") }
      ?? CardRefusal(code: .proofSignatureWrong, note: "the signature is not over this ceremony")
  }

  /// The most that such an exchange shows; `nil` for a profile or slot that there is not. That the key of a certificate card was
  /// used behind a PIN nobody sees here: the authority's policy has to say it, at every logon anew.
  private static func exchangeClass(of card: CardProofMessage, isUnderPINPolicy: Bool = false) -> ProofClass? {
    switch (card.profile, card.slot) {
    case ("piv", "9a"): .publicKeyWithPIN
    case ("piv", "9e"): .publicKey
    case (CertificateCard.profile, CertificateCard.slot): isUnderPINPolicy ? .publicKeyWithPIN : .publicKey
    default: nil
    }
  }

  // MARK: What the directory says

  private func password(
    _ message: ProofsMessage, _ ceremony: OpenCeremony, now: Moment
  ) async throws -> PasswordResult {
    guard let typed = message.password else { return .notShown }
    let verifier = PasswordVerifier(services: services)
    if let shown = ceremony.shown { return try await verifier.check(typed, new: message.newPassword, card: shown, now: now) }
    guard let code = ceremony.code else { return .notShown }
    return try await verifier.check(typed, new: message.newPassword, person: code.person, now: now)
  }

  /// Whether this palm can be what stands beside a code.
  private func isMatched(_ palm: ShownPalm?, _ ceremony: OpenCeremony) -> Bool {
    guard case .compared(let comparison)? = palm?.outcome else { return false }
    let rates = services.policy.policy.palmRates(ceremony.segment) ?? .weakest
    return comparison.exponent >= rates.besideAnother
  }

  /// Whether it says that the account of whoever has shown a card, or waits behind the session, is disabled.
  private func isDisabledNow(_ ceremony: OpenCeremony) async throws -> Bool {
    guard let accounts = services.accounts, ceremony.shown != nil || ceremony.code != nil || ceremony.sessionKeyProven else {
      return false
    }
    let guid = try await services.store.lookUp { (state) throws(StorageFault) -> ObjectGUID? in
      var holder: PersonID? = ceremony.code?.person
      if let shown = ceremony.shown { holder = try state.card(key: shown.key)?.person }
      if holder == nil, let session = ceremony.session { holder = try state.session(session)?.person }
      return try holder.flatMap { (id) throws(StorageFault) in
        try state.directoryIdentities(of: id).first { $0.goneSince == nil && $0.hold == nil }?.guid
      }
    }
    guard let guid else { return false }
    return await accounts.isDisabled(guid)
  }

  // MARK: Conclusion

  private func conclude(
    _ ceremony: OpenCeremony, password: PasswordResult, palm: ShownPalm?, isDisabled: Bool, caller: Caller
  ) async throws -> CeremonyAnswer {
    // The decision's own time: hashing may have taken a while.
    let now = services.surroundings.now()
    let change = ConcludeCeremony(
      ceremony: ceremony, card: ceremony.shown, password: password, palm: palm, looksAtPalms: !services.palms.isEmpty,
      passwords: services.passwords,
      directory: services.directoryFacts(at: now, saysDisabled: isDisabled), policy: services.policy.policy,
      trial: services.policy.trial.policy, waivers: services.waivers, presence: services.presence, now: now,
      local: services.local(now),
      latencyMilliseconds: max(0, now.monotonicMilliseconds - caller.arrived),
      newSession: services.surroundings.identifier("s"), referenceDay: services.localByClock(now).day,
      referenceStart: services.surroundings.number())
    switch try await services.recorder.commit(change, now: now) {
    case .granted(let session, let person, let grant):
      count(ceremony.scenario, "granted")
      return CeremonyAnswer(outcome: "granted", combinations: nil, session: Self.opened(session, person, grant))
    case .stillNeeded(let combinations, let palm):
      count(ceremony.scenario, "stillNeeded")
      services.ceremonies.resume(ceremony)
      return CeremonyAnswer(
        outcome: "stillNeeded", combinations: combinations.map(\.names), session: nil, palm: palm)
    case .denied(let code, let reference):
      count(ceremony.scenario, code.rawValue)
      throw code.shown == .notAccepted ? .beforePossession(reference: reference) : Refusal(code, reference: reference)
    }
  }

  private func count(_ scenario: Scenario?, _ outcome: String) {
    services.metrics.add(to: "sanmon_ceremonies_total", [scenario?.rawValue ?? "none", outcome])
  }

  private static func opened(_ session: SessionRecord, _ person: Person, _ grant: Grant) -> SessionOpened {
    SessionOpened(
      session: session.id.text, person: person.id.text, displayName: person.displayName, segment: session.segment.name,
      scenario: grant.scenario.rawValue, assurance: grant.assurance.name, leaseSeconds: grant.session.leaseSeconds,
      onCardRemoval: grant.session.onCardRemoval.rawValue,
      endsAt: session.openedAt.advanced(bySeconds: Int64(session.terms.overallSeconds)).wallMilliseconds,
      rule: grant.rule.description, policyVersion: grant.policy.hex)
  }

  // MARK: Refusals without a decision

  /// Records (or counts) the refusal and makes the error to throw: the row has the cause, the asker gets the one answer that
  /// every refusal before possession has. Its reference leads the help desk to the row.
  ///
  /// - Parameters:
  ///   - card: a card that has proven itself and is refused all the same; its row names it.
  ///   - person: whose account was named, where no card tells.
  func refuse(
    _ code: DenialCode, _ workstation: WorkstationRecord?, _ caller: Caller, _ now: Moment, scenario: Scenario? = nil,
    note: String = "", counts: Bool = false, card: RegisteredCard? = nil, person: PersonID? = nil
  ) async throws -> Refusal {
    count(scenario, code.rawValue)
    let source = RefusalCoalescer.Source(workstation: workstation?.id, code: code)
    if case .counted(let reference) = services.coalescer.verdict(source, now: now) {
      return .beforePossession(reference: reference)
    }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .ceremony, action: (scenario ?? .logon).rawValue, outcome: .denied)
    record.workstation = workstation?.id
    record.workstationCertificate = caller.certificate
    record.segment = workstation?.segment
    record.scenario = scenario
    record.code = code
    record.rule = .builtin("possession")
    record.policyVersion = services.policy.policy.version
    record.note = note
    record.card = card?.id
    record.person = card?.person ?? person
    record.latencyMilliseconds = max(0, now.monotonicMilliseconds - caller.arrived)
    let reference = try await services.recorder.commit(
      RecordRefusal(
        record: record, day: services.localByClock(now).day, referenceStart: services.surroundings.number(),
        countsAgainst: counts ? workstation?.id : nil, policy: services.policy.policy, now: now),
      now: now)
    services.coalescer.remember(reference, for: source)
    return .beforePossession(reference: reference)
  }
}
