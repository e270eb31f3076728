/// My Number Cards: for the help desk, the auditor and the desk; AP199 also for the person.
extension Sentence {
  static let myNumberCardNotTaken = Sentence(
    ja: "この系統では、個人のマイナンバーカードをログオンに使いません。",
    en: "This segment does not take people's own My Number Cards.",
    nextStepJa: "職員カードを使ってください。使うと市で決めたときだけ、系統の規則の card に jpki: user-authentication と書きます。",
    nextStepEn:
      "Use a staff card. Only if the city has decided to: 'jpki: user-authentication' under card in the segment's file.")

  static let myNumberCardExpired = Sentence(
    ja: "マイナンバーカードの利用者証明用電子証明書は、有効期限が過ぎています。",
    en: "The user-authentication certificate of the My Number Card has expired.",
    nextStepJa: "住民窓口で電子証明書を更新し（5 回目の誕生日まで有効）、新しい証明書を窓口・支所担当で登録し直してください。",
    nextStepEn:
      "Have it renewed at the residents' counter (it lasts until the fifth birthday), then have the new one registered at the desk."
  )
}
