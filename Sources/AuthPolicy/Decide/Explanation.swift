public import AuthTerms

/// What one decision looked at, in order, and what it found.
public struct Explanation: Sendable {
  /// One look. The order of the cases is the order of the looks (docs/policy.md, "The order of refusals").
  public enum Subject: String, Sendable, CaseIterable {
    case workstation, segment, rules, throttle, proofs, card, account, directory, dates
    case accountLimits = "account-limits"
    case datedAccess = "dated-access"
    case groups
    case lineGroups = "line-groups"
    case deny, hours
    case proofClass = "proof-class"
    case session
    case sessionOwner = "session-owner"
    case sessionState = "session-state"
    case sessionKinds = "session-kinds"
    case sessionLimits = "session-limits"
    case sessionKey = "session-key"
    case sessionsElsewhere = "sessions-elsewhere"
    case factors
  }

  public enum Result: String, Sendable {
    case passed
    case failed
  }

  public struct Step: Sendable, Hashable {
    public var subject: Subject
    public var result: Result
    /// File and line looked at, or a rule built into Sanmon.
    public var rule: RuleID
    public var ja: String
    public var en: String
  }

  public var steps: [Step]
  public var decision: Decision
  public var policy: PolicyVersion
}

/// What the evaluator tells while it decides. The evaluator never asks it anything: an explanation cannot change a decision.
protocol Trace {
  mutating func add(_ subject: Explanation.Subject, _ result: Explanation.Result, _ rule: RuleID, _ factors: FactorSet)
}

struct NoTrace: Trace {
  mutating func add(_ subject: Explanation.Subject, _ result: Explanation.Result, _ rule: RuleID, _ factors: FactorSet) {}
}

struct StepTrace: Trace {
  private(set) var steps: [Explanation.Step] = []

  mutating func add(_ subject: Explanation.Subject, _ result: Explanation.Result, _ rule: RuleID, _ factors: FactorSet) {
    var text = subject.sentence(result)
    if subject == .factors {
      let names = SegmentFloor.name(factors)
      text.ja += names.isEmpty ? "(示されたもの: なし)" : "(示されたもの: \(names))"
      text.en += names.isEmpty ? " (shown: nothing)" : " (shown: \(names))"
    }
    steps.append(Explanation.Step(subject: subject, result: result, rule: rule, ja: text.ja, en: text.en))
  }
}

extension Explanation.Subject {
  func sentence(_ result: Explanation.Result) -> LocalisedText {
    let (ja, en, notJa, notEn): (String, String, String, String) =
      switch self {
      case .workstation: ("端末は有効です", "The workstation is valid", "端末は失効しています", "The workstation is revoked")
      case .segment:
        ("この系統の規則があります", "The segment has a policy", "この系統はここでは扱いません", "The segment is not served here")
      case .rules:
        ("この場面の規則があります", "A rule covers this scenario", "この場面を許す規則がありません", "No rule covers this scenario")
      case .throttle:
        ("失敗による待ち時間はありません", "No delay is running", "失敗が続いたため待ち時間中です", "A delay is running after failures")
      case .proofs:
        (
          "示されたものは一人の一枚のカードに属します", "What was shown belongs to one person and one card",
          "示されたものが一人の一枚のカードに属しません", "What was shown does not belong to one person and one card"
        )
      case .card:
        (
          "カードは紛失・停止の扱いではありません", "No card is lost or suspended", "カードが紛失・停止・失効の扱いか、貸出の期間外です",
          "The card is lost, suspended or taken out of use, or its loan does not hold"
        )
      case .account: ("利用者は有効です", "The account is enabled", "利用者は無効です", "The account is disabled")
      case .directory:
        (
          "ディレクトリは近いうちに読み取られています", "The directory was read lately enough",
          "ディレクトリを長い間読み取れていません", "The directory has not been read for too long"
        )
      case .dates:
        ("今日は在籍期間の中です", "Today is within the person's dates", "今日は在籍期間の外です", "Today is outside the person's dates")
      case .accountLimits:
        (
          "ディレクトリで許された時間と端末です", "The directory allows the hour and the workstation",
          "ディレクトリで許された時間か端末の外です", "The directory does not allow this hour or this workstation"
        )
      case .datedAccess:
        (
          "自分のグループでは足りず、期限付きの利用（引継期間・臨時体制）のグループを加えました",
          "The person's own groups were not enough; those of a dated access were added",
          "期限付きの利用は効いていません", "No dated access holds"
        )
      case .groups:
        (
          "この系統に入れるグループの一員です", "The person is in a group of the segment", "この系統に入れるグループの一員ではありません",
          "The person is in no group of the segment"
        )
      case .lineGroups:
        (
          "この場面の規則の対象者です", "A line of this scenario is for this person", "この場面の規則の対象グループに入っていません",
          "The person is in no group that a line of this scenario is for"
        )
      case .deny: ("拒否の規則に当たりません", "No deny rule matches", "拒否の規則に当たります", "A deny rule matches")
      case .hours: ("利用できる時間です", "It is within the hours", "利用できる時間の外です", "It is outside the hours")
      case .proofClass:
        (
          "カードの証明は最低基準を満たします", "The proof class of the card meets the floor",
          "カードの証明が最低基準を下回ります", "The proof class of the card is below the floor"
        )
      case .session: ("この端末にセッションがあります", "A session waits here", "この端末にセッションがありません", "No session waits here")
      case .sessionOwner:
        ("セッションは本人のものです", "The session is the person's own", "セッションは別の人のものです", "The session is another person's")
      case .sessionState:
        ("セッションは取り消されていません", "The session is not revoked", "セッションは取り消されています", "The session is revoked")
      case .sessionKinds:
        (
          "セッションは 2 種類の要素で始まりました", "The session was opened by two kinds of factor",
          "セッションは 2 種類の要素で始まっていません", "The session was not opened by two kinds of factor"
        )
      case .sessionLimits:
        (
          "無操作時間と全体の時間は上限内です", "The session is within its limits",
          "無操作時間か全体の時間が上限を超えました", "The session is beyond its idle or overall limit"
        )
      case .sessionKey:
        (
          "このセッションの鍵が示されました", "The key of the session was shown",
          "このセッションの鍵が示されていません", "The key of the session was not shown"
        )
      case .sessionsElsewhere:
        (
          "同時に使えるセッション数の範囲内です", "There is room for one more session",
          "同時に使えるセッション数に達しています", "The person has as many sessions as allowed"
        )
      case .factors:
        (
          "要素の組み合わせが規則に合います", "The factors match a rule", "要素の組み合わせがまだ規則に合いません",
          "The factors do not match a rule yet"
        )
      }
    return result == .passed ? LocalisedText(ja: ja, en: en) : LocalisedText(ja: notJa, en: notEn)
  }
}
