import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Reloading and explaining the rules.
struct PolicyService: Sendable {
  let services: Services

  /// Compiles the folder again. A wrong set is refused with its faults and a row; the old one stays in force.
  func reload(cause: String, by acting: OperatorID?) async throws -> PolicyReloaded {
    try await services.policy.reloads.pass { try await reloadAlone(cause: cause, by: acting) }
  }

  private func reloadAlone(cause: String, by acting: OperatorID?) async throws -> PolicyReloaded {
    try await lookAtTrial(cause: cause, by: acting)
    let now = services.surroundings.now()
    let formerFiles = services.policy.files
    let former = formerFiles.policy.version
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "policy.loaded", outcome: .done)
    record.operatorID = acting
    record.note = "cause: \(cause)"
    do {
      let files = try services.policy.read(today: services.local(now).day)
      let next = files.policy
      let differsBelow = files.differsBelow(from: formerFiles)
      let changes = files.changes(from: formerFiles, segments: services.instance.segments)
      let shown = changes.map { PolicyChangeShown($0) }
      let signatures = PolicySignatures(services: services)
      let standing =
        next.version == former && !differsBelow
        ? .notAsked : try await signatures.standing(of: files, widens: changes.widens)
      if case .refused(let reason) = standing {
        record.action = "policy.refused"
        record.outcome = .refused
        record.policyVersion = former
        let applications = files.applicationsHash.map { " with applications \(Hex.encode($0))" } ?? ""
        let cards = files.cardsHash.map { " with cards \(Hex.encode($0))" } ?? ""
        record.note = "cause: \(cause); \(next.version.hex)\(applications)\(cards) is not signed: \(reason)"
        try await services.recorder.commit(RecordOnly(record: record), now: now)
        let refusal = PolicySignatures.refusal(
          reason, file: services.instance.instance + ".signed", widens: changes.widens)
        return PolicyReloaded(
          policyVersion: former.hex, changed: false, faultsJa: [refusal.ja], faultsEn: [refusal.en], warningsJa: [],
          warningsEn: [], changes: shown)
      }
      // Kept before it counts: after a fall in between, the old rules are in force and the new ones are known.
      try await signatures.remember(files, standing, now: now)
      record.policyVersion = next.version
      // The row first: rules whose row could not be written are not in force.
      if files.applicationsHash != formerFiles.applicationsHash { record.note += "; applications changed" }
      if files.cardsHash != formerFiles.cardsHash { record.note += "; cards changed" }
      let widening = changes.filter { $0.effect == .widening }
      if !widening.isEmpty {
        record.note += "; \(widening.count) widening: " + widening.prefix(3).map(\.rule.description).joined(separator: ", ")
      }
      if next.version != former || differsBelow || acting != nil {
        try await services.recorder.commit(RecordOnly(record: record), now: now)
      }
      services.policy.adopt(files)
      let warnings = try await WaiverDesk(services: services).warnings() + directoryWarnings(next) + files.warningsBelow
      return PolicyReloaded(
        policyVersion: next.version.hex, changed: next.version != former || differsBelow, faultsJa: [], faultsEn: [],
        warningsJa: warnings.map { $0.render(.ja) }, warningsEn: warnings.map { $0.render(.en) }, changes: shown)
    } catch let faults as PolicyFaults {
      record.action = "policy.refused"
      record.outcome = .refused
      record.policyVersion = former
      record.note =
        "cause: \(cause); "
        + faults.faults.prefix(3).map { "\($0.file):\($0.line):\($0.column) \($0.code)" }.joined(separator: ", ")
      try await services.recorder.commit(RecordOnly(record: record), now: now)
      return PolicyReloaded(
        policyVersion: former.hex, changed: false, faultsJa: faults.faults.map { $0.render(.ja) },
        faultsEn: faults.faults.map { $0.render(.en) }, warningsJa: [], warningsEn: [])
    }
  }

  /// Before the first import nobody is known, and nothing can be said about groups.
  private func directoryWarnings(_ policy: PolicySet) async throws -> [PolicyFault] {
    let people = try await services.store.read { (state) throws(StorageFault) -> [Person] in
      try state.everybody()
    }
    return people.isEmpty ? [] : policy.warnings(knowing: people.filter(\.isEnabled).map(\.groups))
  }

  /// Answers what each way in would give this person at this workstation, and by which rule: the live evaluator over live
  /// state, with the proofs assumed.
  func explain(_ request: ExplainRequest) async throws -> ExplainAnswer {
    let person = try PersonID(parsing: request.person)
    let workstationID = try WorkstationID(parsing: request.workstation)
    var now = services.surroundings.now()
    if let at = request.at {
      now = Moment(
        wallMilliseconds: at, boot: now.boot, monotonicMilliseconds: now.monotonicMilliseconds + at - now.wallMilliseconds)
    }
    let asked = try request.scenario.map { name in
      guard let scenario = Scenario(rawValue: name), [.logon, .unlock, .remote].contains(scenario) else {
        throw HTTPFault.malformed(.value)
      }
      return scenario
    }
    let moment = now
    // A day that is asked for is meant as it is; today is judged as a logon would be.
    let local = request.at == nil ? services.local(now) : services.localByClock(now)
    let (policy, waivers) = (services.policy.policy, services.waivers)
    let (presence, passwords, looksAtPalms) = (services.presence, services.passwords, !services.palms.isEmpty)
    let book = DatedAccessBook(policy: policy, approvals: waivers, local: local)
    let facts = try await services.store.read { (state) throws(StorageFault) -> Facts? in
      guard let found = try state.person(person), let workstation = try state.workstation(workstationID) else { return nil }
      return Facts(
        person: found, workstation: workstation, session: try state.liveSession(on: workstationID),
        cards: try state.cards(of: person), hasPassword: try passwords.isThere(of: found, in: state),
        hasPalm: looksAtPalms ? try !state.palms(of: person).isEmpty : false,
        elsewhere: try SessionsElsewhere(
          of: person, than: workstationID, in: workstation.segment, presence: presence, at: moment, state: state
        ).held,
        blocked: try Throttling.blockedUntil([.person(person), .workstation(workstationID)], now: moment, in: state),
        approved: try waivers.approved(policy, in: workstation.segment, on: local.day, state: state),
        dated: try book.groups(of: person, at: workstationID, state),
        isAnswered: try !state.isUnanswered(person, on: local.day))
    }
    guard let facts else { throw HTTPFault.notFound }
    let scenario = asked ?? CeremonyService.scenario(workstation: facts.workstation, session: facts.session, now: now)
    let best = Self.bestKey(of: facts, on: local.day)
    let tries = tries(facts, best, scenario, policy, local.day).map { factors, proofs in
      var request = self.request(facts, scenario, proofs, now, local)
      request.loan = best?.card.loan
      return explained(policy.explain(request), factors)
    }
    return ExplainAnswer(
      person: person.text, workstation: workstationID.text, scenario: scenario.rawValue, policyVersion: policy.version.hex,
      tries: tries)
  }

  private struct Facts: Sendable {
    let person: Person
    let workstation: WorkstationRecord
    let session: SessionRecord?
    let cards: [RegisteredCard]
    let hasPassword: Bool
    let hasPalm: Bool
    let elsewhere: Int
    let blocked: Moment?
    let approved: Set<WaiverHash>
    let dated: [DatedGroups]
    let isAnswered: Bool
  }

  private typealias BestKey = (card: RegisteredCard, provenClass: ProofClass)

  /// Of a card that can be used, if the person has one.
  private static func bestKey(of facts: Facts, on day: Int) -> BestKey? {
    facts.cards.flatMap { card in card.keys.map { (card: card, provenClass: $0.provenClass) } }.max {
      ($0.card.isInForce(on: day) ? 1 : 0, $0.provenClass) < ($1.card.isInForce(on: day) ? 1 : 0, $1.provenClass)
    }
  }

  /// Every combination the rules offer here, shown with the best key of the person's cards.
  private func tries(
    _ facts: Facts, _ best: BestKey?, _ scenario: Scenario, _ policy: PolicySet, _ day: Int
  ) -> [([String], [Proof])] {
    // Every line, also of other people's groups: the answer says why this person is refused there.
    let combinations = policy.combinations(
      segment: facts.workstation.segment, scenario: scenario, groups: nil, on: day, approved: facts.approved)
    return combinations.map { combination in
      var proofs: [Proof] = []
      if scenario == .unlock, let session = facts.session { proofs.append(.sessionKey(session.id)) }
      for factor in combination.factors.sorted() {
        switch factor {
        // Without the PIN a card shows possession alone, whatever its key could do.
        case .card:
          if let best {
            let shown = combination.factors.contains(.pin) ? best.provenClass : min(best.provenClass, .publicKey)
            proofs.append(.card(best.card.id, shown, best.card.state))
          }
        case .pin: break
        case .password: if facts.hasPassword { proofs.append(.password) }
        case .palm: proofs.append(.palm(falseMatchExponent: 6))
        case .code: proofs.append(.code)
        }
      }
      return (combination.names, proofs)
    }
  }

  private func request(
    _ facts: Facts, _ scenario: Scenario, _ proofs: [Proof], _ now: Moment, _ local: LocalTime
  ) -> DecisionRequest {
    var person = facts.person.facts
    person.dated = facts.dated
    person.isAnswered = facts.isAnswered
    return DecisionRequest(
      ceremony: services.surroundings.identifier("explain"), scenario: scenario,
      workstation: WorkstationFacts(
        id: facts.workstation.id, segment: facts.workstation.segment, isRevoked: facts.workstation.isRevoked),
      person: person, proofs: proofs,
      authenticators: AuthenticatorFacts(hasPassword: facts.hasPassword, hasPalm: facts.hasPalm), session: facts.session?.facts,
      sessionsElsewhere: facts.elsewhere, throttledUntil: facts.blocked,
      directory: services.directoryFacts(at: now), approvedWaivers: facts.approved, now: now, local: local)
  }

  private func explained(_ explanation: Explanation, _ factors: [String]) -> ExplainedTry {
    let steps = explanation.steps.map { ExplainedStep(rule: $0.rule.description, ja: $0.ja, en: $0.en) }
    switch explanation.decision {
    case .grant(let grant):
      return ExplainedTry(factors: factors, outcome: "granted", code: nil, rule: grant.rule.description, steps: steps)
    case .stillNeeded(_, let rule):
      return ExplainedTry(factors: factors, outcome: "stillNeeded", code: nil, rule: rule.description, steps: steps)
    case .deny(let denial):
      return ExplainedTry(
        factors: factors, outcome: "denied", code: denial.code.rawValue, rule: denial.rule.description, steps: steps)
    }
  }
}
