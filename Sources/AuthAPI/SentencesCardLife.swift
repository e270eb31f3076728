/// A card's life: the stock, loans, and cards that were left at home or taken out of use.
extension Sentence {
  static let cardInStock = Sentence(
    ja: "このカードは貸出用で、今はだれにも貸し出されていません。",
    en: "This is a card for lending, and it is lent to nobody.",
    nextStepJa: "窓口・支所担当で貸出の手続を受けてください。",
    nextStepEn: "Have it lent to you at the desk of your branch.")

  static let loanOver = Sentence(
    ja: "このカードの貸出期限が過ぎました。",
    en: "The loan of this card is over.",
    nextStepJa: "カードを窓口・支所担当へお返しください。引き続き必要なときは、貸出の手続をやり直してください。",
    nextStepEn: "Return it to the desk of your branch; if you still need one, have it lent to you anew.")

  static let loanWithoutPIN = Sentence(
    ja: "この貸出カードは、暗証番号（PIN）がまだ設定されていません。先に、窓口で設定します。",
    en: "The PIN of this loan card has to be set at the desk first.",
    nextStepJa: "カードを窓口・支所担当へお持ちください。窓口で暗証番号（PIN）をご自分で設定すると、すぐに使えます。",
    nextStepEn: "Bring it to the desk of your branch: you set a PIN of your own there, and it works at once.")

  static let cardForgotten = Sentence(
    ja: "このカードは、忘れたものとして止められています。",
    en: "This card is paused: it was left at home.",
    nextStepJa: "カードを窓口・支所担当へお持ちください。暗証番号（PIN）を確かめると、すぐにまた使えます。",
    nextStepEn: "Bring it to the desk of your branch: shown there with its PIN, it works again at once.")

  static let cardWithdrawn = Sentence(
    ja: "このカードは失効しており、もう使えません。",
    en: "This card was taken out of use for good.",
    nextStepJa: "カードを窓口・支所担当へお返しください。新しいカードができるまでは貸出カードをお使いください。",
    nextStepEn: "Hand it in at the desk of your branch. Until you have a new one, ask for a loan card.")

  // For the desk.
  static let cardStepImpossible = Sentence(
    ja: "このカードの今の状態では、この手続はできません。",
    en: "This cannot be done with the card as it is now.",
    nextStepJa: "sanmon card show で、カードの状態とこれまでの経緯を確かめてください。手続の順は docs/cards.md にあります。",
    nextStepEn: "Look at the card and its story with 'sanmon card show'; docs/cards.md has the order of the steps.")
}
