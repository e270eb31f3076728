import AuthTerms

/// The one evaluator. `decide` and `explain` both run it; they differ only in what listens.
///
/// The order of the looks is part of the contract: the first that fails gives the code. Nothing is granted before all of them
/// passed, so the order decides only what a refused person is told.
struct Evaluator {
  let policy: PolicySet
  let request: DecisionRequest
  /// By which dated accesses the person has groups beside the directory's.
  var dated: [AccessID] = []

  func decide(_ trace: inout some Trace) -> Decision {
    let workstation = RuleID.builtin("workstation")
    if request.workstation.isRevoked { return deny(.workstation, .workstationRevoked, workstation, "revoked", &trace) }
    trace.add(.workstation, .passed, workstation, [])

    guard let rules = policy.rules[request.workstation.segment] else {
      return deny(.segment, .segmentNotServed, .builtin("segment"), "no policy for the segment of this workstation", &trace)
    }
    trace.add(.segment, .passed, rules.declared, [])

    let accepted = rules.accepted(request.scenario, on: request.local.day, approved: request.approvedWaivers)
    guard let first = accepted.first else {
      return deny(.rules, .noRule, rules.declared, "no combination is accepted in this scenario", &trace)
    }
    trace.add(.rules, .passed, first.combination.rule, [])

    let throttle = RuleID.builtin("throttle")
    if let until = request.throttledUntil, !request.now.hasReached(until) {
      return deny(.throttle, .throttled, throttle, Throttle.isNever(until) ? "until an operator clears it" : "delay", &trace)
    }
    trace.add(.throttle, .passed, throttle, [])

    let shown = Shown(request.proofs, rates: rules.palmRates)
    let offered = accepted.filter { $0.isFor(request.person?.groups) }
    if let denial = proofs(shown, &trace) ?? person(rules, &trace) ?? line(offered.first ?? first, offered, &trace)
      ?? places(rules, &trace) ?? proofClass(shown, rules, &trace)
    {
      return .deny(denial)
    }
    if request.scenario == .unlock {
      if request.person != nil, let denial = session(shown, rules, &trace) { return .deny(denial) }
    } else {
      if let denial = room(rules, &trace) { return .deny(denial) }
    }
    return factors(shown, offered, rules, &trace)
  }

  // MARK: Who

  private func proofs(_ shown: Shown, _ trace: inout some Trace) -> Denial? {
    let rule = RuleID.builtin("one-person-one-card")
    // A card of the stock is a card, and nobody's until it is lent.
    if request.person == nil, shown.namesPerson, request.loan == nil || shown.cards.isEmpty {
      return fail(.proofs, .notAccepted, rule, "proofs without a person", &trace)
    }
    if shown.cards.count > 1 { return fail(.proofs, .notAccepted, rule, "more than one card", &trace) }
    trace.add(.proofs, .passed, rule, [])

    let card = RuleID.builtin("card")
    if let state = shown.cards.first?.state {
      if let (code, note) = state.denial ?? request.loan?.denial(on: request.local.day) {
        return fail(.card, code, card, note, &trace)
      }
      if request.person == nil { return fail(.card, .notAccepted, card, "lent to nobody who is there", &trace) }
    }
    trace.add(.card, .passed, card, [])
    return nil
  }

