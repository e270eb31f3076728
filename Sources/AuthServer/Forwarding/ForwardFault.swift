/// Why a destination did not take what was sent. Nothing of it counts as delivered then.
package enum ForwardFault: Error, Sendable, Equatable {
  /// A file that the start-up file names cannot be read, or is no PEM.
  case ownFiles
  case unreachable
  /// Its certificate is not of the authority in `trust`, has ended, or is for another name.
  case untrusted
  /// It refuses this instance's certificate, or speaks no TLS that we speak.
  case refused
  case timedOut
  /// The connection broke before everything was taken.
  case interrupted
  /// It took everything and ended without the word that RFC 5425 asks for.
  case unanswered

  package var words: (ja: String, en: String) {
    switch self {
    case .ownFiles:
      ("trust・certificate・key のファイルを読み取れません", "the files under trust, certificate or key cannot be read")
    case .unreachable: ("つながりません（電源・アドレス・ファイアウォール）", "it cannot be reached (power, address, firewall)")
    case .untrusted:
      (
        "相手の証明書を確認できません（認証局・名前・期限）", "its certificate is not of the authority in trust, has ended, or is for another name"
      )
    case .refused: ("こちらの証明書または TLS の版が断られました", "it refuses this instance's certificate or version of TLS")
    case .timedOut: ("時間内に受け取りを終えません", "it does not take what is sent in time")
    case .interrupted: ("途中で切れました", "the connection broke before everything was taken")
    case .unanswered:
      (
        "受け取りましたが、終わりの合図（close_notify）がありません。そういう製品なら ending: unanswered",
        "it took everything and ends without close_notify; if it is made so: ending: unanswered"
      )
    }
  }
}
