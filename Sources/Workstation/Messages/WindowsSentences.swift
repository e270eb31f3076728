import AuthAPI

extension AgentFault {
  /// The session is open: what is said is what to do at Windows.
  static func sentence(_ doubt: WindowsDoubt) -> Sentence {
    switch doubt {
    case .noApplication:
      Sentence(
        ja: "ログオンはできています。この系統には Windows へのログオンの設定がないため、Windows には何も渡しませんでした。",
        en: "You are logged on. No application of this segment is the logon to Windows, so Windows was given nothing.",
        nextStepJa: "Windows の画面でサインインしてください。自動にするには、policies/applications/windows.yaml を置いて公開します。",
        nextStepEn: "Sign in at Windows. To have it done, put policies/applications/windows.yaml in place and publish it.")
    case .nothingTyped:
      Sentence(
        ja: "ログオンはできています。パスワードを入力しないログオンだったため、Windows に渡すパスワードがありません。",
        en: "You are logged on. No password was typed at this logon, so there is none to give to Windows.",
        nextStepJa: "Windows の画面でサインインするか、次は --factors card+password でログオンしてください。",
        nextStepEn: "Sign in at Windows, or log on with --factors card+password next time.")
    case .noCard:
      Sentence(
        ja: "ロックは解除できています。カードを使わなかったため、Windows に渡すカードの証明書がありません。",
        en: "It is unlocked. No card took part, so there is no certificate to name to Windows.",
        nextStepJa: "Windows の画面でカードを使ってください。",
        nextStepEn: "Use your card at Windows.")
    case .refused:
      Sentence(
        ja: "ログオンはできていますが、渡したパスワードを Windows が受け付けませんでした。もう試しません。",
        en: "You are logged on, but Windows did not take the password that it was given. It is not tried again.",
        nextStepJa: "少し待ってからもう一度ログオンし、続くときは情報システム担当へご連絡ください。",
        nextStepEn: "Log on again in a few minutes; if it goes on, tell the IT section.")
    case .mustChange:
      Sentence(
        ja: "ログオンはできていますが、Windows がパスワードの変更を求めています。",
        en: "You are logged on, but Windows wants the password changed first.",
        nextStepJa: "Windows の画面で変更してください。自動で作られたパスワードのときは、情報システム担当へご連絡ください。",
        nextStepEn: "Change it at Windows. If the password is one that is made for you, tell the IT section.")
    case .programFailed:
      Sentence(
        ja: "ログオンはできていますが、Windows に渡すプログラムが正しく終わりませんでした。",
        en: "You are logged on, but the program that hands things to Windows did not end well.",
        nextStepJa: "Windows の画面でサインインし、情報システム担当へご連絡ください。",
        nextStepEn: "Sign in at Windows, and tell the IT section.")
    }
  }
}
