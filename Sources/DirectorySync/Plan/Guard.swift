public import AuthTerms

/// How much one reading of the directory may change by itself. Counted are people whose decisions change, not objects: a group
/// rule that takes the segment from a hundred people is a hundred people.
public struct GuardLimits: Sendable, Hashable {
  /// Of the people who may act now, how many per cent may lose access; `atLeast` of them always may.
  public var lossPercent: Int
  public var lossAtLeast: Int
  /// … may gain a segment they had not.
  public var gainPercent: Int
  public var gainAtLeast: Int
  /// … may change department, or groups that a rule names.
  public var movePercent: Int
  public var moveAtLeast: Int
  /// A reading that names fewer people than this part of those who may act now, in per cent, is a short one.
  public var shortPercent: Int

  public init() {
    (lossPercent, lossAtLeast) = (3, 10)
    (gainPercent, gainAtLeast) = (5, 10)
    (movePercent, moveAtLeast) = (30, 10)
    shortPercent = 90
  }
}

/// Which groups open what, as the rules in force say; the names are those of policies.
public struct AccessGroups: Sendable {
  /// Groups whose members are let into each segment.
  public var segments: [Segment: Set<String>]
  /// Every group that a rule names, those of segments among them.
  public var named: Set<String>

  public init(segments: [Segment: Set<String>], named: Set<String> = []) {
    self.segments = segments
    self.named = segments.values.reduce(into: named) { $0.formUnion($1) }
  }

  func segments(of person: ResolvedPerson) -> Set<Segment> {
    person.isEnabled ? Set(segments.filter { !$0.value.isDisjoint(with: person.groups) }.map(\.key)) : []
  }
}

/// Why a reading was not put in force as a whole.
public enum HoldReason: Sendable, Hashable {
  /// The OU that the staff stand below is gone, or has another name.
  case baseGone(String)
  /// The directory names nobody.
  case empty
  case short(named: Int, before: Int)
  case losses(count: Int, limit: Int)
  case gains(Segment, count: Int, limit: Int)
  case moves(count: Int, limit: Int)

  /// Whether two people can let it pass. A directory that names nobody, or no OU of the staff, is put right in the directory or in
  /// the start-up file.
  public var canBeApproved: Bool {
    switch self {
    case .baseGone, .empty: false
    case .short, .losses, .gains, .moves: true
    }
  }

  public var ja: String {
    switch self {
    case .baseGone(let path): "職員の OU「\(path)」が見つかりません。名前の変更や移動がないか確認してください"
    case .empty: "ディレクトリに職員が一人もいません"
    case .short(let named, let before): "読み取れた職員が \(named) 人しかいません（前回 \(before) 人）"
    case .losses(let count, let limit): "\(count) 人が利用できなくなります（上限 \(limit) 人）"
    case .gains(let segment, let count, let limit): "\(count) 人が新たに \(segment.name) を使えるようになります（上限 \(limit) 人）"
    case .moves(let count, let limit): "\(count) 人の所属かグループが変わります（上限 \(limit) 人）"
    }
  }

  public var en: String {
    switch self {
    case .baseGone(let path): "the OU of the staff, \"\(path)\", is not there: look whether it was renamed or moved"
    case .empty: "the directory names nobody"
    case .short(let named, let before): "only \(named) people could be read (\(before) before)"
    case .losses(let count, let limit): "\(count) people would lose access (limit \(limit))"
    case .gains(let segment, let count, let limit): "\(count) people would newly get into \(segment.name) (limit \(limit))"
    case .moves(let count, let limit): "departments or groups of \(count) people would change (limit \(limit))"
    }
  }
}

/// What a plan does to people's access, counted against the limits. A first reading, into a store without people, is free of
/// limits: nobody can lose anything by it, and nobody has a card yet.
public struct PlanEffects: Sendable {
  public let losing: Set<PersonID>
  public let gaining: [Segment: Set<PersonID>]
  public let moving: Set<PersonID>
  /// Segments that people were let into and are not any more.
  public let leaving: [PersonID: Set<Segment>]
  /// Empty: the plan may be put in force.
  public let reasons: [HoldReason]

  public init(of plan: ImportPlan, groups: AccessGroups, limits: GuardLimits = GuardLimits()) {
    var (losing, moving): (Set<PersonID>, Set<PersonID>) = (Set(plan.losingAccess), [])
    var gaining: [Segment: Set<PersonID>] = [:]
    var leaving: [PersonID: Set<Segment>] = [:]
    func gain(_ person: PersonID, _ segments: Set<Segment>) {
      for segment in segments { gaining[segment, default: []].insert(person) }
    }
    for person in plan.added { gain(person.id, groups.segments(of: person)) }
    for change in plan.changed {
      let (before, after) = (groups.segments(of: change.before), groups.segments(of: change.after))
      gain(change.after.id, after.subtracting(before))
      let left = before.subtracting(after)
      if !left.isEmpty { leaving[change.after.id] = left }
      if !before.isEmpty, after.isEmpty { losing.insert(change.after.id) }
      let isMoved =
        change.fields.contains(.departments)
        || change.before.groups.intersection(groups.named) != change.after.groups.intersection(groups.named)
      if change.before.isEnabled, isMoved { moving.insert(change.after.id) }
    }
    for change in plan.disabledBecauseAbsent where change.before.isEnabled {
      leaving[change.after.id] = groups.segments(of: change.before)
    }
    self.losing = losing
    self.leaving = leaving
    self.gaining = gaining
    self.moving = moving

    func limit(_ percent: Int, _ atLeast: Int) -> Int { max(atLeast, plan.enabledBefore * percent / 100) }
    var reasons: [HoldReason] = []
    if plan.enabledBefore > 0 {
      if plan.named == 0 {
        reasons.append(.empty)
      } else if plan.named * 100 < plan.enabledBefore * limits.shortPercent {
        reasons.append(.short(named: plan.named, before: plan.enabledBefore))
      }
      let loss = limit(limits.lossPercent, limits.lossAtLeast)
      if losing.count > loss { reasons.append(.losses(count: losing.count, limit: loss)) }
      let most = limit(limits.gainPercent, limits.gainAtLeast)
      for (segment, people) in gaining.sorted(by: { $0.key < $1.key }) where people.count > most {
        reasons.append(.gains(segment, count: people.count, limit: most))
      }
      let move = limit(limits.movePercent, limits.moveAtLeast)
      if moving.count > move { reasons.append(.moves(count: moving.count, limit: move)) }
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
