import AuthAPI
import SmartCard

extension AgentFault {
  static func sentence(_ fault: ModuleFault) -> Sentence {
    switch fault {
    case .unusable:
      Sentence(
        ja: "カードの部品（PKCS#11 ライブラリー）を使えません。",
        en: "The card's PKCS#11 library cannot be used.",
        nextStepJa: "情報システム担当へ、ライブラリーの場所と版の確認をご依頼ください（sanmon-agent token show で確かめられます）。",
        nextStepEn: "Ask the IT section to check where the library is and its version (\"sanmon-agent token show\" tells).")
    case .ended, .overdue, .malformed, .failed:
      Sentence(
        ja: "カードの部品（PKCS#11 ライブラリー）が\(Self.manner(fault).ja)。ログオンなどの操作は完了していません。"
          + "暗証番号（PIN）を入れた後なら、1回分に数えられているかもしれません。",
        en: "The card's PKCS#11 library \(Self.manner(fault).en). The logon, or whatever else was asked, was not completed. "
          + "If the PIN was typed, it may have counted as a try.",
        nextStepJa: "カードを置き直し、もう一度だけお試しください。何度も繰り返さず、続くときは、この番号を情報システム担当へお知らせください。",
        nextStepEn: "Put the card on the reader again and retry once. Do not go on trying: tell the IT section this code.")
    case .noKey:
      Sentence(
        ja: "カードに、ログオンに使える証明書がありません。",
        en: "There is no certificate on the card that a logon can use.",
        nextStepJa: "職員カードを置いてください。職員カードで起きるときは、窓口・支所担当へお持ちください。",
        nextStepEn: "Use your staff card. If this is your staff card, take it to the desk of your branch.")
    case .severalKeys:
      Sentence(
        ja: "カードに、ログオンに使える証明書が2つ以上あります。",
        en: "There is more than one certificate on the card that a logon can use.",
        nextStepJa: "sanmon-agent token show で番号を確かめ、--key-id で指定してください。",
        nextStepEn: "Look up the ids with \"sanmon-agent token show\" and name one with --key-id.")
    case .keyMissing:
      Sentence(
        ja: "カードに証明書はありますが、その秘密鍵がありません。",
        en: "The certificate is on the card, but its private key is not.",
        nextStepJa: "カードを発行元へお持ちください。",
        nextStepEn: "Take the card to its issuer.")
    case .mechanismMissing:
      Sentence(
        ja: "このカードの鍵は、ログオンに要る方式の署名ができません。",
        en: "The key of this card cannot sign in the way that a logon needs.",
        nextStepJa: "別のカードが要るかどうか、情報システム担当へご相談ください。",
        nextStepEn: "Ask the IT section whether another card is needed.")
    case .pinForm:
      Sentence(
        ja: "このカードでは使えない長さの暗証番号（PIN）です。",
        en: "This card takes no PIN of that length.",
        nextStepJa: "カードの暗証番号（PIN）を、そのとおりに入れ直してください。",
        nextStepEn: "Type the card's own PIN, as it was given to you.")
    }
  }

  private static func manner(_ fault: ModuleFault) -> (ja: String, en: String) {
    switch fault {
    case .ended: ("途中で終わってしまいました", "ended halfway")
    case .overdue: ("時間内に答えませんでした", "did not answer in time")
    case .malformed: ("正しくない答えを返しました", "gave an answer that cannot be one")
    default: ("失敗を伝えました", "said that it failed")
    }
  }
}
