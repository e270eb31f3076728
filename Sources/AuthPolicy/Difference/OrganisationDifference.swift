import AuthTerms

/// What `organisation.yaml` changes.
struct OrganisationDifference {
  private let former: Organisation
  private let next: Organisation
  /// For the groups that rules name.
  private let sets: (former: PolicySet, next: PolicySet)

  private static let rule = RuleID(file: OrganisationFile.name, line: 1)

  init(former: PolicySet, next: PolicySet) {
    self.former = former.organisation
    self.next = next.organisation
    sets = (former, next)
  }

  func changes() -> [PolicyChange] {
    var changes: [PolicyChange] = []
    func say(_ effect: PolicyChange.Effect, _ ja: String, _ en: String) {
      changes.append(PolicyChange(effect, nil, Self.rule, ja, en))
    }
    if next.timeZoneOffsetSeconds != former.timeZoneOffsetSeconds {
      say(
        .widening, "時差が変わります。日付と時間帯で決まるものの始まりと終わりが動きます。",
        "the time zone changes: whatever begins or ends by day or hour does so at another moment")
    }
    for (limits, old, ja, en) in [
      (next.throttle, former.throttle, "職員とカード", "people and cards"),
      (next.workstationThrottle, former.workstationThrottle, "端末", "workstations"),
    ] where limits != old {
      if limits.allowsMore(than: old) {
        say(.widening, "失敗の後、\(ja)は早く、または多く試せるようになります。", "after failures, \(en) may try sooner or more often")
      }
      if old.allowsMore(than: limits) {
        say(.narrowing, "失敗の後、\(ja)の待ち時間が長く、または回数が少なくなります。", "after failures, \(en) wait longer or may try less often")
      }
    }
    for unit in next.unitGroups where !former.unitGroups.contains(unit) { tell(of: unit, in: sets.next, isAdded: true, say) }
    for unit in former.unitGroups where !next.unitGroups.contains(unit) { tell(of: unit, in: sets.former, isAdded: false, say) }
    if next.purgeAfterDays != former.purgeAfterDays {
      say(
        .neutral, "退職者の記録を消すまでの日数が \(former.purgeAfterDays) 日から \(next.purgeAfterDays) 日になります。",
        "leavers are removed after \(next.purgeAfterDays) days instead of \(former.purgeAfterDays)")
    }
    if next.city != former.city || next.sites != former.sites || next.helpDesk != former.helpDesk
      || next.models != former.models
    {
      say(
        .neutral, "市、庁舎、ヘルプデスク、モデルの名前や文が変わります。入れる人と方法は変わりません。",
        "names or texts of the city, its sites, its help desk or the model change; nobody's access does")
    }
    return changes
  }

  /// Who is in a group by her place in the directory gains by lines that name it, and loses by deny rules that do.
  private func tell(
    of unit: UnitGroup, in set: PolicySet, isAdded: Bool, _ say: (PolicyChange.Effect, String, String) -> Void
  ) {
    let lets = set.rules.values.contains { rules in
      rules.people.contains(unit.group) || rules.accepted.values.joined().contains { $0.groups.contains(unit.group) }
    }
    let refuses = set.rules.values.contains { rules in rules.denials.contains { $0.groups.contains(unit.group) } }
    let (gains, loses) = isAdded ? (lets, refuses) : (refuses, lets)
    let place = unit.path.joined(separator: "/")
    say(
      gains ? .widening : loses ? .narrowing : .neutral,
      isAdded
        ? "「\(place)」以下の職員が、グループ「\(unit.group)」に入ります。" : "「\(place)」以下の職員が、グループ「\(unit.group)」から外れます。",
      isAdded
        ? "everybody below \(place) comes into the group \(unit.group)"
        : "nobody is in the group \(unit.group) by being below \(place) any more")
  }
}

extension ThrottleLimits {
  /// Failures that are looked at one by one: the greatest `most-failures`, and the doublings up to the longest delay, lie below.
  private static let farthest = 200

  /// Whether some attempt comes sooner than under the other limits, or a failure is forgiven sooner.
  func allowsMore(than other: ThrottleLimits) -> Bool {
    if let mine = decaySeconds, let theirs = other.decaySeconds, mine < theirs { return true }
    return (1...Self.farthest).contains { delay(after: $0) < other.delay(after: $0) }
  }

  /// Seconds after so many failures; `Int.max`: until an operator clears it.
  private func delay(after failures: Int) -> Int {
    if let ceiling, failures >= ceiling { return .max }
    let step = failures - freeFailures - 1
    return step < 0 ? 0 : max(1, min(longestDelaySeconds, firstDelaySeconds << min(step, 20)))
  }
}
