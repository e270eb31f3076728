import AuthTerms

/// What one segment's rules let in that the former ones did not, and the other way round.
///
/// Each kind of rule is compared with its own kind. That is exact as long as none of them refuses everybody: a decision is the
/// conjunction of looks that do not know of each other (`Evaluator`).
struct SegmentDifference {
  let former: SegmentRules
  let next: SegmentRules

  func changes() -> [PolicyChange] {
    // What is lost is what going back would give.
    let back = SegmentDifference(former: next, next: former)
    var changes = gainedPeople(.widening)
    changes += back.gainedPeople(.narrowing)
    changes += gainedWays(.widening)
    changes += back.gainedWays(.narrowing)
    changes += cards()
    changes += palms()
    changes += session()
    changes += gainedHours(.widening)
    changes += back.gainedHours(.narrowing)
    changes += gainedByDenials(.widening)
    changes += back.gainedByDenials(.narrowing)
    changes += gainedWaivers(.widening)
    changes += back.gainedWaivers(.narrowing)
    changes += directory()
    return changes
  }

  private var segment: Segment { next.segment }

  private func change(_ effect: PolicyChange.Effect, _ rule: RuleID, _ ja: String, _ en: String) -> PolicyChange {
    PolicyChange(effect, segment, rule, "\(segment.title.ja): \(ja)", "\(segment.title.en): \(en)")
  }

  // MARK: Who and with what

  private func gainedPeople(_ effect: PolicyChange.Effect) -> [PolicyChange] {
    next.people.subtracting(former.people).sorted().map { group in
      effect == .widening
        ? change(
          effect, next.peopleRule, "グループ「\(group)」の人が入れるようになります。", "people of the group \(group) may now enter")
        : change(
          effect, next.peopleRule, "グループ「\(group)」の人は、ほかの定めたグループにいなければ入れなくなります。",
          "people of the group \(group) may enter no longer, unless another group lets them")
    }
  }

  private func gainedWays(_ effect: PolicyChange.Effect) -> [PolicyChange] {
    [Scenario.logon, .unlock, .remote].flatMap { scenario -> [PolicyChange] in
      (next.accepted[scenario] ?? []).compactMap { entry -> PolicyChange? in
        // Whoever comes in by `people` alone is told of there.
        let audience = entry.groups.isEmpty ? next.people.intersection(former.people) : entry.groups
        let gaining = audience.filter { !hadWay(entry, scenario, $0) }
        guard !gaining.isEmpty else { return nil }
        let isForAll = entry.groups.isEmpty && gaining == audience
        return way(effect, entry, scenario, isForAll ? [] : gaining.sorted())
      }
    }
  }

  /// Whether somebody of that group came in before with what the line asks, by the same line or by one that asks for less.
  private func hadWay(_ entry: AcceptedCombination, _ scenario: Scenario, _ group: String) -> Bool {
    var shown = entry.combination.factors
    // Every card that is taken has checked a PIN.
    if next.proofFloor == .publicKeyWithPIN, shown.contains(.card) { shown.insert(.pin) }
    return (former.accepted[scenario] ?? []).contains { old in
      let asked = old.combination.factors
      guard asked.isSubset(of: shown), old.needs == nil || old.needs == entry.needs,
        old.groups.isEmpty || old.groups.contains(group)
      else { return false }
      // A palm by itself has to be closer than one beside another factor.
      let isStricter =
        asked.contains(.palm) && old.combination.kinds.count < 2 && entry.combination.kinds.count >= 2
        && former.palmRates.alone > former.palmRates.besideAnother
      return !isStricter
    }
  }

  private func way(
    _ effect: PolicyChange.Effect, _ entry: AcceptedCombination, _ scenario: Scenario, _ groups: [String]
  ) -> PolicyChange {
    let factors = entry.combination.factors
    let ja = factors.sorted().map(Self.nameJa).joined(separator: "と")
    let en = factors.sorted().map(Self.nameEn).joined(separator: " and ")
    let (actJa, actEn) = Self.act(scenario)
    let whoJa = groups.isEmpty ? "入れる人は" : "グループ「\(groups.joined(separator: "、"))」の人は"
    let whoEn = groups.isEmpty ? "everybody who may enter" : "people of the group \(groups.joined(separator: ", "))"
    let alone = factors.count == 1 ? ("だけ", " alone") : ("", "")
    return effect == .widening
      ? change(
        effect, entry.combination.rule, "\(whoJa)、\(ja)\(alone.0)で\(actJa)できるようになります。",
        "\(whoEn) may now \(actEn) with \(en)\(alone.1)")
      : change(
        effect, entry.combination.rule, "\(whoJa)、\(ja)\(alone.0)では\(actJa)できなくなります。",
        "\(whoEn) may no longer \(actEn) with \(en)\(alone.1)")
  }

  private static func nameJa(_ factor: Factor) -> String {
    switch factor {
    case .card: "カード"
    case .pin: "暗証番号"
    case .password: "パスワード"
    case .palm: "手のひら"
    case .code: "代替コード"
    }
  }

  private static func nameEn(_ factor: Factor) -> String {
    switch factor {
    case .card: "the card"
    case .pin: "its PIN"
    case .password: "the password"
    case .palm: "the palm"
    case .code: "a printed code"
    }
  }

  private static func act(_ scenario: Scenario) -> (ja: String, en: String) {
    switch scenario {
    case .unlock: ("ロック解除", "unlock")
    case .remote: ("テレワーク端末からログオン", "log on from a telework PC")
    default: ("ログオン", "log on")
    }
  }

  // MARK: Cards and palms

