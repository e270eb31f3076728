import AuthAPI
import SmartCard

extension AgentFault {
  static func sentence(_ refusal: PINChangeRefusal) -> Sentence {
    switch refusal {
    case .wrongPIN(let left):
      Sentence(
        ja: "いまの暗証番号（PIN）が違います。変更していません。あと\(left)回間違えるとカードが使えなくなります。",
        en: "The present PIN is wrong; nothing was changed. After \(left) more wrong PINs the card is blocked.",
        nextStepJa: "落ち着いてやり直してください。思い出せないときは、カードを持って窓口・支所担当で再設定を受けてください。",
        nextStepEn: "Try again with care. If you cannot remember it, have the PIN reset at the desk of your branch.")
    case .unfit(.form):
      Sentence(
        ja: "新しい暗証番号（PIN）は6桁から8桁の数字です。変更していません。",
        en: "A new PIN is 6 to 8 digits. Nothing was changed.",
        nextStepJa: "数字だけで、6桁から8桁の番号を決めてやり直してください。",
        nextStepEn: "Choose 6 to 8 digits, no other characters, and try again.")
    case .unfit(.same):
      Sentence(
        ja: "新しい暗証番号（PIN）が、いまのものと同じです。変更していません。",
        en: "The new PIN is the present one. Nothing was changed.",
        nextStepJa: "いまとは違う番号を決めてやり直してください。",
        nextStepEn: "Choose another one and try again.")
    case .unfit(.trivial):
      Sentence(
        ja: "新しい暗証番号（PIN）が、ほかの人に当てられやすい並びです（123456 や 111111 など）。変更していません。",
        en: "The new PIN is among the first that others would try (like 123456 or 111111). Nothing was changed.",
        nextStepJa: "連番、同じ数字の繰り返し、生年月日を避けた番号を決めてやり直してください。",
        nextStepEn: "Choose one that is no row, no repetition and no birthday, and try again.")
    case .unfit(.refusedByCard):
      Sentence(
        ja: "カードが、この番号を新しい暗証番号（PIN）として受け付けませんでした。変更していません。",
        en: "The card did not take this as a new PIN. Nothing was changed.",
        nextStepJa: "別の6桁から8桁の番号でやり直してください。続くときは、カードの規則を情報システム担当へお問い合わせください。",
        nextStepEn: "Try again with other digits, 6 to 8. If it goes on, ask the IT section for this card's own rules.")
    case .notTheSame:
      Sentence(
        ja: "2回の新しい暗証番号（PIN）が同じではありません。変更していません。",
        en: "The two new PINs are not the same. Nothing was changed.",
        nextStepJa: "はじめからやり直し、2回とも同じ番号を入れてください。",
        nextStepEn: "Start again and type the same new PIN both times.")
    case .wrongPUK(let left):
      Sentence(
        ja: "解除番号（PUK）が違います。変更していません。あと\(left)回間違えると、このカードは二度と使えません。",
        en: "The PUK is wrong; nothing was changed. After \(left) more wrong PUKs this card can never be used again.",
        nextStepJa: "このカードの番号（GUID）の行にある解除番号かを、台帳で確かめてからやり直してください。",
        nextStepEn: "Check in the register that the PUK stands in the line of this card's number (GUID), then try again.")
    case .pukBlocked:
      Sentence(
        ja: "解除番号（PUK）の間違いが続いたため、このカードの暗証番号（PIN）はもう設定し直せません。",
        en: "The PUK was wrong too often: the PIN of this card can never be set again.",
        nextStepJa: "カードを回収して失効（sanmon card lost）し、新しいカードを発行してください。その日は貸出カードで対応できます。",
        nextStepEn: "Take the card in, withdraw it (sanmon card lost) and issue another; a loan card helps for the day.")
    case .notSupported:
      Sentence(
        ja: "このカードは、この方法で暗証番号（PIN）を変えることができません。",
        en: "The PIN of this card cannot be changed in this way.",
        nextStepJa: "解除番号（PUK）のないカードは再設定できません。カードの発行元の道具で変えるか、新しいカードを発行してください。",
        nextStepEn: "A card without a PUK cannot be reset: use its issuer's own tool, or issue another card.")
    case .otherCard:
      Sentence(
        ja: "番号を入れている間に、カードが入れ替わりました。カードには何も送っていません。",
        en: "The card was exchanged while the numbers were typed; nothing was sent to it.",
        nextStepJa: "変えたいカードだけを置いたまま、はじめからやり直してください。",
        nextStepEn: "Leave only the card that is meant on the reader, and start again.")
    }
  }
}
