public import AuthTerms

/// One thing that a policy set allows or refuses otherwise than the set before it, in words for who has to approve it.
public struct PolicyChange: Sendable, Hashable {
  public enum Effect: String, Sendable, CaseIterable {
    /// Somebody may do what was refused before.
    case widening
    /// Somebody is refused what was allowed before, and nobody gains.
    case narrowing
    /// Nobody's access changes.
    case neutral
  }

  public let effect: Effect
  /// `nil`: the whole city, or an application or a kind of card.
  public let segment: Segment?
  /// Where it is written: in the new set for what is gained, in the former one for what is lost.
  public let rule: RuleID
  public let ja: String
  public let en: String

  init(_ effect: Effect, _ segment: Segment?, _ rule: RuleID, _ ja: String, _ en: String) {
    self.effect = effect
    self.segment = segment
    self.rule = rule
    self.ja = ja
    self.en = en
  }
}

extension Sequence<PolicyChange> {
  /// Whether anybody may do more than before: then one person's signature is not enough.
  public var widens: Bool { contains { $0.effect == .widening } }
}

extension PolicySet {
  /// What this set changes in comparison with the one before it, widenings first; empty only for the same bytes.
  ///
  /// A rule that refuses everybody always does not make a new way harmless: a way is compared with the ways before it, and hours
  /// and deny rules with theirs. In doubt it is a widening.
  /// - Parameter segments: those an instance serves; `nil`: all.
  public func changes(from former: PolicySet, segments: Set<Segment>? = nil) -> [PolicyChange] {
    guard version != former.version else { return [] }
    var changes = OrganisationDifference(former: former, next: self).changes()
    for segment in Set(former.rules.keys).union(rules.keys).sorted() where segments?.contains(segment) ?? true {
      let title = segment.title
      switch (former.rules[segment], rules[segment]) {
      case (let old?, let new?): changes += SegmentDifference(former: old, next: new).changes()
      case (nil, let new?):
        changes.append(
          PolicyChange(
            .widening, segment, new.declared, "\(title.ja)(\(segment))の規則が加わります。",
            "the \(title.en) (\(segment)) gets rules: people may enter it"))
      case (let old?, nil):
        changes.append(
          PolicyChange(
            .narrowing, segment, old.declared, "\(title.ja)(\(segment))の規則がなくなります。だれも入れません。",
            "the \(title.en) (\(segment)) has no rules any more: nobody may enter it"))
      case (nil, nil): break
      }
    }
    if changes.isEmpty {
      changes.append(
        PolicyChange(
          .neutral, nil, RuleID(file: OrganisationFile.name, line: 1),
          "書き方だけが違います(注釈、並び、空白、この装置にない系統)。入れる人と方法は変わりません。",
          "only the writing differs (comments, order, spaces, segments that are not served here); nobody's access changes"))
    }
    return PolicyChange.sorted(changes)
  }
}

extension PolicyChange {
  /// Widenings first, then narrowings; each in the order in which they were found.
  static func sorted(_ changes: [PolicyChange]) -> [PolicyChange] {
    Effect.allCases.flatMap { effect in changes.filter { $0.effect == effect } }
  }
}
