public import DirectorySync
public import VaultLink

/// Why a round could not begin or go on. What one person's password met is in the report, not here.
public enum RotatorFault: Error, Sendable, Equatable {
  /// A file with a secret that is missing, empty, or others may read.
  case file(String)
  /// A file that is no operator's key.
  case key(String)
  /// The vault is away, or said no to something that is about no single person.
  case vault(VaultFault)
  /// The directory is, or did.
  case directory(LDAPFault)
  /// The application is not published, or is not the logon to Windows.
  case application
  /// So many in a row failed that something is wrong with all of them: somebody has to look before more logons are at stake.
  case tooManyFailures(RotationReport)

  public var ja: String {
    switch self {
    case .file(let path): "\(path) を読めないか、空か、ほかの利用者も読めます。所有者を自分、権限を 0600 にしてください。"
    case .key(let path): "\(path) は操作者の鍵ではありません（sanmon operator key で作ります）。"
    case .vault(let fault): "鍵庫: \(fault.description)"
    case .directory(let fault): "ディレクトリ: \(fault.code.rawValue) \(fault.ja)"
    case .application: "kind: windows の業務システムが公開されていません（sanmon application publish）。"
    case .tooManyFailures(let report): "続けて失敗したため止めました。\(report.ja)"
    }
  }

  public var en: String {
    switch self {
    case .file(let path): "\(path) cannot be read, is empty, or others may read it: it has to be this user's, mode 0600."
    case .key(let path): "\(path) is no operator's key (sanmon operator key makes one)."
    case .vault(let fault): fault.description
    case .directory(let fault): fault.description
    case .application: "no application of kind: windows is published under that name (sanmon application publish)."
    case .tooManyFailures(let report): "stopped, because one after the other failed. \(report.en)"
    }
  }
}
