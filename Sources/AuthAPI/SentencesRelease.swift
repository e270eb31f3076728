/// Stored credentials for applications: what a clerk and the IT section read.
extension Sentence {
  static let releaseNotProven = Sentence(
    ja: "このログオンを鍵庫がまだ確かめていません。",
    en: "The vault has not verified this logon yet.",
    nextStepJa: "もう一度お試しください。続くときは、いったんログオフし、カードでログオンし直してください。",
    nextStepEn: "Try again. If it goes on, log off and log on with the card.")

  static let releaseCardUnknown = Sentence(
    ja: "このカードは、まだ鍵庫に登録されていません。",
    en: "This card is not registered in the vault yet.",
    nextStepJa: "情報システム担当へお知らせください（担当者は sanmon vault cards で登録します）。それまでは、ご自身で業務システムにサインインできます。",
    nextStepEn:
      "Tell the IT section (they register it with: sanmon vault cards). Until then you can sign in to the application yourself."
  )

  static let releaseRefused = Sentence(
    ja: "この端末からの要求を、鍵庫が受け付けませんでした。",
    en: "The vault did not accept this workstation's request.",
    nextStepJa: "いったんログオフし、カードでログオンし直してください。続くときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Log off and log on with the card. If it goes on, tell the IT section the reference number.")

  static let applicationNotPublished = Sentence(
    ja: "この業務システムは、この系統では自動サインインの対象ではありません。",
    en: "Nobody is signed in to this application by Sanmon in this segment.",
    nextStepJa: "対象にするときは、情報システム担当へご依頼ください（sanmon application publish）。",
    nextStepEn: "If that is wanted, ask the IT section (sanmon application publish).")

  static let releaseProofTooOld = Sentence(
    ja: "カードを確認してから時間がたっているため、自動サインインできません。",
    en: "The card was shown too long ago for this application.",
    nextStepJa: "画面をロックし、カードでロックを解除してから、もう一度お試しください。",
    nextStepEn: "Lock the screen, unlock it with the card, and try again.")

  static let credentialMissing = Sentence(
    ja: "この業務システムのパスワードが、まだ登録されていません。",
    en: "No password is stored for this application yet.",
    nextStepJa: "sanmon-agent credential register で登録するか、情報システム担当へご依頼ください。",
    nextStepEn: "Register it with sanmon-agent credential register, or ask the IT section.")

  static let credentialWrong = Sentence(
    ja: "登録されているパスワードは、業務システムに受け付けられませんでした。",
    en: "The application did not accept the stored password.",
    nextStepJa: "くり返すと業務システムでロックされるため、自動では試しません。正しいパスワードを登録し直してください。",
    nextStepEn: "It is not tried again, so that the application does not lock the account. Register the right password anew.")

  static let releasesTooMany = Sentence(
    ja: "短い時間に、パスワードの要求が多すぎます。",
    en: "Passwords were asked for too often in a short time.",
    nextStepJa: "1 分ほど待ってから、もう一度お試しください。心当たりがないときは、情報システム担当へお知らせください。",
    nextStepEn: "Wait a minute and try again. If that was not you, tell the IT section.")

  static let releasesStopped = Sentence(
    ja: "自動サインインは、安全のため全庁で停止しています。",
    en: "Signing in by Sanmon is stopped everywhere, for safety.",
    nextStepJa: "ご自身で業務システムにサインインしてください。情報システム担当は、記録を調べてから sanmon vault resume で再開します。",
    nextStepEn:
      "Sign in to the application yourself. The IT section looks at the log first, and then resumes with: sanmon vault resume.")

  static let credentialUnreadable = Sentence(
    ja: "登録しようとしたパスワードを、鍵庫が読めませんでした。",
    en: "The vault could not read the password that was to be stored.",
    nextStepJa: "もう一度登録してください。続くときは、照会番号を情報システム担当へお知らせください。",
    nextStepEn: "Register it again. If it goes on, tell the IT section the reference number.")

  static let credentialOfOther = Sentence(
    ja: "ほかの職員のパスワードや共有のパスワードを使う登録が、いまはありません。",
    en: "You are not registered, now, to use that person's or that shared password.",
    nextStepJa: "代理や共有が必要なときは、期間を決めて情報システム担当へご依頼ください（sanmon vault deputy add）。カードの貸し借りはしないでください。",
    nextStepEn:
      "If you stand in for somebody or share an account, ask the IT section, with the dates (sanmon vault deputy add). Never lend a card."
  )
}
