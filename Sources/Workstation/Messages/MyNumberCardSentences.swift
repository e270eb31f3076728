import AuthAPI

extension AgentFault {
  static func sentence(_ refusal: MyNumberCardRefusal) -> Sentence {
    switch refusal {
    case .notTaken:
      Sentence(
        ja: "この端末では、個人のマイナンバーカードではログオンできません。カードの中は読んでいません。",
        en: "My Number Cards are not taken at this workstation. Nothing was read of the card.",
        nextStepJa: "職員カードを置いて、もう一度お試しください。",
        nextStepEn: "Put your staff card on the reader and retry.")
    case .pinForm:
      Sentence(
        ja: "マイナンバーカードの利用者証明用の暗証番号（PIN）は4桁の数字です。カードには送っていません。",
        en: "The PIN for user authentication with a My Number Card is 4 digits. Nothing was sent to the card.",
        nextStepJa: "署名用の長いパスワードではなく、4桁の番号を入れ直してください。",
        nextStepEn: "Type the four digits, not the long password for signatures.")
    case .pinBlocked:
      Sentence(
        ja: "マイナンバーカードの利用者証明用の暗証番号（PIN）は、間違いが3回続いたため止まっています。",
        en: "The PIN for user authentication of this My Number Card is blocked after too many wrong ones.",
        nextStepJa: "住民登録のある市区町村の窓口で再設定を受けてください。その日は、貸出カードか代替コードを窓口・支所担当へお申し出ください。",
        nextStepEn:
          "Have it reset at the counter of the municipality you live in; for today ask the desk for a loan card or a printed code."
      )
    }
  }
}
