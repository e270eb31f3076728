public import AuthTerms

extension PolicySet {
  /// Groups whose members are let into each segment at all.
  public var peopleGroups: [Segment: Set<String>] { rules.mapValues(\.people) }

  /// Groups that any line names: whoever joins or leaves another one decides nothing by it.
  public var namedGroups: Set<String> {
    rules.values.reduce(into: Set<String>()) { groups, rules in
      groups.formUnion(rules.people)
      for denial in rules.denials { groups.formUnion(denial.groups) }
      for entry in rules.accepted.values.joined() { groups.formUnion(entry.groups) }
    }
  }

  /// What only somebody who knows the directory can see: lines for groups that nobody is in, and lines that nobody can use.
  ///
  /// Never an error: a group may be filled tomorrow.
  /// - Parameter memberships: the groups of each person who may log on at all, nested groups included.
  public func warnings(knowing memberships: [Set<String>]) -> [PolicyFault] {
    let known = memberships.reduce(into: Set<String>()) { $0.formUnion($1) }
    var warnings: [PolicyFault] = []
    for rules in rules.values {
      let people = memberships.filter { !rules.people.isDisjoint(with: $0) }
      let log = FaultLog(file: rules.declared.file)
      var lines: [Int: Set<String>] = [:]
      for entry in rules.accepted.values.joined() where !entry.groups.isEmpty {
        lines[entry.combination.rule.line] = entry.groups
      }
      for (line, groups) in lines {
        let position = Position(line: line, column: 1)
        if !groups.isSubset(of: known) { log.warn(.groupUnknown, position) }
        if !people.contains(where: { !groups.isDisjoint(with: $0) }) { log.warn(.lineUnreachable, position) }
      }
      warnings += log.warnings
    }
    return FaultLog.sorted(warnings)
  }
}
