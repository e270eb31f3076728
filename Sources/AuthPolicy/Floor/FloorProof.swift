import AuthTerms

/// Proves a compiled set by trying it: the evaluator itself decides every state a person could be in, and each grant is held
/// against the floor in words of its own. `SegmentFloor` looks at what is written; this looks at what would happen, so that
/// a mistake in the compiler, the grammar or the evaluator is found before the set is in force and not at a keyboard.
///
/// Hours and deny rules are left out: they only take away.
package struct FloorProof {
  private let policy: PolicySet

  package init(_ policy: PolicySet) { self.policy = policy }

  /// One fault a segment and scenario, with the state that is let in; empty if the set is proven.
  package func faults() -> [PolicyFault] {
    var faults: [PolicyFault] = []
    for rules in policy.rules.values.sorted(by: { $0.segment < $1.segment }) {
      let bare = policy.provable(rules)
      for scenario in [Scenario.logon, .unlock, .remote] {
        if let (state, decision) = counterExample(bare, rules, scenario) {
          faults.append(fault(state, decision, rules, scenario))
        }
      }
    }
    return faults
  }

  private func counterExample(_ bare: PolicySet, _ rules: SegmentRules, _ scenario: Scenario) -> (State, Grant)? {
    for membership in Membership.all(rules, scenario) {
      for (day, approved) in days(rules) {
        for factors in State.allFactors {
          var state = factors
          state.day = day
          state.approved = approved
          state.membership = membership
          guard let grant = bare.grant(state, rules.segment, scenario) else { continue }
          if !isAboveFloor(state, grant, rules, scenario) || !isForPerson(state, grant, rules, scenario) {
            return (state, grant)
          }
          if state.palm != nil, bare.grant(state.withoutBiometrics, rules.segment, scenario) == nil { return (state, grant) }
          // Whatever opened it, nothing of this may be wrong with the person, the card or the session.
          for flaw in State.Flaw.allCases where flaw.concerns(scenario, hasCard: state.proofClass != nil) {
            state.flaw = flaw
            if let grant = bare.grant(state, rules.segment, scenario) { return (state, grant) }
          }
        }
      }
    }
    return nil
  }

  /// The line that let the person in is for everybody, or names one of her groups.
  private func isForPerson(_ state: State, _ grant: Grant, _ rules: SegmentRules, _ scenario: Scenario) -> Bool {
    (rules.accepted[scenario] ?? []).contains { entry in
      entry.combination.rule == grant.rule && entry.combination.factors == grant.factors
        && (entry.groups.isEmpty || entry.groups.contains { state.membership.groups.contains($0) })
    }
  }

  /// A day without any waiver and both ends of each, with all of them signed, none, and each alone.
  private func days(_ rules: SegmentRules) -> [(day: Int, approved: Set<WaiverHash>)] {
    let signed = Set([[], Set(rules.waivers.map(\.hash))] + rules.waivers.map { [$0.hash] })
    return ([0] + rules.waivers.flatMap { [$0.from, $0.until, $0.until + 1] }).flatMap { day in
      signed.map { (day, $0) }
    }
  }

  private func isAboveFloor(_ state: State, _ grant: Grant, _ rules: SegmentRules, _ scenario: Scenario) -> Bool {
    let inForce = Set(
      rules.waivers.filter { $0.from <= state.day && state.day <= $0.until && state.approved.contains($0.hash) }.map(\.name))
    let marked = grant.waivers.map(\.name)
    let weakest: ProofClass = rules.segment == .mynumber ? .publicKey : .symmetric3DES
    let isWaived =
      state.proofClass == .identifier && inForce.contains(.identifierAsPossession) && rules.segment != .mynumber
    if let proofClass = state.proofClass, proofClass < weakest, !isWaived { return false }
    if isWaived, grant.factors.contains(.card), !marked.contains(WaiverName.identifierAsPossession.rawValue) {
      return false
    }
    if grant.factors.contains(.code), !grant.factors.contains(.password), !grant.factors.contains(.palm) { return false }
    let hasPossession = state.proofClass != nil || state.code
    let knows = state.password || state.proofClass == .publicKeyWithPIN
    let palm = state.palm ?? 0
    if scenario == .unlock { return knows || palm >= 6 || (palm >= 5 && hasPossession) }
    guard hasPossession else { return false }
    if knows || palm >= 5 { return grant.factors.count >= 2 || marked == [WaiverName.introductionPhase.rawValue] }
    return inForce.contains(.introductionPhase) && marked.contains(WaiverName.introductionPhase.rawValue)
  }

  private func fault(_ state: State, _ grant: Grant, _ rules: SegmentRules, _ scenario: Scenario) -> PolicyFault {
    let log = FaultLog(file: grant.rule.file)
    let shown = "\(scenario.rawValue): \(state.words)"
    log.add(.floorNotProven, Position(line: max(1, grant.rule.line), column: 1), FaultDetail(expected: Bilingual(same: shown)))
    return log.faults[0]
  }
}

