package import AuthTerms

/// One set of factors that one line of the file accepts in one scenario.
package struct AcceptedCombination: Sendable, Hashable {
  package var combination: Combination
  /// Below the floor without it.
  package var needs: WaiverName?
  /// Who the line is for, besides being one of the segment's people; empty: all of them.
  package var groups: Set<String>

  package init(combination: Combination, needs: WaiverName? = nil, groups: Set<String> = []) {
    self.combination = combination
    self.needs = needs
    self.groups = groups
  }

  /// - Parameter found: `nil` while nobody has shown a card; then nothing is told about groups, and every line may still fit.
  func isFor(_ found: Set<String>?) -> Bool { groups.isEmpty || found.map { !groups.isDisjoint(with: $0) } ?? true }
}

/// Refuses whoever meets all of its conditions; at least one is there.
package struct DenyRule: Sendable, Hashable {
  package var rule: RuleID
  package var reason: String
  package var groups: Set<String>
  package var workstations: Set<WorkstationID>
  var hours: [WeekHours]

  /// - Parameter groups: `nil` while nobody has shown a card; a condition on groups is then not met.
  func matches(workstation: WorkstationID, groups found: Set<String>?, at time: LocalTime) -> Bool {
    if !groups.isEmpty, found.map(groups.isDisjoint) ?? true { return false }
    if !workstations.isEmpty, !workstations.contains(workstation) { return false }
    if !hours.isEmpty, !hours.contains(where: { $0.contains(time) }) { return false }
    return true
  }
}

/// One segment file, compiled: everything `decide` looks at.
package struct SegmentRules: Sendable {
  package var segment: Segment
  /// The line of `segment:`, for what the whole file decides.
  package var declared: RuleID
  package var people: Set<String>
  package var peopleRule: RuleID
  package var proofFloor: ProofClass
  package var proofRule: RuleID
  package var terms: SessionTerms
  /// Live sessions of one person in this segment.
  package var sessionsAtOnce: Int
  package var sessionRule: RuleID
  /// How closely a palm has to match to count.
  package var palmRates: PalmRates
  /// How long people are let in by what the directory said last, when it does not answer.
  package var oldestDirectorySeconds: Int64
  package var directoryRule: RuleID
  var hours: [WeekHours]
  var hoursRule: RuleID
  package var accepted: [Scenario: [AcceptedCombination]]
  package var denials: [DenyRule]
  package var waivers: [Waiver]
  /// The oldest chip of a FeliCa card that is known by its number; `nil`: any.
  package var felicaGeneration: FelicaGeneration?
  /// Whether people register their cards at their own workstations, with an enrolment code and their password.
  package var takesFirstTaps = false
  /// Whether a My Number Card's user-authentication key counts as a card's key here.
  package var takesMyNumberCards = false

  package var countOfRules: Int { accepted.values.reduce(denials.count) { $0 + $1.count } }

  /// The waiver of that name that holds on that day: inside its dates, and signed by its approvers.
  package func waiver(_ name: WaiverName, on day: Int, approved: Set<WaiverHash>) -> Waiver? {
    waivers.first { $0.name == name && $0.isInForce(on: day) && approved.contains($0.hash) }
  }

  /// What the segment accepts on that day: combinations that lean on a waiver are there only while it is in force and signed.
  package func accepted(_ scenario: Scenario, on day: Int, approved: Set<WaiverHash>) -> [AcceptedCombination] {
    (accepted[scenario] ?? []).filter { entry in
      entry.needs.map { waiver($0, on: day, approved: approved) != nil } ?? true
    }
  }

  /// The weakest card that is taken for one, on that day.
  package func proofFloor(on day: Int, approved: Set<WaiverHash>) -> ProofClass {
    guard proofFloor == .identifier else { return proofFloor }
    if case .taken = numbers(on: day, approved: approved) { return proofFloor }
    return SegmentFloor.weakestProof(segment)
  }

  /// What a card is that tells a number alone, on that day. In My Number nothing, whoever signs (docs/policy.md, "Waivers").
  package func numbers(on day: Int, approved: Set<WaiverHash>) -> NumberCardStanding {
    guard proofFloor == .identifier, segment != .mynumber else { return .notTaken }
    if let waiver = waiver(.identifierAsPossession, on: day, approved: approved) { return .taken(UsedWaiver(waiver)) }
    guard let last = lastDayOfNumbers else { return .notTaken }
    return last < day ? .over : .notTaken
  }

  /// The last day of the waivers for numbers of cards, signed or not; `nil` where there is none, or where none would count.
  package var lastDayOfNumbers: Int? {
    guard proofFloor == .identifier, segment != .mynumber else { return nil }
    return waivers.filter { $0.name == .identifierAsPossession }.map(\.until).max()
  }
}
