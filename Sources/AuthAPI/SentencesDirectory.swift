/// What the directory says about a password, or that it says nothing.
extension Sentence {
  static let passwordMustChange = Sentence(
    ja: "パスワードを変更する必要があります。",
    en: "Your password has to be changed.",
    nextStepJa: "画面の案内に従って、新しいパスワードを 2 回入力してください。",
    nextStepEn: "Type a new password twice when you are asked for it.")

  static let accountLockedOut = Sentence(
    ja: "パスワードの誤りが続いたため、ディレクトリ（AD）でアカウントがロックされています。",
    en: "After wrong passwords the directory has locked your account.",
    nextStepJa: "カードと暗証番号（PIN）でのログオンが認められていれば、それをお使いください。ロックの解除は情報システム担当へご依頼ください。",
    nextStepEn: "Log on with card and PIN where that is allowed, or ask the IT section to unlock the account.")

  static let passwordUnacceptable = Sentence(
    ja: "新しいパスワードが、ディレクトリ（AD）の決まりに合いません。",
    en: "The directory does not accept the new password.",
    nextStepJa: "長さ、文字の種類、以前と同じでないことをお確かめのうえ、別のパスワードでやり直してください。変更した当日は変えられないこともあります。",
    nextStepEn:
      "Choose another: long enough, of several kinds of characters, and not used before. A password changed today may have to wait."
  )

  static let directorySilent = Sentence(
    ja: "パスワードを確かめるサーバー（AD）が応答しません。",
    en: "The server that checks passwords does not answer.",
    nextStepJa: "カードと暗証番号（PIN）など、パスワードを使わない組み合わせでお試しください。続くときは情報システム担当へお知らせください。",
    nextStepEn: "Use a combination without a password, for example card and PIN. If it goes on, tell the IT section.")

  static let passwordElsewhere = Sentence(
    ja: "この職員のパスワードは、ディレクトリ（AD）のものです。三門では設定できません。",
    en: "This person's password is the directory's. It is not set here.",
    nextStepJa: "Active Directory でパスワードを設定してください（次回の変更を求めると、本人が端末で変えられます）。",
    nextStepEn:
      "Set it in the Active Directory; if it has to be changed at the next logon, the person does that at the workstation.")

  static let directoryTooOld = Sentence(
    ja: "職員の情報を長い間ディレクトリ（AD）から読み取れていないため、ログオンできません。",
    en: "The directory of the staff has not been read for too long; nobody can log on by it.",
    nextStepJa: "情報システム担当へ、照会番号とともにお知らせください。",
    nextStepEn: "Tell the IT section, with the reference number.")
}
