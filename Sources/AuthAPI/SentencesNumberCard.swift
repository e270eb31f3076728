/// Cards that tell a number alone: for the help desk, the auditor and the desk.
extension Sentence {
  static let numberNotEnough = Sentence(
    ja: "番号だけを示すカード（IDm、UID）です。番号はだれでも写せるため、この系統では、カードを持っている証明になりません。",
    en: "The card tells a number (IDm, UID) and no more. Anybody can copy it, so it proves nothing in this segment.",
    nextStepJa: "鍵を持つ職員カードを使ってください。更新までのあいだ番号で使うには、LGWAN接続系に限り、期限付き特例と承認者の署名が要ります（sanmon policy waiver list）。",
    nextStepEn:
      "Use a card that has a key. Until then numbers need a signed waiver, and are never taken in My Number (sanmon policy waiver)."
  )

  static let numberWaiverOver = Sentence(
    ja: "番号だけを示すカードを認めていた期限付き特例は、期限が過ぎました。",
    en: "The waiver that let cards with a number alone be used has ended.",
    nextStepJa: "鍵を持つ職員カードを渡してください。まだ番号だけのカードを使う職員は、sanmon card report で分かります。",
    nextStepEn: "Hand out a card that has a key; 'sanmon card report' shows who is still on a card with a number alone.")

  static let chipTooOld = Sentence(
    ja: "カードのチップが、この系統で求める世代より古いか、世代を確かめられません。",
    en: "The card's chip is older than this segment asks for, or does not say a generation that is known.",
    nextStepJa: "新しい世代のカードに取り替えてください。求める世代は、系統の規則の card の felica-generation です。",
    nextStepEn: "Replace the card by one of a newer generation; felica-generation under card in the segment's file says which.")

  static let numberAtTwoWorkstations = Sentence(
    ja: "同じ番号のカードが、1 分以内に別の端末でも示されました。番号が写されたおそれがあります。",
    en: "The same card number was shown at another workstation within a minute: it may have been copied.",
    nextStepJa: "本人に、いまどの端末にいるかを確かめてください。二台を続けて使っただけなら 1 分待ちます。心当たりがなければ、すぐにカードを失効（sanmon card lost）してください。",
    nextStepEn:
      "Ask the person which workstation it was. If both, wait a minute; if not, withdraw the card at once (sanmon card lost).")
}
