public import AuthTerms

extension Denial {
  /// Whether other groups could change it.
  public var isForWantOfGroups: Bool { code == .segmentNotAllowed || code == .scenarioNotAllowed }
}

extension PolicySet {
  /// Groups that open anything: a segment, or a line of one.
  public var openingGroups: Set<String> {
    rules.values.reduce(into: Set<String>()) { groups, rules in
      groups.formUnion(rules.people)
      for entry in rules.accepted.values.joined() { groups.formUnion(entry.groups) }
    }
  }

  /// Whether somebody of these groups may be let in there at all, whatever the day and the factors.
  public func opens(_ segment: Segment, _ scenario: Scenario, to groups: Set<String>) -> Bool {
    guard let rules = rules[segment], !rules.people.isDisjoint(with: groups) else { return false }
    return (rules.accepted[scenario] ?? []).contains { $0.isFor(groups) }
  }

  /// Own groups decide first. Only who is refused for want of groups is looked at again, with those of each dated access and then
  /// with all of them: so what somebody may do anyway neither loses nor gains a factor by a dated access. Whichever of them grants
  /// does, whatever they are called: that another one asks for more takes nothing away.
  func evaluate<T: Trace>(_ request: DecisionRequest, _ trace: () -> T) -> (Decision, T) {
    var steps = trace()
    let own = Evaluator(policy: self, request: request).decide(&steps)
    guard case .deny(let denial) = own, denial.isForWantOfGroups, let person = request.person, !person.dated.isEmpty else {
      return (own, steps)
    }
    var refused = (own, steps)
    var needing: (Decision, T)?
    for dated in person.attempts {
      // All together are for what none opens by itself.
      if dated.count > 1, needing != nil { break }
      var tried = request
      for one in dated { tried.person?.groups.formUnion(one.groups) }
      tried.person?.dated = dated
      var steps = trace()
      let decision = Evaluator(policy: self, request: tried, dated: dated.map(\.access)).decide(&steps)
      switch decision {
      case .grant: return (decision, steps)
      case .stillNeeded: if needing == nil { needing = (decision, steps) }
      case .deny(let denial):
        // A rule that refuses this person says more than that groups are missing.
        if case .deny(let former) = refused.0, former.isForWantOfGroups, !denial.isForWantOfGroups {
          refused = (decision, steps)
        }
      }
    }
    return needing ?? refused
  }
}

extension PersonFacts {
  fileprivate var attempts: [[DatedGroups]] {
    let each = dated.sorted { $0.access < $1.access }
    return each.map { [$0] } + (each.count > 1 ? [each] : [])
  }
}
