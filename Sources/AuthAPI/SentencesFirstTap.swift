/// Cards that their holders register at a workstation, and cards that a list announces.
extension Sentence {
  static let firstTapOff = Sentence(
    ja: "この系統では、端末からカードを登録できません。",
    en: "Cards of this segment are not registered at workstations.",
    nextStepJa: "カードを窓口・支所担当へお持ちください。その場で登録します。",
    nextStepEn: "Take the card to the desk of your branch: it is registered there while you wait.")

  static let cardThere = Sentence(
    ja: "すでに登録済みのカードがあります。2 枚目は端末から登録できません。",
    en: "You have a registered card; another one cannot be registered at a workstation.",
    nextStepJa: "登録済みのカードをお使いください。取り替えるときは、両方のカードを窓口・支所担当へお持ちください。",
    nextStepEn: "Use the one you have. To exchange it, take both to the desk of your branch.")

  // For the help desk and the auditor only.
  static let firstTapCodeRefused = Sentence(
    ja: "カードの登録コードが使えませんでした。",
    en: "An enrolment code for a card was not taken.",
    nextStepJa: "記録の備考で理由（誤り・使用済み・期限切れ・取消・誤り 5 回）を確かめ、必要なら新しい登録コードを発行してください。",
    nextStepEn:
      "The row's note has the reason (wrong, used, over, withdrawn, dead after five); issue a new code if one is needed.")

  // For the desk.
  static let firstTapCodeNotOffered = Sentence(
    ja: "この職員に、この系統の登録コードを発行できません。",
    en: "No enrolment code can be issued for this person in this segment.",
    nextStepJa: "自分の登録コードは発行できません。職員が有効で、カードがまだなく、系統の規則に first-tap: allowed があることを確かめてください。",
    nextStepEn:
      "Nobody issues one for herself. Check that the person is in force and has no card, and that the segment's file says first-tap: allowed."
  )

  static let certificateNotTaken = Sentence(
    ja: "この系統では、一覧の証明書からカードを登録できません。",
    en: "No certificates of a list are taken for this segment.",
    nextStepJa: "カードを窓口で 1 枚ずつ登録してください（sanmon card enrol）。",
    nextStepEn: "Register the cards one by one at the desk: sanmon card enrol.")
}
