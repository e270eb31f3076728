/// People from outside: those who have no account in the directory.
extension Sentence {
  static let responsibleGone = Sentence(
    ja: "受入れの責任者が不在のため、外部の方の利用は止められています。",
    en: "The member of staff who answers for you is not there any more, so your access is stopped.",
    nextStepJa: "受入れ先の課へ連絡してください。別の責任者で延長の手続（管理者 2 人の署名）をすると、また使えます。",
    nextStepEn: "Tell the department you work for: two administrators extend your access with another responsible person.")

  // For the desk.
  static let externalNotPossible = Sentence(
    ja: "外部の方の登録・延長・終了を、この内容では行えません。",
    en: "Somebody from outside cannot be registered, extended or ended like this.",
    nextStepJa:
      "番号、期間（366 日まで）、グループ、責任者を確かめてください。理由は、記録の備考にあります（sanmon audit list --action に、登録は person.external.added、延長は person.external.extended、終了は person.external.ended）。",
    nextStepEn:
      "Check number, dates (366 days at most), groups and responsible person; the row says why (sanmon audit list --action person.external.added, person.external.extended or person.external.ended)."
  )
}