  private func person(_ rules: SegmentRules, _ trace: inout some Trace) -> Denial? {
    guard let person = request.person else { return nil }
    let account = RuleID.builtin("account")
    if !person.isEnabled { return fail(.account, .accountDisabled, account, "disabled in the directory", &trace) }
    if request.directory?.saysDisabled == true {
      return fail(.account, .accountDisabled, account, "disabled in the directory, which was asked now", &trace)
    }
    if !person.isAnswered {
      return fail(.account, .responsibleGone, account, "from outside, and who answers has left or is disabled", &trace)
    }
    trace.add(.account, .passed, account, [])

    if let directory = request.directory {
      let limit = rules.oldestDirectorySeconds
      if directory.silentSeconds > limit {
        return fail(.directory, .directoryTooOld, rules.directoryRule, "silent for more than \(limit / 3600) h", &trace)
      }
      trace.add(.directory, .passed, rules.directoryRule, [])
    }

    let day = request.local.day
    if day < person.firstDay ?? day { return fail(.dates, .accountOutsideDates, account, "before the first day", &trace) }
    if day > person.lastDay ?? day { return fail(.dates, .accountOutsideDates, account, "after the last day", &trace) }
    trace.add(.dates, .passed, account, [])

    if let hours = person.logonHours, !hours.contains(request.now) {
      return fail(.accountLimits, .accountOutsideHours, account, "outside the hours that the directory gives", &trace)
    }
    if !person.workstations.isEmpty, !person.workstations.contains(request.workstation.id.text.lowercased()) {
      return fail(.accountLimits, .accountNotHere, account, "not one of the workstations that the directory names", &trace)
    }
    trace.add(.accountLimits, .passed, account, [])

    if !dated.isEmpty {
      trace.add(.datedAccess, .passed, .builtin("dated-access:" + dated.map(\.text).joined(separator: "+")), [])
    }
    if rules.people.isDisjoint(with: person.groups) {
      return fail(.groups, .segmentNotAllowed, rules.peopleRule, "in none of the segment's groups", &trace)
    }
    trace.add(.groups, .passed, rules.peopleRule, [])
    return nil
  }

  /// A line may be for some of the segment's people only. Asked of a known person, so that a stranger learns no group.
  private func line(
    _ nearest: AcceptedCombination, _ offered: [AcceptedCombination], _ trace: inout some Trace
  ) -> Denial? {
    guard request.person != nil else { return nil }
    let rule = nearest.combination.rule
    if offered.isEmpty { return fail(.lineGroups, .scenarioNotAllowed, rule, "in no group of a line of this scenario", &trace) }
    trace.add(.lineGroups, .passed, rule, [])
    return nil
  }

  // MARK: Where and when

  private func places(_ rules: SegmentRules, _ trace: inout some Trace) -> Denial? {
    for rule in rules.denials
    where rule.matches(workstation: request.workstation.id, groups: request.person?.groups, at: request.local) {
      return fail(.deny, .ruleDenies, rule.rule, "a deny rule matches", &trace)
    }
    trace.add(.deny, .passed, rules.denials.first?.rule ?? rules.declared, [])

    if !rules.hours.isEmpty, !rules.hours.contains(where: { $0.contains(request.local) }) {
      return fail(.hours, .outsideHours, rules.hoursRule, "outside the segment's hours", &trace)
    }
    trace.add(.hours, .passed, rules.hoursRule, [])
    return nil
  }

  private func proofClass(_ shown: Shown, _ rules: SegmentRules, _ trace: inout some Trace) -> Denial? {
    guard let proofClass = shown.proofClass else { return nil }
    let floor = rules.proofFloor(on: request.local.day, approved: request.approvedWaivers)
    if proofClass < floor {
      if proofClass == .identifier { return number(rules, floor, &trace) }
      return fail(.proofClass, .proofBelowFloor, rules.proofRule, "\(proofClass.name) is below \(floor.name)", &trace)
    }
    trace.add(.proofClass, .passed, rules.proofRule, [])
    return nil
  }

  /// A number alone, where none is taken: has the waiver ended, or was there never one that holds?
  private func number(_ rules: SegmentRules, _ floor: ProofClass, _ trace: inout some Trace) -> Denial {
    if case .over = rules.numbers(on: request.local.day, approved: request.approvedWaivers) {
      return fail(.proofClass, .numberWaiverOver, rules.proofRule, "a number alone, and its waiver has ended", &trace)
    }
    return fail(.proofClass, .numberNotEnough, rules.proofRule, "a number alone is below \(floor.name)", &trace)
  }

  // MARK: The session

