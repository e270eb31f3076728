import AuthAPI
import AuthClient

/// Why this workstation itself hands no credential to the browser. The codes are stable.
package enum SSORefusal: String, Sendable, CaseIterable {
  case notOpen = "SA101"
  /// No such application or account, or none for which there is a credential.
  case notOffered = "SA102"
  case otherOrigin = "SA103"
  /// It was refused, or has to be changed; it waits until it is registered anew.
  case withheld = "SA104"
  /// Between question and answer the session was locked, ended or changed.
  case tooLate = "SA105"
  /// The application has no declared form for it.
  case notChangeable = "SA106"
  /// Once in a session; the next one tries again.
  case changedBefore = "SA107"
  /// The same as `withheld`, of somebody else's: whoever stands in for her cannot register it.
  case ownersWithheld = "SA108"

  package var sentence: (ja: String, en: String) {
    switch self {
    case .notOpen:
      ("ログオン中ではないため、サインインしません。ログオンするか、ロックを解除してください。", "Nobody is signed in while the session is not open. Log on or unlock.")
    case .notOffered:
      ("この業務システムのパスワードは、まだ登録されていません。パスワードを登録してください。", "No password is registered for this application. Register it.")
    case .otherOrigin:
      (
        "開いた画面が、登録されている業務システムの場所ではありません。情報システム担当へご連絡ください。",
        "The page is not where the application was declared to be. Tell the IT section."
      )
    case .withheld:
      (
        "登録してあるパスワードが使えなかったため、もう一度は試しません。パスワードを登録し直してください。",
        "The stored password did not work, so it is not tried again. Register it anew."
      )
    case .ownersWithheld:
      (
        "本人または共有のパスワードが使えなかったため、もう一度は試しません。本人か情報システム担当が登録し直すと使えます。",
        "The owner's stored password did not work, so it is not tried again until the owner or the IT section registers it anew."
      )
    case .notChangeable:
      (
        "この業務システムには、パスワードを変更する画面が登録されていません。情報システム担当へご連絡ください。",
        "No page to change passwords is declared for this application. Tell the IT section."
      )
    case .changedBefore:
      (
        "パスワードの自動変更は、ログオン中に一度だけ試します。次のログオンで、もう一度試します。",
        "A password is changed by itself once in a session. It is tried again after the next logon."
      )
    case .tooLate:
      ("途中でロックまたはログオフされました。もう一度ログオンしてから開いてください。", "The session was locked or ended meanwhile. Log on and open it again.")
    }
  }
}

extension HostMessage {
  init(_ refusal: SSORefusal) {
    self = .fault(code: refusal.rawValue, ja: refusal.sentence.ja, en: refusal.sentence.en)
  }

  /// The server's own code where it refused; else `AG` and the number with which a command would have ended.
  init(_ fault: AgentFault) {
    let sentence = fault.sentence
    var code = "AG\(AgentExit(fault).rawValue)"
    if case .server(.refused(let body)) = fault { code = TerminalText.clean(body.code, limit: 8) }
    self = .fault(code: code, ja: sentence.ja + sentence.nextStepJa, en: sentence.en + " " + sentence.nextStepEn)
  }
}
