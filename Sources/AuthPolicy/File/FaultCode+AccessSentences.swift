extension FaultCode {
  func accessSentence(_ detail: FaultDetail) -> FaultSentence {
    let namedJa = detail.expected?.ja ?? ""
    let namedEn = detail.expected?.en ?? ""
    switch self {
    case .accessTooLong:
      return FaultSentence(
        "期間が長すぎます。上限: \(namedJa)", "The time is too long; at most \(namedEn).",
        hint: "until を早めてください。災害対策本部のように時期の決まらないものは、days を書けば 1 年先まで用意しておけます。",
        "Choose an earlier until. What may be needed on any day (a disaster) can be kept ready for a year with days.")
    case .accessReversed:
      return FaultSentence(
        "終わりが始まりより前です。", "It ends before it begins.", hint: "from と until を確かめてください。", "Check from and until.")
    case .accessPast:
      return FaultSentence(
        "過ぎた日です。", "The day has passed.", hint: "from は昨日以降、until は今日以降にしてください。",
        "from may be yesterday at the earliest, until today.")
    case .accessTooFar:
      return FaultSentence(
        "先すぎます。上限: 今日から \(namedJa)", "Too far ahead; at most \(namedEn) from today.",
        hint: "近くなってから承認してください。", "Have it approved nearer to the day.")
    case .accessPersonUnknown:
      return FaultSentence(
        "この職員番号の職員がいません。", "Nobody has this staff number.", hint: "sanmon person list で番号を確かめてください。",
        "Look the number up with sanmon person list.")
    case .accessDepartmentUnknown:
      return FaultSentence(
        "この課コードを主な所属とする職員がいません。", "Nobody has their main post in this department.",
        hint: "課コード(例: \"0401\")を確かめてください。異動のあとでは、元の課にはもういません。",
        "Check the code (for example \"0401\"). After a transfer people are not in their former department any more.")
    case .accessGroupUnknown:
      return FaultSentence(
        "このグループに何かを許す規則がありません。", "No rule opens anything to this group.",
        hint: "規則ファイルの people と groups にある名前を書いてください。", "Write a name that stands under people or groups of a policy file.")
    case .accessPeopleMissing:
      return FaultSentence(
        "だれのためのものかが書かれていません。", "It is not said whom it is for.", hint: "people か department を書いてください。",
        "Write people or department.")
    case .accessDaysOfHandover:
      return FaultSentence(
        "引継期間に days は使えません。", "A handover takes no days.", hint: "from と until だけを書いてください。", "Write from and until alone.")
    case .accessPeopleTooMany:
      return FaultSentence(
        "人数が多すぎます。上限: \(namedJa)", "It is for too many people; at most \(namedEn).",
        hint: "二つ以上のファイルに分けてください。", "Divide it into several files.")
    default:
      return FaultSentence(
        "この名前の端末はまだ登録されていません。", "No workstation of this name is enrolled yet.",
        hint: "名前が正しければ、当日までに登録してください。", "If the name is right, enrol it before the day.")
    }
  }
}