  /// An unlock asks for the session it returns to. Whether the server saw it locked does not matter: a screen that the agent
  /// locked while the network was away is opened by the same proofs.
  private func session(_ shown: Shown, _ rules: SegmentRules, _ trace: inout some Trace) -> Denial? {
    let rule = rules.sessionRule
    guard let session = request.session else {
      return fail(.session, .sessionMissing, .builtin("session"), "no session on this workstation", &trace)
    }
    trace.add(.session, .passed, .builtin("session"), [])
    if session.person != request.person?.id {
      return fail(.sessionOwner, .sessionOfOtherPerson, .builtin("session"), "another person's session", &trace)
    }
    trace.add(.sessionOwner, .passed, .builtin("session"), [])
    if session.isRevoked { return fail(.sessionState, .sessionRevoked, .builtin("session"), "revoked", &trace) }
    trace.add(.sessionState, .passed, .builtin("session"), [])
    if session.kinds.count < 2 {
      return fail(.sessionKinds, .sessionMissing, .builtin("session-kinds"), "not opened by two kinds of factor", &trace)
    }
    trace.add(.sessionKinds, .passed, .builtin("session-kinds"), [])
    guard let idle = elapsed(since: session.lastActivity), let overall = elapsed(since: session.openedAt) else {
      return fail(.sessionLimits, .sessionOverLimits, rule, "the clock went back", &trace)
    }
    if overall >= Int64(rules.terms.overallSeconds) * 1000 {
      return fail(.sessionLimits, .sessionOverLimits, rule, "overall limit", &trace)
    }
    if idle >= Int64(rules.terms.idleSeconds) * 1000 {
      return fail(.sessionLimits, .sessionOverLimits, rule, "idle limit", &trace)
    }
    trace.add(.sessionLimits, .passed, rule, [])
    if shown.sessionKeys != [session.id] {
      return fail(.sessionKey, .sessionMissing, .builtin("session-key"), "the session's key was not shown", &trace)
    }
    trace.add(.sessionKey, .passed, .builtin("session-key"), [])
    return nil
  }

  /// Milliseconds; `nil` if the moment lies in the future, which only a clock set back can make.
  private func elapsed(since earlier: Moment) -> Int64? {
    let now = request.now
    let isPast =
      now.boot == earlier.boot
      ? now.monotonicMilliseconds >= earlier.monotonicMilliseconds : now.wallMilliseconds >= earlier.wallMilliseconds
    return isPast ? now.milliseconds(since: earlier) : nil
  }

  private func room(_ rules: SegmentRules, _ trace: inout some Trace) -> Denial? {
    guard request.person != nil else { return nil }
    if request.sessionsElsewhere >= rules.sessionsAtOnce {
      return fail(.sessionsElsewhere, .tooManySessions, rules.sessionRule, "at most \(rules.sessionsAtOnce) at once", &trace)
    }
    trace.add(.sessionsElsewhere, .passed, rules.sessionRule, [])
    return nil
  }

  // MARK: With what

