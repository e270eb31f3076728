/// Cards: what a person holding one reads.
extension Sentence {
  // One text for every cause before possession is proven, so that a stranger with a found card learns nothing from it.
  static let notAccepted = Sentence(
    ja: "認証できませんでした。",
    en: "You could not be authenticated.",
    nextStepJa: "カードを置き直して、もう一度お試しください。続けて失敗するときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Put the card on the reader again and retry. If it keeps failing, tell the IT section the reference number.")

  static let cardNotRegistered = Sentence(
    ja: "このカードは登録されていません。",
    en: "This card is not registered.",
    nextStepJa: "ご自分の職員カードかどうかをお確かめのうえ、窓口・支所担当でカードの登録を受けてください。",
    nextStepEn: "Check that it is your own staff card, then have it registered at the desk of your branch.")

  static let cardLost = Sentence(
    ja: "このカードは紛失の届出がされているため、使えません。",
    en: "This card was reported lost and cannot be used.",
    nextStepJa: "届け出たカードは、見つかっても使えません。カードを窓口・支所担当へお返しください。新しいカードができるまでは貸出カードをお使いください。",
    nextStepEn:
      "A card that was reported lost is not used again: hand it in at your desk. Until you have a new one, ask for a loan card."
  )

  static let cardSuspended = Sentence(
    ja: "このカードは一時停止中です。",
    en: "This card is suspended.",
    nextStepJa: "窓口・支所担当で停止の理由を確かめ、再開または貸出カードをご依頼ください。",
    nextStepEn: "Ask the desk of your branch why it was suspended, and to have it resumed or to lend you a card.")

  static let proofBelowFloor = Sentence(
    ja: "このカードの方式では、この端末の最低基準を満たしません。",
    en: "This kind of card does not reach the floor that this workstation asks for.",
    nextStepJa: "暗証番号（PIN）の使える職員カードでやり直してください。お持ちでないときは、情報システム担当へ発行をご依頼ください。",
    nextStepEn: "Retry with a staff card that has a PIN. If you have none, ask the IT section to issue one.")

  // For the desk, while a card is registered.
  static let cardOfOtherPerson = Sentence(
    ja: "同じ番号（GUID）のカードが、ほかの職員に登録されています。",
    en: "A card with the same number (GUID) is registered for another person.",
    nextStepJa: "カードの取り違えがないかを確かめてください。前の持ち主のカードを引き継ぐことはできません。発行元で番号を付け直してから登録してください。",
    nextStepEn: "Check whose card this is. A card is not passed on: have its issuer give it a number of its own first.")

  static let cardNotTheNamed = Sentence(
    ja: "指定されたカード番号は、読み取り機に置かれたカードのものではありません。",
    en: "The card id that was given is not that of the card on the reader.",
    nextStepJa: "sanmon card list でこの職員のカードを確かめ、番号を直すか、--card を付けずに登録してください。",
    nextStepEn: "Look at the person's cards with 'sanmon card list'; correct the id, or register without --card.")

  static let keyRegistered = Sentence(
    ja: "このカードの鍵は、既に登録されています。",
    en: "This key of the card is registered already.",
    nextStepJa: "登録し直す必要はありません。だれのカードかは sanmon card list か sanmon card expected list で確かめられます。",
    nextStepEn: "It need not be registered again; 'sanmon card list' or 'sanmon card expected list' shows whose card it is.")

  // For the help desk and the auditor only.
  static let proofSignatureWrong = Sentence(
    ja: "カードの署名が、示された証明書の鍵と一致しませんでした。",
    en: "The card's signature does not belong to the key in the certificate that was shown.",
    nextStepJa: "同じカードで再び起きるときはカードを回収し、不正なカードの疑いとして調べてください。",
    nextStepEn: "If the same card does it again, take the card in and examine it as a suspected forgery.")