/// Who somebody is to the lines of one scenario: in one group that may enter, and in at most one that a line names.
///
/// That is enough. More groups only add lines, and a grant is made by one line: whoever gets in below the floor by a line
/// gets in by it too with only the group that the line names, and whoever lacks a way without a palm lacks it all the more.
private struct Membership {
  var entering: String
  var line: String?

  var groups: Set<String> { Set([entering, line].compactMap(\.self)) }

  /// Groups that stand in the same lines are alike: one of each is tried, of those that may enter the ones in fewest lines.
  static func all(_ rules: SegmentRules, _ scenario: Scenario) -> [Membership] {
    let lines = (rules.accepted[scenario] ?? []).map(\.groups)
    func places(_ group: String) -> Set<Int> { Set(lines.indices.filter { lines[$0].contains(group) }) }
    func each(_ groups: Set<String>) -> [(name: String, places: Set<Int>)] {
      var seen: Set<Set<Int>> = []
      return groups.sorted().map { ($0, places($0)) }.filter { seen.insert($0.1).inserted }
    }
    let people = each(rules.people)
    let entering = people.filter { one in !people.contains { $0.places.isStrictSubset(of: one.places) } }
    let named = each(lines.reduce(into: []) { $0.formUnion($1) })
    return entering.flatMap { one in
      [Membership(entering: one.name)] + named.map { Membership(entering: one.name, line: $0.name) }
    }
  }
}

/// What somebody shows, and what may be wrong with it.
private struct State {
  enum Flaw: CaseIterable {
    case lostCard, suspendedCard, disabled, tooEarly, tooLate, noGroup, revokedWorkstation, throttled
    case noSession, othersSession, revokedSession, sessionOfOneKind, idle, overall, noSessionKey, otherSessionKey

    func concerns(_ scenario: Scenario, hasCard: Bool) -> Bool {
      switch self {
      case .lostCard, .suspendedCard: hasCard
      case .disabled, .tooEarly, .tooLate, .noGroup, .revokedWorkstation, .throttled: true
      case .noSession, .othersSession, .revokedSession, .sessionOfOneKind, .idle, .overall, .noSessionKey, .otherSessionKey:
        scenario == .unlock
      }
    }
  }

  var proofClass: ProofClass?
  var password = false
  var palm: Int?
  var code = false
  var hasPalm = true
  var day = 0
  var approved: Set<WaiverHash> = []
  var membership = Membership(entering: "")
  var flaw: Flaw?

  static let allFactors: [State] = ([nil] + ProofClass.allCases.map(Optional.some)).flatMap { proofClass in
    [false, true].flatMap { password in
      [nil, 4, 5, 6, 7].flatMap { palm in
        [false, true].map { code in State(proofClass: proofClass, password: password, palm: palm, code: code) }
      }
    }
  }

  /// The same person without a palm, with the best card and the password.
  var withoutBiometrics: State {
    State(
      proofClass: .publicKeyWithPIN, password: true, palm: nil, code: false, hasPalm: false, day: day, approved: approved,
      membership: membership)
  }