  private func factors(
    _ shown: Shown, _ accepted: [AcceptedCombination], _ rules: SegmentRules, _ trace: inout some Trace
  ) -> Decision {
    let day = request.local.day
    let approved = request.approvedWaivers
    let identifierWaiver =
      shown.proofClass == .identifier && rules.proofFloor == .identifier
      ? rules.waiver(.identifierAsPossession, on: day, approved: approved) : nil
    let factors = shown.factors(request.authenticators, identifierCounts: identifierWaiver != nil)

    let complete = accepted.filter {
      $0.combination.factors.isSubset(of: factors) && shown.isPalmStrict(for: $0.combination.factors)
    }
    if let person = request.person, let best = strongest(complete, card: shown.proofClass) {
      trace.add(.factors, .passed, best.combination.rule, factors)
      let used = [
        best.combination.factors.contains(.card) ? identifierWaiver : nil,
        best.needs.flatMap { rules.waiver($0, on: day, approved: approved) },
      ]
      return .grant(
        Grant(
          ceremony: request.ceremony, person: person.id, workstation: request.workstation.id,
          segment: request.workstation.segment, scenario: request.scenario, rule: best.combination.rule,
          policy: policy.version, factors: best.combination.factors,
          assurance: Assurance.level(best.combination.factors, card: shown.proofClass), session: rules.terms,
          waivers: used.compactMap { $0.map(UsedWaiver.init) }, dated: dated))
    }

    let open = accepted.filter { isWithin(factors, $0.combination.factors) }
    let missing = open.filter { isReachable($0.combination.factors.subtracting(factors), factors, shown) }
    if let first = missing.first?.combination.rule {
      trace.add(.factors, .failed, first, factors)
      let remaining = missing.map {
        Combination(factors: $0.combination.factors.subtracting(factors), rule: $0.combination.rule)
      }
      return .stillNeeded(remaining, rule: first)
    }
    let (code, rule, note) = whyNotReachable(open, factors)
    let named = rule ?? open.first?.combination.rule ?? accepted.first?.combination.rule ?? rules.declared
    trace.add(.factors, .failed, named, factors)
    return .deny(Denial(code: code, rule: named, policy: policy.version, note: note))
  }

  /// Higher assurance first, then more kinds, then the order of the file. What needs a waiver has one kind and stands behind.
  private func strongest(_ complete: [AcceptedCombination], card: ProofClass?) -> AcceptedCombination? {
    func rank(_ entry: AcceptedCombination) -> (Int, Int) {
      (Assurance.level(entry.combination.factors, card: card).rawValue, entry.combination.kinds.count)
    }
    var best: AcceptedCombination?
    for entry in complete where best.map({ rank(entry) > rank($0) }) ?? true { best = entry }
    return best
  }

  /// Whether what was shown leads to the combination. A PIN comes with the card that checked it and is never one too many.
  private func isWithin(_ shown: FactorSet, _ combination: FactorSet) -> Bool {
    let extra = shown.subtracting(combination)
    return extra.isEmpty || (extra == [.pin] && combination.contains(.card))
  }

  /// Whether the person can still show this. While nobody is known, everything may still come.
  private func isReachable(_ missing: FactorSet, _ factors: FactorSet, _ shown: Shown) -> Bool {
    if missing.isEmpty { return false }
    guard request.person != nil else { return true }
    return missing.allSatisfy { factor in
      switch factor {
      // One card a ceremony: what it did not prove now, it will not prove.
      case .card, .pin: shown.cards.isEmpty
      case .password: request.authenticators.hasPassword
      case .palm: request.authenticators.hasPalm
      // Codes are handed over on paper; nothing tells whether one waits in a pocket.
      case .code: false
      }
    }
  }

  /// The nearest combination that this person cannot complete, and why.
  private func whyNotReachable(_ open: [AcceptedCombination], _ factors: FactorSet) -> (DenialCode, RuleID?, String) {
    let missing = open.map { (set: $0.combination.factors.subtracting(factors), rule: $0.combination.rule) }
      .filter { !$0.set.isEmpty }
    if !request.authenticators.hasPassword, let near = missing.first(where: { $0.set == [.password] }) {
      return (.passwordNotSet, near.rule, "a password would complete it, and none is set")
    }
    if let near = missing.first(where: { $0.set.isSubset(of: [.password, .palm]) }) {
      return (.factorUnavailable, near.rule, "what is missing is not registered for this person")
    }
    return (.factorMissing, nil, "no accepted combination")
  }

  // MARK: Saying no

  private func fail(
    _ subject: Explanation.Subject, _ code: DenialCode, _ rule: RuleID, _ note: String, _ trace: inout some Trace
  ) -> Denial {
    trace.add(subject, .failed, rule, [])
    return Denial(code: code, rule: rule, policy: policy.version, note: note)
  }

  private func deny(
    _ subject: Explanation.Subject, _ code: DenialCode, _ rule: RuleID, _ note: String, _ trace: inout some Trace
  ) -> Decision {
    .deny(fail(subject, code, rule, note, &trace))
  }
}
