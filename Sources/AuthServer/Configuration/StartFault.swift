/// Why a server does not serve. The sentences name what to do; nothing was written.
public enum StartFault: Error, Sendable, Equatable, CustomStringConvertible {
  case vaultOfAnotherInstance
  case cardRootsUnreadable(String)
  case policyUnsigned(version: String, file: String, reason: String)
  /// The database holds fewer rows than were signed.
  case logIsOlder(size: UInt64, signed: UInt64, source: Source)
  /// Its rows are not the ones that were signed.
  case logIsAnother(signed: UInt64, source: Source)
  /// The vault signed more than it remembers.
  case vaultIsOlder(signed: UInt64, vault: UInt64)
  /// A restore was approved on one side only: the other is a copy of before.
  case epochsDiffer(log: UInt64, vault: UInt64)
  case witnessUnusable(String, WitnessTrouble)
  case recoveryKeyWrong
  case snapshotKeyWrong
  /// The user that matchers of palms run under.
  case matcherUserUnknown(String)
  /// A key in `witnesses`, or two of one name.
  case witnessKeyWrong

  /// Where a checkpoint was found.
  public enum Source: Sendable, Equatable {
    case vault
    case file(String)
    /// By the name in its key; the checkpoint itself is signed by the vault.
    case witness(String)

    fileprivate var ja: String {
      switch self {
      case .vault: "鍵庫"
      case .file(let path): path
      case .witness(let name): "証人 \(name) "
      }
    }
    fileprivate var en: String {
      switch self {
      case .vault: "the vault"
      case .file(let path): path
      case .witness(let name): "the witness \(name)"
      }
    }
  }

  public enum WitnessTrouble: Sendable {
    case missing, unreadable, notOurs, tooMany
  }

  /// Whether this database or vault is an older copy, or another log: nothing that restarting could change.
  public var isOfAnOlderCopy: Bool {
    switch self {
    case .logIsOlder, .logIsAnother, .vaultIsOlder, .epochsDiffer: true
    case .vaultOfAnotherInstance, .cardRootsUnreadable, .policyUnsigned, .witnessUnusable, .recoveryKeyWrong, .snapshotKeyWrong,
      .matcherUserUnknown, .witnessKeyWrong:
      false
    }
  }

  public var description: String { english }

  public var english: String {
    switch self {
    case .vaultOfAnotherInstance:
      "the vault behind this socket is not initialised, or belongs to another instance or other segments (sanmon pki init)"
    case .policyUnsigned(let version, let file, let reason):
      """
      the rules \(version.prefix(16)) are not signed as policy-signatures asks (\(reason)): put back the rules that were in \
      force, or bring \(file) made by: sanmon policy sign
      """
    case .cardRootsUnreadable(let path): "\(path): no PEM certificates or revocation lists can be read"
    case .logIsOlder(let size, let signed, let source):
      """
      this database is an older copy: it holds \(size) rows of the log, \(source.en) has a signed checkpoint of \(signed). Cards \
      and workstations that were revoked since would be let in, so nobody is. Put the newest database back in its place; if \
      there is none, docs/operations.md, "Backup", says how to go on
      """
    case .logIsAnother(let signed, let source):
      """
      the log in this database is not the one that was signed: its first \(signed) rows have another root than the checkpoint of \
      \(source.en). It is an older copy that was written on, or was rewritten. Keep it for examination, put the right database \
      in its place; docs/operations.md, "Backup", says how to go on
      """
    case .vaultIsOlder(let signed, let vault):
      """
      the vault's state is an older copy: it signed a checkpoint of \(signed) rows and remembers \(vault). Workstations and \
      operators that were revoked since would count again, so nobody is let in. Put the vault's newest state back in its place; \
      docs/operations.md, "Backup", says how to go on
      """
    case .epochsDiffer(let log, let vault):
      """
      the database is of epoch \(log), vault or witness of epoch \(vault): one of them is a copy from before an approved restore. \
      Put the newest one in its place; docs/operations.md, "Backup", says how to go on
      """
    case .recoveryKeyWrong:
      "recovery-key in the start-up file is not the public half (recovery-1-…) as 'sanmon backup key' printed it"
    case .snapshotKeyWrong:
      "snapshot-key or domain in the start-up file is not what 'sanmon directory snapshot-key' printed where it is written"
    case .matcherUserUnknown(let user):
      "palm-matchers in the start-up file names the user \(user), whom this machine does not have"
    case .witnessKeyWrong:
      "witnesses in the start-up file: a key is not what 'sanmon witness init' printed, or two have one name"
    case .witnessUnusable(let path, let trouble):
      switch trouble {
      case .missing: "\(path): the witness that the start-up file names is not there, or may not be read"
      case .unreadable:
        "\(path): not a checkpoint as 'sanmon audit checkpoint' prints it, or may not be read; the witness holds nothing else"
      case .notOurs:
        "\(path): not signed by this instance's vault, or over another instance's log; the witness holds nothing else"
      case .tooMany: "\(path): more than 1,000 checkpoints; keep the newest ones there"
      }
    }
  }

