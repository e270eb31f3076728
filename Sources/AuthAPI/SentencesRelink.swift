/// A leaver's cards for the same person's new registration.
extension Sentence {
  static let relinkNotOffered = Sentence(
    ja: "このカードを引き継げる、新しい登録ではありません。",
    en: "This card cannot be taken over by that new registration.",
    nextStepJa: "引き継げる組み合わせは sanmon directory relink で確かめられます。そこになければ、窓口で新しくカードを登録してください。",
    nextStepEn: "'sanmon directory relink' lists what can be taken over; otherwise have a card registered anew at the desk.")

  static let relinkProofMissing = Sentence(
    ja: "前のカードを今も持っていることが、まだ確かめられていません。",
    en: "It has not been shown that the former card is still in hand.",
    nextStepJa: "本人が端末で sanmon-agent relink を行い、前のカードと暗証番号（PIN）を示してください。確認は一度だけ使えます。カードがないときは、新しいカードを登録します。",
    nextStepEn:
      "The person shows the former card with its PIN at a workstation: sanmon-agent relink. A proof counts once. Without the card, a card is registered anew."
  )

  static let relinkProofTooOld = Sentence(
    ja: "前のカードの確認から \(RelinkProven.minutes) 分が過ぎています。",
    en: "The former card was shown more than \(RelinkProven.minutes) minutes ago.",
    nextStepJa: "本人が端末でもう一度 sanmon-agent relink を行い、そのあとで起案から署名し直してください。",
    nextStepEn: "The person shows it once more (sanmon-agent relink); then the act is signed anew.")

  static let relinkFormerInForce = Sentence(
    ja: "前の登録が今も有効であるか、確認待ちになっています。",
    en: "The former registration is in force, or waits to be confirmed.",
    nextStepJa: "前のアカウントが復元されていないか、Active Directory と sanmon directory status で確かめてください。",
    nextStepEn: "Look in the directory and in 'sanmon directory status' whether the former account came back.")

  static let relinkPersonNotInForce = Sentence(
    ja: "新しい登録が、無効、期間外、または確認待ちになっています。",
    en: "The new registration is disabled, outside its dates, or waits to be confirmed.",
    nextStepJa: "Active Directory の新しいアカウントの状態と期間を確かめてください。",
    nextStepEn: "Look at the new account and its dates in the directory.")

  static let relinkActStale = Sentence(
    ja: "署名したあとに、カードまたはアカウントが変わりました。",
    en: "Cards or accounts have changed since this was signed.",
    nextStepJa: "sanmon directory relink で今の内容を確かめ、起案から署名し直してください。",
    nextStepEn: "Look at 'sanmon directory relink' again and sign a new act.")

  static let relinkFormerGone = Sentence(
    ja: "前の登録は、すでに消去されています。",
    en: "The former registration has been removed.",
    nextStepJa: "引き継ぐカードはありません。窓口で新しくカードを登録してください。",
    nextStepEn: "There is nothing to take over: have a card registered anew at the desk.")
}