  static let proofReplayed = Sentence(
    ja: "一度使われた認証手続の証明が、もう一度送られました。",
    en: "The proof of a ceremony that had already been used was sent again.",
    nextStepJa: "端末名と時刻を記録し、その端末の通信を調べてください。利用者には、やり直しを案内してください。",
    nextStepEn: "Note the workstation and the time and examine its traffic. The person may simply retry.")

  static let proofContextMismatch = Sentence(
    ja: "別の端末、系統または用途のために作られた証明が送られました。",
    en: "A proof made for another workstation, segment or purpose was sent.",
    nextStepJa: "端末の証明書を最近更新していないかを確かめ、心当たりがなければ中継攻撃の疑いとして調べてください。",
    nextStepEn: "Check whether the workstation's certificate was just renewed; if not, examine it as a suspected relay.")

  static let certificateUntrusted = Sentence(
    ja: "カードの証明書が、この系統で信頼する認証局から発行されたものではありません。",
    en: "The card's certificate was not issued by an authority that this segment trusts.",
    nextStepJa: "カードの発行元を確かめてください。新しい認証局のカードなら、系統の信頼する認証局に追加してください。",
    nextStepEn: "Check who issued the card. If it comes from a new authority, add that authority to the segment.")

  static let certificateExpired = Sentence(
    ja: "カードの証明書が有効期間外です。",
    en: "The card's certificate is outside its dates of validity.",
    nextStepJa: "カードの更新を手配し、それまでは貸出カードを渡してください。",
    nextStepEn: "Arrange for the card to be renewed and lend a card until then.")

  static let certificateRevoked = Sentence(
    ja: "カードの証明書が失効しています。",
    en: "The card's certificate has been revoked.",
    nextStepJa: "失効の理由を発行元に確かめ、カードを回収してください。",
    nextStepEn: "Ask the issuer why it was revoked and take the card in.")

  static let revocationStale = Sentence(
    ja: "カードの失効情報が古く、有効かどうかを確かめられませんでした。",
    en: "The revocation list is too old to tell whether the card's certificate is still good.",
    nextStepJa: "最新の失効リスト（CRL）を取り込んでください。",
    nextStepEn: "Import the current revocation list (CRL).")

  static let slotMismatch = Sentence(
    ja: "暗証番号（PIN）の要らない鍵の署名が、要る鍵の署名として送られました。",
    en: "A signature of a key that needs no PIN was presented as one of a key that needs it.",
    nextStepJa: "端末のエージェントが改変されていないかを調べてください。",
    nextStepEn: "Examine whether the agent on that workstation was altered.")

  static let proofMalformed = Sentence(
    ja: "カードの証明の形式が正しくありません。",
    en: "The card proof does not have the expected form.",
    nextStepJa: "端末のエージェントの版を確かめてください。ほかの端末でも起きるカードは、回収して調べてください。",
    nextStepEn: "Check the version of the workstation's agent. If the card does it elsewhere too, take it in and examine it.")

  static let cardNotProven = Sentence(
    ja: "共有鍵のカードが、庁の鍵を持つことを示せませんでした。",
    en: "A shared-key card did not show that it has the city's key.",
    nextStepJa: "記録の備考の語（wrong-mac など）を docs/cards.md の表で確かめてください。V186・V187 なら、管理者がカードの鍵を鍵庫に登録してください。",
    nextStepEn:
      "Look up the word in the row's note (wrong-mac and others) in docs/cards.md. With V186 or V187 administrators set the card's key in the vault."
  )

  static let cardCloneSuspected = Sentence(
    ja: "カードの書き込み回数が、これまでより少なくなっています。同じ鍵のカードがもう一枚あるおそれがあります。",
    en: "The card counts less than it did before: there may be another card with the same key.",
    nextStepJa: "記録にあるカードをすぐに失効（sanmon card lost）し、手元のカードを回収して、もう一枚を探してください。",
    nextStepEn: "Withdraw the card that the row names at once (sanmon card lost), take it in, and look for the other.")
}
