import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Decides one ceremony and writes decision, state and record in one transaction.
///
/// Signatures and password hashes were checked before, outside and concurrently; what they depend on (card, person, session,
/// throttles, revocations) is read again here, so that nothing withdrawn in between can still be used.
struct ConcludeCeremony: Change {
  enum Outcome: Sendable {
    case granted(SessionRecord, Person, Grant)
    case stillNeeded([Combination], PalmTry?)
    case denied(DenialCode, Reference?)
  }

  let ceremony: OpenCeremony
  /// `nil` while no card was shown.
  let card: VerifiedCard?
  let password: PasswordResult
  var palm: ShownPalm?
  /// Whether this instance has a matcher at all.
  var looksAtPalms = false
  let passwords: PasswordSources
  let directory: DirectoryFacts?
  let policy: PolicySet
  /// Tried beside it; decides nothing.
  var trial: PolicySet?
  let waivers: WaiverApprovals
  let presence: WorkstationPresence
  let now: Moment
  let local: LocalTime
  let latencyMilliseconds: Int64
  /// Random: becomes the session's id if one is opened.
  let newSession: SessionID
  /// The day that the row will be of, by the clock: references are free or taken on a day.
  let referenceDay: Int
  let referenceStart: UInt32

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .ceremony, action: ceremony.scenario.rawValue, outcome: .denied)
    record.workstation = ceremony.workstation
    record.workstationCertificate = ceremony.workstationCertificate
    record.segment = ceremony.segment
    record.scenario = ceremony.scenario
    record.policyVersion = policy.version
    record.latencyMilliseconds = latencyMilliseconds
    record.waivers = [ceremony.numberWaiver].compactMap(\.self)

    guard let workstation = try state.workstation(certificate: ceremony.workstationCertificate),
      workstation.id == ceremony.workstation
    else {
      return try deny(.workstationUnknown, .builtin("workstation"), "no such workstation certificate", &record, &state)
    }
    let registered = try registeredCard(in: state)
    let key = card.flatMap { registered?.key($0.key) }
    if let card, key == nil {
      return try deny(.cardNotRegistered, .builtin("card"), "key \(card.key.hex.prefix(16)) is not registered", &record, &state)
    }
    if let card, let key, key.slot != card.slot {
      record.card = registered?.id
      return try deny(.slotMismatch, .builtin("card"), "registered as \(key.slot), shown as \(card.slot)", &record, &state)
    }
    // A card that is lost is told so before its age is.
    if let card, card.isExpired, let registered, registered.state.denial == nil {
      (record.card, record.person) = (registered.id, registered.person)
      return try deny(.myNumberCardExpired, .builtin("card"), "its certificate has ended", &record, &state)
    }
    let session = try state.liveSession(on: ceremony.workstation)
    // Without a card or a code, an unlock is by whoever holds the waiting session's key: its own person, and nobody else.
    // A card that is lent to nobody speaks for nobody, also where a session waits.
    let waiting = session.flatMap { ceremony.provesKey(of: $0) ? $0.person : nil }
    let holder = if let registered { registered.person } else { ceremony.code?.person ?? waiting }
    let person = try holder.map { (id) throws(StorageFault) in try state.person(id) } ?? nil
    let elsewhere = try person.map { (person) throws(StorageFault) in
      try SessionsElsewhere(
        of: person.id, than: workstation.id, in: ceremony.segment, presence: presence, at: now, state: state)
    }
    let palms = try PalmFacts(of: self, person: person, in: &state)
    var request = try request(
      workstation: workstation, card: registered, person: person, palms: palms, session: session, in: state)
    // Sessions that were left behind keep nobody out: they make room if, and only if, this logon is granted.
    request.sessionsElsewhere = elsewhere?.held ?? 0
    describe(request, card: registered, person: person, session: session, in: &record)
    record.note = marked(ceremony.code.map { palms.said(before: "code of sheet \($0.sheet)") } ?? palms.note)
    if palms.isReplayed { return try denyReplay(of: person, palms, &record, &state) }

    let decision = try decide(&request, in: state)
    let trialMark = try trialled(request, decision, in: state)
    switch (decision, password.refusal) {
    case (.deny(let denial), _):
      try countPalm(palms, of: person, in: &state)
      return try deny(
        palms.code(instead: denial.code), denial.rule, Self.noted(palms.said(before: denial.note), trialMark), &record, &state)
    case (_, let refusal?):
      if case .wrong = password { try countFailure(person: person, card: registered, in: &state) }
      try countPalm(palms, of: person, in: &state)
      return try deny(refusal.code, .builtin("password"), palms.said(before: refusal.note), &record, &state)
    case (.stillNeeded(let combinations, let rule), nil):
      record.outcome = .stillNeeded
      record.rule = rule
      try countPalm(palms, of: person, in: &state)
      return (.stillNeeded(palms.sorted(combinations), palms.answer), record)
    case (.grant(let grant), nil):
      guard let person else {
        return try deny(.noRule, grant.rule, "a grant without a person", &record, &state)
      }
      if grant.factors.contains(.code), ceremony.code?.isUsed != true {
        return try deny(.lookUpCodeRefused, .builtin("code"), "granted before the code was used up", &record, &state)
      }
      if ceremony.scenario != .unlock, let elsewhere {
        try elsewhere.makeRoom(for: ceremony, at: now, in: &state) { count in
          request.sessionsElsewhere = count
          if case .grant = policy.decide(request) { return true }
          return false
        }
      }
      var concluded = try open(grant, for: person, card: registered, palms: palms, replacing: session, &record, &state)
      concluded.1.note = Self.noted(concluded.1.note, trialMark)
      return concluded
    }
  }

  /// Dated accesses are asked for only when the groups of the directory are not enough.
  private func decide(_ request: inout DecisionRequest, in state: some StateReader) throws(StorageFault) -> Decision {
    let decision = policy.decide(request)
    guard case .deny(let denial) = decision, denial.isForWantOfGroups, let person = request.person else { return decision }
    let dated = try DatedAccessBook(policy: policy, approvals: waivers, local: local)
      .groups(of: person.id, at: request.workstation.id, state)
    guard !dated.isEmpty else { return decision }
    request.person?.dated = dated
    return policy.decide(request)
  }

  private func registeredCard(in state: some StateReader) throws(StorageFault) -> RegisteredCard? {
    guard let card else { return nil }
    return try state.card(key: card.key)
  }

  private func request(
    workstation: WorkstationRecord, card registered: RegisteredCard?, person: Person?, palms: PalmFacts,
    session: SessionRecord?, in state: some StateReader
  ) throws(StorageFault) -> DecisionRequest {
    var proofs: [Proof] = []
    if let card, let registered, let key = registered.key(card.key) {
      proofs.append(.card(registered.id, min(card.exchangeClass, key.provenClass), registered.state))
    }
    if password.isRight { proofs.append(.password) }
    if ceremony.code != nil { proofs.append(.code) }
    if let exponent = palms.exponent { proofs.append(.palm(falseMatchExponent: exponent)) }
    if let session, ceremony.provesKey(of: session) { proofs.append(.sessionKey(session.id)) }
    // The directory has just taken it; who has no account there any more is disabled in the transaction that says so.
    let hasPassword =
      if case .rightInDirectory = password { person != nil } else {
        try person.map { (person) throws(StorageFault) in try passwords.isThere(of: person, in: state) } ?? false
      }
    var request = DecisionRequest(
      ceremony: ceremony.id, scenario: ceremony.scenario,
      workstation: WorkstationFacts(id: workstation.id, segment: workstation.segment, isRevoked: workstation.isRevoked),
      person: person?.facts, proofs: proofs,
      authenticators: AuthenticatorFacts(hasPassword: hasPassword, hasPalm: palms.canBeShown),
      session: try session.map { (session) throws(StorageFault) in try facts(of: session, in: state) },
      sessionsElsewhere: 0,
      throttledUntil: try Throttling.blockedUntil(keys(person: person, card: registered), now: now, in: state),
      directory: directory, approvedWaivers: try waivers.approved(policy, in: workstation.segment, on: local.day, state: state),
      now: now,
      local: local)
    request.loan = registered?.loan
    if let person { request.person?.isAnswered = try !state.isUnanswered(person.id, on: local.day) }
    return request
  }

  /// A session that was opened with a card of the stock is over with its loan, also before anybody has come to withdraw it.
  private func facts(of session: SessionRecord, in state: some StateReader) throws(StorageFault) -> SessionFacts {
    var facts = session.facts
    if let id = session.card, let card = try state.card(id), card.isStock {
      facts.isRevoked = facts.isRevoked || card.person != session.person || !card.isInForce(on: local.day)
    }
    return facts
  }

  private func keys(person: Person?, card: RegisteredCard?) -> [ThrottleKey] {
    var keys: [ThrottleKey] = [.workstation(ceremony.workstation)]
    if let person { keys.append(.person(person.id)) }
    if let card { keys.append(.card(card.id)) }
    return keys
  }

  private func describe(
    _ request: DecisionRequest, card registered: RegisteredCard?, person: Person?, session: SessionRecord?,
    in record: inout AuditRecord
  ) {
    record.person = person?.id
    record.card = registered?.id
    if ceremony.scenario == .unlock { record.session = session?.id }
    for proof in request.proofs {
      switch proof {
      case .card(_, let proofClass, _):
        record.proofClass = proofClass
        record.factors.append(Factor.card.rawValue)
        if proofClass == .publicKeyWithPIN { record.factors.append(Factor.pin.rawValue) }
      case .password: record.factors.append(Factor.password.rawValue)
      case .palm: record.factors.append(Factor.palm.rawValue)
      case .code: record.factors.append(Factor.code.rawValue)
      case .sessionKey: record.factors.append("session-key")
      }
    }
  }

  /// With what is not known of the card that was shown.
  private func marked(_ note: String) -> String {
    guard let remark = card?.remark, !remark.isEmpty else { return note }
    return note.isEmpty ? remark : "\(remark); \(note)"
  }

  func deny(
    _ code: DenialCode, _ rule: RuleID, _ note: String, _ record: inout AuditRecord, _ state: inout some StateTransaction
  ) throws(StorageFault) -> (Outcome, AuditRecord) {
    record.outcome = .denied
    record.code = code
    record.rule = rule
    record.note = marked(note)
    record.reference = try ReferenceSource.free(startingAt: referenceStart, day: referenceDay, in: state)
    return (.denied(code, record.reference), record)
  }

  /// A wrong password counts against person and card: the attacker holds the card, so nobody else's logon suffers.
  private func countFailure(
    person: Person?, card: RegisteredCard?, in state: inout some StateTransaction
  ) throws(StorageFault) {
    for key in keys(person: person, card: card) {
      try Throttling.countFailure(of: key, policy: policy, now: now, in: &state)
    }
  }

  private func open(
    _ grant: Grant, for person: Person, card: RegisteredCard?, palms: PalmFacts, replacing former: SessionRecord?,
    _ record: inout AuditRecord, _ state: inout some StateTransaction
  ) throws(StorageFault) -> (Outcome, AuditRecord) {
    var session: SessionRecord
    if ceremony.scenario == .unlock, let former {
      session = former
      session.phase = .open
      session.lastActivity = now
    } else {
      guard let keys = ceremony.sessionKeys else {
        return try deny(.factorMissing, .builtin("session-key"), "a grant without session keys", &record, &state)
      }
      // After the last denial: what is refused ends nobody's session.
      if var former {
        former.phase = .ended
        try state.put(former)
      }
      session = SessionRecord(
        id: newSession, person: person.id, workstation: ceremony.workstation, segment: ceremony.segment,
        scenario: ceremony.scenario, card: card?.id, phase: .open, isRevoked: false,
        kinds: Set(grant.factors.map(\.kind)), assurance: grant.assurance, openedAt: now, lastActivity: now,
        terms: grant.session, signingKey: Array(keys.signing), sealingKey: Array(keys.sealing), sealingSuite: keys.suite)
    }
    try state.put(session)
    for key in keys(person: person, card: card) {
      try Throttling.countSuccess(of: key, policy: policy, now: now, in: &state)
    }
    if grant.factors.contains(.palm) { try keepPalm(palms, of: person, in: &state) }
    record.outcome = .granted
    record.session = session.id
    record.assurance = grant.assurance
    record.rule = grant.rule
    for waiver in grant.waivers.map(\.description) where !record.waivers.contains(waiver) { record.waivers.append(waiver) }
    if let day = card?.lentUntil { record.note = palms.said(before: "with a card lent until \(DatedAccess.text(ofDay: day))") }
    if !grant.dated.isEmpty {
      let lent = card?.lentUntil.map { "; with a card lent until \(DatedAccess.text(ofDay: $0))" } ?? ""
      record.note = marked(palms.said(before: "by dated access " + grant.dated.map(\.text).joined(separator: ", ") + lent))
    }
    return (.granted(session, person, grant), record)
  }
}
