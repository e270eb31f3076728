import AuthTerms

/// Minutes of a week, Monday 00:00 first.
private struct WeekMinutes {
  static let count = 7 * 1440
  private var bits: [Bool]

  /// No hours named: always.
  init(_ hours: [WeekHours]) {
    bits = Array(repeating: hours.isEmpty, count: Self.count)
    for entry in hours {
      for day in entry.weekdays {
        for minute in entry.minutes { bits[(day - 1) * 1440 + minute] = true }
      }
    }
  }

  private init(bits: [Bool]) { self.bits = bits }

  static let none = WeekMinutes(bits: Array(repeating: false, count: WeekMinutes.count))

  mutating func formUnion(_ other: WeekMinutes) { for index in bits.indices where other.bits[index] { bits[index] = true } }

  func isSubset(of other: WeekMinutes) -> Bool { bits.indices.allSatisfy { !bits[$0] || other.bits[$0] } }
}

extension SegmentDifference {
  func gainedHours(_ effect: PolicyChange.Effect) -> [PolicyChange] {
    guard next.hours != former.hours, !WeekMinutes(next.hours).isSubset(of: WeekMinutes(former.hours)) else { return [] }
    let text = next.hours.isEmpty ? ("いつでも", "at any hour") : (Self.text(next.hours), Self.text(next.hours))
    let rule = next.hours.isEmpty ? next.declared : next.hoursRule
    let (ja, en) =
      effect == .widening
      ? ("入れる時間が増えます: \(text.0)。", "there are more hours to enter: \(text.1)")
      : ("入れる時間が減ります。これまで: \(text.0)。", "there are fewer hours to enter than before, which were: \(text.1)")
    return [PolicyChange(effect, next.segment, rule, "\(next.segment.title.ja): \(ja)", "\(next.segment.title.en): \(en)")]
  }

  private static func text(_ hours: [WeekHours]) -> String { hours.map(\.text).joined(separator: ", ") }

  /// Whom a deny rule of before refused and no rule refuses now.
  func gainedByDenials(_ effect: PolicyChange.Effect) -> [PolicyChange] {
    former.denials.filter { !isRefused($0) }.map { rule in
      let (ja, en) =
        effect == .widening
        ? ("拒否の規則「\(rule.reason)」が、前のすべてには当たらなくなります。", "the deny rule \"\(rule.reason)\" no longer refuses all that it did")
        : ("拒否の規則「\(rule.reason)」が、前より多くに当たります。", "the deny rule \"\(rule.reason)\" refuses more than before")
      return PolicyChange(
        effect, next.segment, rule.rule, "\(next.segment.title.ja): \(ja)", "\(next.segment.title.en): \(en)")
    }
  }

  /// Whether everything that the rule refuses is refused by the next set's rules: each of its groups, alone, at each of its
  /// workstations, in each of its minutes. Rules for groups of the segment itself are not counted together: in doubt it is a gain.
  private func isRefused(_ rule: DenyRule) -> Bool {
    let rules = next.denials
    if rules.contains(where: { Self.meansTheSame($0, rule) }) { return true }
    func matching(_ name: String?, _ conditions: (DenyRule) -> Set<String>) -> Set<Int> {
      Set(
        rules.indices.filter { index in
          let named = conditions(rules[index])
          return named.isEmpty || name.map { named.contains($0) } ?? false
        })
    }
    func alike(_ names: Set<String>, _ conditions: (DenyRule) -> Set<String>) -> Set<Set<Int>> {
      names.isEmpty ? [matching(nil, conditions)] : Set(names.map { matching($0, conditions) })
    }
    let groups = alike(rule.groups) { $0.groups }
    let places = alike(Set(rule.workstations.map(\.text))) { Set($0.workstations.map(\.text)) }
    let minutes = WeekMinutes(rule.hours)
    return groups.allSatisfy { group in
      places.allSatisfy { place in
        var refused = WeekMinutes.none
        for index in group.intersection(place) { refused.formUnion(WeekMinutes(rules[index].hours)) }
        return minutes.isSubset(of: refused)
      }
    }
  }

  private static func meansTheSame(_ a: DenyRule, _ b: DenyRule) -> Bool {
    a.groups == b.groups && a.workstations == b.workstations && a.hours == b.hours
  }

  func gainedWaivers(_ effect: PolicyChange.Effect) -> [PolicyChange] {
    let known = Set(former.waivers.map(\.hash))
    return next.waivers.filter { !known.contains($0.hash) }.map { waiver in
      let span = "\(waiver.name.rawValue) \(CalendarDay.text(waiver.from)) – \(CalendarDay.text(waiver.until))"
      let (ja, en) =
        effect == .widening
        ? ("期限付き特例が置かれます(\(span))。承認者の署名があって効きます。", "a waiver is written (\(span)); it counts once its approvers have signed")
        : ("期限付き特例がなくなります(\(span))。", "a waiver is there no longer (\(span))")
      return PolicyChange(
        effect, next.segment, waiver.rule, "\(next.segment.title.ja): \(ja)", "\(next.segment.title.en): \(en)")
    }
  }
}