  private func cards() -> [PolicyChange] {
    var changes: [PolicyChange] = []
    let (old, new) = (former.proofFloor, next.proofFloor)
    if new != old {
      // A line with the PIN takes no card below pk-pin anyway.
      let wider = new < old ? next : former
      let counts = wider.accepted.values.joined().contains { !$0.combination.factors.contains(.pin) }
      changes.append(
        change(
          !counts ? .neutral : new < old ? .widening : .narrowing, next.proofRule,
          new < old ? "より弱いカード(\(new.name))も受け付けます。前は \(old.name)。" : "弱いカードは受け付けなくなります: \(old.name) から \(new.name) へ。",
          new < old
            ? "weaker cards are taken: \(new.name) instead of \(old.name)"
            : "weaker cards are taken no longer: \(new.name) instead of \(old.name)"))
    }
    let removal = (Self.strictness(former.terms.onCardRemoval), Self.strictness(next.terms.onCardRemoval))
    if removal.0 != removal.1 {
      changes.append(
        change(
          removal.1 < removal.0 ? .widening : .narrowing, next.declared,
          "カードを抜いたとき: \(former.terms.onCardRemoval.rawValue) から \(next.terms.onCardRemoval.rawValue) へ。",
          "when the card is pulled: \(next.terms.onCardRemoval.rawValue) instead of \(former.terms.onCardRemoval.rawValue)"))
    }
    let generations = (former.felicaGeneration?.rawValue ?? -1, next.felicaGeneration?.rawValue ?? -1)
    if generations.0 != generations.1 {
      changes.append(
        change(
          generations.1 < generations.0 ? .widening : .narrowing, next.proofRule,
          "番号だけで知るFeliCaの最も古い世代: \(former.felicaGeneration?.name ?? "なし") から \(next.felicaGeneration?.name ?? "なし") へ。",
          "the oldest FeliCa chip known by its number: \(next.felicaGeneration?.name ?? "any") instead of "
            + "\(former.felicaGeneration?.name ?? "any")"))
    }
    if next.takesFirstTaps != former.takesFirstTaps {
      changes.append(
        change(
          next.takesFirstTaps ? .widening : .narrowing, next.proofRule,
          next.takesFirstTaps ? "職員が自分のカードを端末で登録できるようになります。" : "カードの登録は窓口だけになります。",
          next.takesFirstTaps ? "people may now register their cards at workstations" : "cards are registered at the desk only")
      )
    }
    if next.takesMyNumberCards != former.takesMyNumberCards {
      changes.append(
        change(
          next.takesMyNumberCards ? .widening : .narrowing, next.proofRule,
          next.takesMyNumberCards ? "個人のマイナンバーカードも受け付けます。" : "個人のマイナンバーカードは受け付けなくなります。",
          next.takesMyNumberCards
            ? "people's own My Number Cards are taken now" : "people's own My Number Cards are taken no longer"))
    }
    return changes
  }

  private static func strictness(_ removal: CardRemoval) -> Int {
    switch removal {
    case .nothing: 0
    case .lock: 1
    case .logoff: 2
    }
  }

  private func palms() -> [PolicyChange] {
    func compare(
      _ old: Int, _ new: Int, _ ja: String, _ en: String, _ isAsked: (AcceptedCombination) -> Bool
    ) -> PolicyChange? {
      guard old != new else { return nil }
      let isUsed = (new < old ? next : former).accepted.values.joined().contains {
        $0.combination.factors.contains(.palm) && isAsked($0)
      }
      return change(
        !isUsed ? .neutral : new < old ? .widening : .narrowing, next.declared,
        "\(ja)手のひらの他人受入率: 1e-\(old) から 1e-\(new) へ。", "the palm's false match rate \(en): 1e-\(new) instead of 1e-\(old)")
    }
    let (old, new) = (former.palmRates, next.palmRates)
    return [
      compare(old.besideAnother, new.besideAnother, "ほかの要素と使う", "beside another factor") { $0.combination.kinds.count >= 2 },
      compare(old.alone, new.alone, "単独の", "alone") { $0.combination.kinds.count < 2 },
    ].compactMap(\.self)
  }

  // MARK: Sessions and the directory

  private func session() -> [PolicyChange] {
    func compare(_ old: Int, _ new: Int, _ ja: String, _ en: String) -> PolicyChange? {
      guard old != new else { return nil }
      return change(
        new > old ? .widening : .narrowing, next.sessionRule, "\(ja): \(old) から \(new) へ。", "\(en): \(new) instead of \(old)")
    }
    let (old, new) = (former.terms, next.terms)
    return [
      compare(old.leaseSeconds / 60, new.leaseSeconds / 60, "サーバーと話せないまま使える分数", "minutes without the server"),
      compare(old.idleSeconds / 60, new.idleSeconds / 60, "無操作の後にロック解除できる分数", "minutes idle before a full logon"),
      compare(old.overallSeconds / 3600, new.overallSeconds / 3600, "セッション全体の時間", "hours of a session in all"),
      compare(former.sessionsAtOnce, next.sessionsAtOnce, "一人が同時に使える端末", "workstations at once"),
    ].compactMap(\.self)
  }

  private func directory() -> [PolicyChange] {
    let (old, new) = (former.oldestDirectorySeconds, next.oldestDirectorySeconds)
    guard old != new else { return [] }
    return [
      change(
        new > old ? .widening : .narrowing, next.directoryRule,
        "ディレクトリが答えないまま入れる時間: \(old / 3600) 時間から \(new / 3600) 時間へ。",
        "hours in which the directory may be silent: \(new / 3600) instead of \(old / 3600)")
    ]
  }
}
