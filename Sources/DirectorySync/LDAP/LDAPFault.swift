/// Why a domain controller gave no answer, or not the one that was asked for. Says nothing about anybody's account: a fault
/// takes nothing away from anyone.
public struct LDAPFault: Error, Sendable, Equatable {
  public enum Code: String, CaseIterable, Sendable {
    /// What was configured is no address, or the file of authorities cannot be read.
    case settings = "DS201"
    /// Nobody answers there, or the certificate is not one of the pinned authority's: libldap tells the two apart in words only.
    case unreachable = "DS202"
    case timedOut = "DS203"
    /// The account of the synchronisation itself was refused; `detail` has the directory's sub code.
    case serviceRefused = "DS204"
    /// Rights are missing (result 50).
    case rights = "DS205"
    /// The base or an object does not exist (result 32).
    case noSuchObject = "DS206"
    /// The cookie is not (any more) one of this server (result 12 or 53).
    case cookie = "DS207"
    /// Any other result code.
    case result = "DS208"
    /// The answer ended before its end, or is not what the protocol allows.
    case malformed = "DS209"
    /// More objects or bytes than one city has.
    case tooLarge = "DS210"
    /// The file with the password of the synchronisation's account cannot be used.
    case passwordFile = "DS211"
  }

  public let code: Code
  /// Out of our own lists, numbers, or libldap's words on the connection; never a value of an entry.
  public let detail: String

  public init(_ code: Code, _ detail: String = "") {
    self.code = code
    self.detail = detail
  }

  public var ja: String {
    switch code {
    case .settings: "接続先の指定が正しくありません（\(detail)）"
    case .unreachable:
      "ドメインコントローラーに接続できません（\(detail)）。サーバー名、ポート、ファイアウォール、および認証局の証明書（CA）が合っているかを確認してください"
    case .timedOut: "ドメインコントローラーが時間内に答えません（\(detail)）"
    case .serviceRefused: "同期用アカウントがドメインコントローラーに拒否されました（\(detail)）。パスワードと有効期限を確認してください"
    case .rights: "同期用アカウントに読み取りの権限がありません（\(detail)）"
    case .noSuchObject: "指定した場所（ベースDNなど）がディレクトリにありません（\(detail)）"
    case .cookie: "差分の続きの印をドメインコントローラーが受け付けません。全件の読み取りからやり直します"
    case .result: "ドメインコントローラーがエラーを返しました（\(detail)）"
    case .malformed: "ドメインコントローラーの答えが途中で切れているか、正しくありません（\(detail)）"
    case .passwordFile:
      "同期用アカウントのパスワードのファイル（\(detail)）を読めないか、空か、ほかの利用者にも読めます。所有者をサーバーの利用者、権限を 0600 にしてください"
    case .tooLarge: "ドメインコントローラーの答えが上限を超えています（\(detail)）"
    }
  }

  public var en: String {
    switch code {
    case .settings: "not a usable address (\(detail))"
    case .unreachable:
      "the domain controller cannot be reached (\(detail)): check name, port, firewall, and whether its certificate is of the "
        + "authority in the CA file"
    case .timedOut: "the domain controller does not answer in time (\(detail))"
    case .serviceRefused: "the domain controller refuses the synchronisation account (\(detail)): check its password and expiry"
    case .rights: "the synchronisation account may not read this (\(detail))"
    case .noSuchObject: "there is no such place in the directory (\(detail))"
    case .cookie: "the domain controller does not take the cookie; everything is read anew"
    case .result: "the domain controller answered with an error (\(detail))"
    case .malformed: "the domain controller's answer was cut off or is not right (\(detail))"
    case .passwordFile:
      "the file with the synchronisation account's password (\(detail)) cannot be read, is empty, or others may read it too: it has "
        + "to belong to the server's user, mode 0600"
    case .tooLarge: "the domain controller's answer is over the limit (\(detail))"
    }
  }
}

extension LDAPFault: CustomStringConvertible {
  public var description: String { "\(code.rawValue) \(en)" }
}
