public import AuthTerms

extension ApplicationSet {
  /// What these files change in comparison with those before them, widenings first.
  ///
  /// *Who can change where a form is can send its credentials elsewhere*: whatever is not known to take away is a widening.
  public func changes(from former: ApplicationSet, segments: Set<Segment>? = nil) -> [PolicyChange] {
    var changes: [PolicyChange] = []
    func isServed(_ application: ApplicationDefinition) -> Bool {
      segments.map { !$0.isDisjoint(with: application.segments) } ?? true
    }
    for next in applications where isServed(next) || former[next.id].map(isServed) ?? false {
      let rule = RuleID(file: "applications/\(next.id.text).yaml", line: 1)
      guard let old = former[next.id] else {
        changes.append(
          PolicyChange(
            .widening, nil, rule, "業務システム「\(next.nameJa)」に自動で入れるようになります。", "\(next.nameEn): people may now be signed in"))
        continue
      }
      if old != next { changes.append(Self.change(old, next, rule)) }
    }
    for old in former.applications where self[old.id] == nil && isServed(old) {
      let rule = RuleID(file: "applications/\(old.id.text).yaml", line: 1)
      changes.append(
        PolicyChange(
          .narrowing, nil, rule, "業務システム「\(old.nameJa)」には自動で入れなくなります。", "\(old.nameEn): people are signed in no longer"))
    }
    return PolicyChange.sorted(changes)
  }

  private static func change(_ old: ApplicationDefinition, _ next: ApplicationDefinition, _ rule: RuleID) -> PolicyChange {
    if same(old, next, segments: next.segments, freshness: next.freshnessSeconds) {
      let isWider = !Set(next.segments).isSubset(of: old.segments) || next.freshnessSeconds > old.freshnessSeconds
      return PolicyChange(
        isWider ? .widening : .narrowing, nil, rule,
        isWider ? "業務システム「\(next.nameJa)」に入れる系統か時間が増えます。" : "業務システム「\(next.nameJa)」に入れる系統か時間が減ります。",
        isWider
          ? "\(next.nameEn): more segments, or a card's proof counts for longer"
          : "\(next.nameEn): fewer segments, or a card's proof counts for a shorter time")
    }
    return PolicyChange(
      .widening, nil, rule, "業務システム「\(next.nameJa)」の画面、アカウント、パスワードの決まりか名前が変わります。資格情報の行き先を確かめてください。",
      "\(next.nameEn): its form, accounts, password rule or name change: look where its credentials go")
  }

  /// Whether they differ in nothing else.
  private static func same(
    _ old: ApplicationDefinition, _ next: ApplicationDefinition, segments: [Segment], freshness: Int
  ) -> Bool {
    let changed = try? ApplicationDefinition(
      id: old.id, nameJa: old.nameJa, nameEn: old.nameEn, segments: segments, access: old.access, accounts: old.accounts,
      password: old.password, freshnessSeconds: freshness, rotationDays: old.rotationDays)
    return changed == next
  }
}

extension CardScriptSet {
  /// What these files change in comparison with those before them, widenings first: whatever does not only take a kind of card
  /// away is a widening.
  public func changes(from former: CardScriptSet) -> [PolicyChange] {
    func rule(_ script: CardScript) -> RuleID { RuleID(file: "cards/\(script.id).yaml", line: 1) }
    let gained = scripts.filter { former[$0.id] != $0 }.map { script in
      former[script.id] == nil
        ? PolicyChange(
          .widening, nil, rule(script), "カード「\(script.nameJa)」を受け付けるようになります。",
          "\(script.nameEn): this kind of card is taken now")
        : PolicyChange(
          .widening, nil, rule(script), "カード「\(script.nameJa)」の確かめ方か名前が変わります。",
          "\(script.nameEn): how this card is asked, or its name, changes")
    }
    let lost = former.scripts.filter { self[$0.id] == nil }.map { script in
      PolicyChange(
        .narrowing, nil, rule(script), "カード「\(script.nameJa)」は受け付けなくなります。",
        "\(script.nameEn): this kind of card is taken no longer")
    }
    return gained + lost
  }
}
