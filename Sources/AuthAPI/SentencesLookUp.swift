/// Printed one-time codes.
extension Sentence {
  // For the help desk and the auditor only.
  static let lookUpCodeRefused = Sentence(
    ja: "印刷した一回限りの代替コードが使えませんでした。",
    en: "A printed one-time code was not taken.",
    nextStepJa: "記録の備考の番号（V193 から V197）を docs/operations.md の表で確かめ、必要なら新しい用紙を発行してください。",
    nextStepEn:
      "Look up the number in the row's note (V193 to V197) in docs/operations.md, and print a new sheet if one is needed.")

  static let lookUpCodeNotOffered = Sentence(
    ja: "この職員に、この系統の一回限りの代替コードを発行できません。",
    en: "No sheet of one-time codes can be printed for this person in this segment.",
    nextStepJa: "自分の用紙は発行できません。別の担当者に頼むか、その系統の規則に code の行があること、職員が有効なことを確かめてください。",
    nextStepEn:
      "Nobody prints a sheet for herself: ask a colleague. Else check that the segment's rules have a line with code and that the person is in force."
  )
}
