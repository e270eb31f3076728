public import AuthTerms

/// What a plan does to people's access, counted against the limits together with what the last hour did. A first reading, into a
/// store without people, is free of limits: nobody can lose anything by it, and nobody has a card yet.
public struct PlanEffects: Sendable {
  public let losing: Set<PersonID>
  public let gaining: [Segment: Set<PersonID>]
  public let moving: Set<PersonID>
  /// Segments that people were let into and are not any more.
  public let leaving: [PersonID: Set<Segment>]
  /// Disabled by the source itself, and able to act before.
  public let disabled: Set<PersonID>
  /// Those of them who are disabled whatever is held, as they are; empty if they are too many, in this reading or within the hour.
  public let passing: [ResolvedPerson]
  /// Those who were disabled within the hour and whom the source has enabled again, otherwise as they were: let in again whatever
  /// is held. As they shall be.
  public let returning: [ResolvedPerson]
  /// Empty: the plan may be put in force.
  public let reasons: [HoldReason]
  /// By effect, who counts against the limits: all but those of whom it was approved beforehand.
  let counted: [RecentEffects.Effect: Set<PersonID>]

  public init(
    of plan: ImportPlan, groups: AccessGroups, limits: GuardLimits = GuardLimits(), recent: RecentEffects = RecentEffects(),
    foreseen: ForeseenChanges = ForeseenChanges()
  ) {
    var (losing, moving): (Set<PersonID>, Set<PersonID>) = (Set(plan.losingAccess), [])
    var counted: [RecentEffects.Effect: Set<PersonID>] = [:]
    var gaining: [Segment: Set<PersonID>] = [:]
    var leaving: [PersonID: Set<Segment>] = [:]
    func gain(_ person: PersonID, _ segments: Set<Segment>) {
      for segment in segments {
        gaining[segment, default: []].insert(person)
        if !foreseen.opens(segment, to: person, groups) { counted[.gained(segment), default: []].insert(person) }
      }
    }
    for person in plan.added { gain(person.id, groups.segments(of: person)) }
    for change in plan.changed {
      let (before, after) = (PersonAccess(change.before, groups: groups), PersonAccess(change.after, groups: groups))
      let (had, has) = (groups.segments(of: before), groups.segments(of: after))
      gain(change.after.id, has.subtracting(had))
      let left = had.subtracting(has)
      if !left.isEmpty { leaving[change.after.id] = left }
      if !had.isEmpty, has.isEmpty { losing.insert(change.after.id) }
      if before.isEnabled, before.departments != after.departments || before.groups != after.groups {
        moving.insert(change.after.id)
        if !foreseen.isOnItsWay(change.after.id, from: before, to: after) {
          counted[.moved, default: []].insert(change.after.id)
        }
      }
    }
    for change in plan.disabledBecauseAbsent where change.before.isEnabled {
      leaving[change.after.id] = groups.segments(of: change.before)
    }
    counted[.lost] = losing.filter { !foreseen.closes(to: $0, groups) }
    let disabled = Set(plan.losses.filter { $0.why == .disabled }.map(\.person))
    counted[.disabled] = disabled.filter { !foreseen.closes(to: $0, groups) }
    self.losing = losing
    self.leaving = leaving
    self.gaining = gaining
    self.moving = moving
    self.disabled = disabled
    self.counted = counted

    let all = recent.joined(by: counted, losing: losing, leaving: leaving, gaining: gaining)
    func count(_ effect: RecentEffects.Effect) -> Int { all[effect]?.count ?? 0 }
    func limit(_ percent: Int, _ atLeast: Int) -> Int { max(atLeast, plan.enabledBefore * percent / 100) }
    let loss = limit(limits.lossPercent, limits.lossAtLeast)
    passing =
      disabled.count <= limits.lossAtLeast && count(.disabled) <= loss
      ? plan.changed.map(\.before).filter { disabled.contains($0.id) } : []
    returning = plan.changed.filter { change in
      change.fields == [.isEnabled] && change.after.isEnabled && recent.hasDisabled(change.after.id)
    }.map(\.after)
    var reasons: [HoldReason] = []
    if plan.enabledBefore > 0 {
      if plan.named == 0 {
        reasons.append(.empty)
      } else if plan.named * 100 < plan.enabledBefore * limits.shortPercent {
        reasons.append(.short(named: plan.named, before: plan.enabledBefore))
      }
      // A reading that takes, opens or moves nothing of its own is never held for what was before it.
      if counted[.lost] != [], count(.lost) > loss { reasons.append(.losses(count: count(.lost), limit: loss)) }
      let most = limit(limits.gainPercent, limits.gainAtLeast)
      for segment in gaining.keys.sorted() where counted[.gained(segment)] != nil && count(.gained(segment)) > most {
        reasons.append(.gains(segment, count: count(.gained(segment)), limit: most))
      }
      let move = limit(limits.movePercent, limits.moveAtLeast)
      if counted[.moved] != nil, count(.moved) > move { reasons.append(.moves(count: count(.moved), limit: move)) }
    }
    self.reasons = reasons
  }
}

extension PlanEffects {
  /// What happens to whom, one line a person, those who lose first; ids, not names.
  /// - Parameter limit: lines, after which the rest is counted.
  public func lines(of plan: ImportPlan, limit: Int = 500) -> (ja: [String], en: [String]) {
    var (ja, en): ([String], [String]) = ([], [])
    func add(_ person: PersonID, _ textJa: String, _ textEn: String) {
      ja.append("\(person): \(textJa)")
      en.append("\(person): \(textEn)")
    }
    let told = Dictionary(plan.losses.map { ($0.person, $0.why) }, uniquingKeysWith: { first, _ in first })
    for person in losing.sorted() {
      add(person, told[person]?.ja ?? "使える系統がなくなります", told[person]?.en ?? "left without any segment")
    }
    for (person, segments) in leaving.sorted(by: { $0.key < $1.key }) where !losing.contains(person) {
      let names = segments.sorted().map(\.name).joined(separator: ", ")
      add(person, "\(names) を使えなくなります", "not let into \(names) any more")
    }
    var gained: [PersonID: [String]] = [:]
    for (segment, people) in gaining.sorted(by: { $0.key < $1.key }) {
      for person in people { gained[person, default: []].append(segment.name) }
    }
    for (person, names) in gained.sorted(by: { $0.key < $1.key }) {
      add(person, "\(names.joined(separator: ", ")) を使えるようになります", "let into \(names.joined(separator: ", "))")
    }
    for person in moving.subtracting(losing).subtracting(leaving.keys).subtracting(gained.keys).sorted() {
      add(person, "所属かグループが変わります", "another department or other groups")
    }
    let rest = ja.count - limit
    guard rest > 0 else { return (ja, en) }
    return (ja.prefix(limit) + ["ほか \(rest) 件"], en.prefix(limit) + ["and \(rest) more"])
  }
}