  var words: String {
    var words: [String] = []
    if let proofClass { words.append("card (\(proofClass.name))") }
    if password { words.append("password") }
    if let palm { words.append("palm (1e-\(palm))") }
    if code { words.append("code") }
    if let line = membership.line { words.append("group (\(line))") }
    if let flaw { words.append("\(flaw)") }
    return words.isEmpty ? "nothing" : words.joined(separator: " + ")
  }
}

/// Who and what a state names; read once, because thousands of states are tried.
private struct StateNames: Sendable {
  let person: PersonID
  let otherPerson: PersonID
  let session: SessionID
  let otherSession: SessionID
  let card: CardID
  let ceremony: CeremonyID
  let workstation: WorkstationID

  static let all = try? StateNames()

  private init() throws(MalformedInput) {
    person = try PersonID(parsing: "p")
    otherPerson = try PersonID(parsing: "p2")
    session = try SessionID(parsing: "s")
    otherSession = try SessionID(parsing: "s2")
    card = try CardID(parsing: "c")
    ceremony = try CeremonyID(parsing: "c")
    workstation = try WorkstationID(parsing: "w")
  }
}

extension PolicySet {
  /// The same rules without what only takes away.
  fileprivate func provable(_ rules: SegmentRules) -> PolicySet {
    var bare = rules
    bare.denials = []
    bare.hours = []
    return replacing(bare)
  }

  fileprivate func grant(_ state: State, _ segment: Segment, _ scenario: Scenario) -> Grant? {
    let people = rules[segment]?.people ?? []
    guard let names = StateNames.all, case .grant(let grant) = decide(state.request(segment, scenario, people, names)) else {
      return nil
    }
    return grant
  }
}

extension State {
  fileprivate func request(
    _ segment: Segment, _ scenario: Scenario, _ people: Set<String>, _ names: StateNames
  ) -> DecisionRequest {
    let (person, session) = (names.person, names.session)
    let now = Moment(wallMilliseconds: 1 << 41, boot: "b", monotonicMilliseconds: 1 << 40)
    func before(_ seconds: Int64) -> Moment { now.advanced(bySeconds: -seconds) }
    var proofs: [Proof] = []
    if let proofClass {
      let state: CardState = flaw == .lostCard ? .lost : flaw == .suspendedCard ? .suspended : .active
      proofs.append(.card(names.card, proofClass, state))
    }
    if password { proofs.append(.password) }
    if let palm { proofs.append(.palm(falseMatchExponent: palm)) }
    if code { proofs.append(.code) }
    var waiting: SessionFacts?
    if scenario == .unlock {
      if flaw != .noSessionKey { proofs.append(.sessionKey(flaw == .otherSessionKey ? names.otherSession : session)) }
      waiting = SessionFacts(
        id: session, person: flaw == .othersSession ? names.otherPerson : person, isLocked: true,
        openedAt: before(flaw == .overall ? 86_400 : flaw == .idle ? 3600 : 60),
        lastActivity: before(flaw == .idle ? 3600 : 30), kinds: flaw == .sessionOfOneKind ? [.have] : [.have, .know],
        isRevoked: flaw == .revokedSession)
      if flaw == .noSession { waiting = nil }
    }
    return DecisionRequest(
      ceremony: names.ceremony, scenario: scenario,
      workstation: WorkstationFacts(
        id: names.workstation, segment: segment, isRevoked: flaw == .revokedWorkstation),
      person: PersonFacts(
        id: person, groups: flaw == .noGroup ? membership.groups.subtracting(people) : membership.groups,
        isEnabled: flaw != .disabled,
        firstDay: flaw == .tooEarly ? day + 1 : nil, lastDay: flaw == .tooLate ? day - 1 : nil, hasManagedPassword: false),
      proofs: proofs, authenticators: AuthenticatorFacts(hasPassword: true, hasPalm: hasPalm), session: waiting,
      sessionsElsewhere: 0, throttledUntil: flaw == .throttled ? now.advanced(bySeconds: 1) : nil,
      approvedWaivers: approved, now: now,
      local: LocalTime(weekday: 1, minuteOfDay: 540, day: day))
  }
}