  public var japanese: String {
    switch self {
    case .vaultOfAnotherInstance:
      "このソケットの先の鍵庫は、初期化されていないか、別の装置または別の系統のものです（sanmon pki init）"
    case .policyUnsigned(let version, let file, let reason):
      """
      規則 \(version.prefix(16)) には、policy-signatures が求める署名がありません（\(reason)）。それまでの規則に戻すか、\
      sanmon policy sign で作った \(file) を置いてください
      """
    case .cardRootsUnreadable(let path): "\(path): PEM の証明書または失効リストを読み取れません"
    case .logIsOlder(let size, let signed, let source):
      """
      このデータベースは古い写しです。監査記録は \(size) 件ですが、\(source.ja)には \(signed) 件の署名済みチェックポイントがあります。\
      その後に紛失・失効となったカードや端末を受け入れるおそれがあるため、だれも受け入れません。最新のデータベースに戻してください。\
      ないときは、docs/operations.md の「Backup」と「障害時の手順」5 の手順に従ってください
      """
    case .logIsAnother(let signed, let source):
      """
      このデータベースの監査記録は、署名された記録と一致しません。はじめの \(signed) 件が、\(source.ja)のチェックポイントと異なります。\
      古い写しに書き足されたか、書き換えられています。調査のために保全し、正しいデータベースに戻してください。\
      docs/operations.md の「Backup」と「障害時の手順」5・6 をご覧ください
      """
    case .vaultIsOlder(let signed, let vault):
      """
      鍵庫の状態は古い写しです。鍵庫が署名したチェックポイントは \(signed) 件ですが、鍵庫には \(vault) 件までしか残っていません。\
      その後に取り消された端末や操作者が再び有効になるおそれがあるため、だれも受け入れません。鍵庫を最新の状態に戻してください。\
      docs/operations.md の「Backup」と「障害時の手順」5 をご覧ください
      """
    case .epochsDiffer(let log, let vault):
      """
      データベースは第 \(log) 期、鍵庫または witness は第 \(vault) 期のものです。どちらかが、承認された復元より前の写しです。最新のものに\
      戻してください。docs/operations.md の「Backup」をご覧ください
      """
    case .recoveryKeyWrong:
      "起動ファイルの recovery-key は、sanmon backup key が表示した公開部分（recovery-1-…）ではありません"
    case .snapshotKeyWrong:
      "起動ファイルの snapshot-key か domain は、書き出す側の sanmon directory snapshot-key が表示したものではありません"
    case .matcherUserUnknown(let user): "起動ファイルの palm-matchers にある利用者 \(user) は、このサーバーにいません"
    case .witnessKeyWrong:
      "起動ファイルの witnesses に、sanmon witness init が表示したものと異なる鍵があるか、同じ名前の証人が二つあります"
    case .witnessUnusable(let path, let trouble):
      switch trouble {
      case .missing: "\(path): 起動ファイルの witness が指す場所がないか、読み取れません"
      case .unreadable: "\(path): sanmon audit checkpoint の出力ではないか、読み取れません。witness には、ほかのものを置けません"
      case .notOurs: "\(path): この装置の鍵庫の署名がないか、別の装置の記録のチェックポイントです。witness には、ほかのものを置けません"
      case .tooMany: "\(path): チェックポイントが 1,000 件を超えています。新しいものだけを置いてください"
      }
    }
  }
}
