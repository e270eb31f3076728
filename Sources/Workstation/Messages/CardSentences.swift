import AuthAPI
import SmartCard

extension AgentFault {
  static func sentence(_ failure: CardFailure) -> Sentence {
    switch failure {
    case .serviceUnavailable, .serviceLost:
      Sentence(
        ja: "カード読み取り機のサービスが動いていません。",
        en: "The card reader service is not running.",
        nextStepJa: "端末を再起動してください。直らないときは、情報システム担当へご連絡ください。",
        nextStepEn: "Restart the machine. If that does not help, call the IT section.")
    case .accessDenied:
      Sentence(
        ja: "カード読み取り機を使う権限がありません。",
        en: "This account may not use the card reader.",
        nextStepJa: "情報システム担当へ、端末の設定の確認をご依頼ください。",
        nextStepEn: "Ask the IT section to check the machine's settings.")
    case .noReader:
      Sentence(
        ja: "カード読み取り機が見つかりません。",
        en: "No card reader was found.",
        nextStepJa: "読み取り機の線が抜けていないかをお確かめのうえ、もう一度お試しください。",
        nextStepEn: "Check that the reader is plugged in, then retry.")
    case .noCard:
      Sentence(
        ja: "カードが置かれていません。",
        en: "There is no card on the reader.",
        nextStepJa: "職員カードを読み取り機に置いて、もう一度お試しください。",
        nextStepEn: "Put your staff card on the reader and retry.")
    case .ambiguousCard:
      Sentence(
        ja: "使えるカードが2枚以上置かれています。",
        en: "More than one usable card is on the readers.",
        nextStepJa: "ご自分のカードだけを残して、もう一度お試しください。",
        nextStepEn: "Leave only your own card and retry.")
    case .unsupportedCard, .missingObject, .compressedCertificate:
      Sentence(
        ja: "このカードは、ログオンには使えない種類です。",
        en: "This kind of card cannot be used to log on.",
        nextStepJa: "職員カードを置いてください。職員カードで起きるときは、窓口・支所担当へお持ちください。",
        nextStepEn: "Use your staff card. If this is your staff card, take it to the desk of your branch.")
    case .readerBusy:
      Sentence(
        ja: "ほかのソフトウェアがカードを使用中です。",
        en: "Another program is using the card.",
        nextStepJa: "カードを使うほかのソフトウェアを閉じて、もう一度お試しください。",
        nextStepEn: "Close other programs that use the card and retry.")
    case .cardRemoved:
      Sentence(
        ja: "読み取りの途中でカードが外れました。",
        en: "The card was removed while it was being read.",
        nextStepJa: "終わるまでカードを置いたまま、もう一度お試しください。",
        nextStepEn: "Leave the card on the reader until it is done, and retry.")
    case .cardReset:
      Sentence(
        ja: "読み取りの途中で、ほかのソフトウェアがカードを初期化しました。",
        en: "Another program reset the card halfway.",
        nextStepJa: "もう一度、暗証番号（PIN）から入れ直してください。",
        nextStepEn: "Start again and type the PIN once more.")
    case .timedOut:
      Sentence(
        ja: "カードが時間内に応答しませんでした。",
        en: "The card did not answer in time.",
        nextStepJa: "カードを置き直して、もう一度お試しください。",
        nextStepEn: "Put the card on the reader again and retry.")
    case .readerFault(let number):
      Sentence(
        ja: "カード読み取り機で問題が起きました（\(String(number, radix: 16))）。",
        en: "The card reader reported a fault (\(String(number, radix: 16))).",
        nextStepJa: "読み取り機の線を差し直してください。直らないときは、この番号を情報システム担当へお知らせください。",
        nextStepEn: "Unplug the reader and plug it in again. If it goes on, tell the IT section this number.")
    case .malformedCard, .refused, .malformedCommand:
      Sentence(
        ja: "カードから読み取った内容が正しくありません。",
        en: "The card's answer does not have the expected form.",
        nextStepJa: "カードを置き直してください。続くときは、カードを窓口・支所担当へお持ちください。",
        nextStepEn: "Put the card on the reader again. If it goes on, take the card to the desk of your branch.")
    case .pinRequired:
      Sentence(
        ja: "このカードの鍵には、暗証番号（PIN）が必要です。",
        en: "This card's key needs the PIN.",
        nextStepJa: "--factors card+pin でやり直してください。",
        nextStepEn: "Retry with --factors card+pin.")
    case .pinBlocked: AgentFault.pinBlocked.sentence
    case .module(let fault): sentence(fault)
    case .unusablePIN:
      Sentence(
        ja: "暗証番号（PIN）は4桁から8桁の数字です。カードには送っていません。",
        en: "A PIN is 4 to 8 digits. Nothing was sent to the card.",
        nextStepJa: "数字だけで入れ直してください。",
        nextStepEn: "Type it again, digits only.")
    }
  }
}
