/// Sessions and workstations.
extension Sentence {
  static let tooManySessions = Sentence(
    ja: "ほかの端末でログオン中のため、これ以上ログオンできません。",
    en: "You are logged on at other workstations and may not open one more session.",
    nextStepJa: "使っていない端末でログオフしてから、もう一度お試しください。その端末を操作できないときや心当たりがないときは、照会番号を窓口・支所担当か情報システム担当へお知らせください（担当者が終了させられます）。",
    nextStepEn:
      "Log off where you are not working and retry. If you cannot, or if that was not you, tell your desk or the IT section the reference number: an operator can end that session."
  )

  static let sessionMissing = Sentence(
    ja: "この端末には、続きから使える利用がありません。",
    en: "There is no session on this workstation to return to.",
    nextStepJa: "はじめからログオンしてください。",
    nextStepEn: "Log on from the beginning.")

  static let sessionOfOtherPerson = Sentence(
    ja: "この端末は、ほかの職員が使用中です。",
    en: "This workstation is in use by another person.",
    nextStepJa: "使用中の職員にログオフしてもらうか、利用者切替をお使いください。",
    nextStepEn: "Ask that person to log off, or use user switching.")

  static let sessionOverLimits = Sentence(
    ja: "利用できる時間の上限を過ぎたため、続きから使えません。",
    en: "The session went past its time limit and cannot be continued.",
    nextStepJa: "いったんログオフして、はじめからログオンしてください。",
    nextStepEn: "Log off and then log on from the beginning.")

  static let sessionRevoked = Sentence(
    ja: "この利用は、管理者の操作またはカードの届出により終了しました。",
    en: "This session was ended by an administrator or because the card was reported.",
    nextStepJa: "はじめからログオンしてください。ログオンできないときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Log on from the beginning. If that is refused, tell the IT section the reference number.")

  static let workstationRevoked = Sentence(
    ja: "この端末の登録は取り消されています。",
    en: "The registration of this workstation has been revoked.",
    nextStepJa: "ほかの端末をお使いください。この端末については、情報システム担当へご連絡ください。",
    nextStepEn: "Use another workstation, and tell the IT section about this one.")

  static let workstationUnknown = Sentence(
    ja: "この端末は登録されていません。",
    en: "This workstation is not registered.",
    nextStepJa: "端末名を情報システム担当へお知らせのうえ、端末の登録を受けてください。",
    nextStepEn: "Tell the IT section the name of this workstation and have it enrolled.")

  static let ceremonyUnknown = Sentence(
    ja: "認証手続の期限が切れました。",
    en: "This ceremony has ended.",
    nextStepJa: "カードを置いて、もう一度はじめからお試しください。",
    nextStepEn: "Put the card on the reader and start again.")

  static let segmentNotServed = Sentence(
    ja: "このサーバーは、この端末の系統を扱っていません。",
    en: "This server does not serve this workstation's segment.",
    nextStepJa: "情報システム担当へ、端末の接続先サーバーの確認をご依頼ください。",
    nextStepEn: "Ask the IT section to check which server this workstation is set to use.")
}
