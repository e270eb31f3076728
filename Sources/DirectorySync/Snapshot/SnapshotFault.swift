/// Why a snapshot of the directory is not read, or not written. A fault takes nothing away from anyone: what was read last stays in
/// force.
public struct SnapshotFault: Error, Sendable, Equatable {
  public enum Code: String, CaseIterable, Sendable {
    /// No file there, or one that cannot be read.
    case unreadable = "DS221"
    case tooLarge = "DS222"
    /// Without its last line: cut off, or still being copied.
    case truncated = "DS223"
    /// A version of the format that this release does not know, or no snapshot at all.
    case version = "DS224"
    /// Not signed by the key of the start-up file, or changed since.
    case signature = "DS225"
    /// Signed, and not written as this format wants it.
    case malformed = "DS226"
    case otherDomain = "DS227"
    /// Its number is below that of the one read last.
    case older = "DS228"
    /// Its number is that of the one read last, and it says something else.
    case sameNumber = "DS229"
    /// What is to be written has no domain, or is over a limit.
    case unwritable = "DS230"
    /// Line ends or the beginning were changed by what it passed through.
    case altered = "DS231"
    /// Its place, a share, does not answer.
    case silent = "DS232"
  }

  public let code: Code
  /// 1-based; 0 when the file as a whole is meant.
  public let line: Int
  /// Out of our own lists, numbers, or a path of the start-up file; never a value of an object.
  public let detail: String

  public init(_ code: Code, line: Int = 0, _ detail: String = "") {
    self.code = code
    self.line = line
    self.detail = detail
  }

  /// Detail of what is wrong with the SIDs of people.
  static let accounts = "objectSid"
  /// A file that no snapshot is as large as.
  public static let tooLarge = SnapshotFault(.tooLarge, "\(SnapshotFile.byteLimit >> 20) MiB")

  public var ja: String {
    switch code {
    case .unreadable: "写しのファイルがないか、読めません（\(detail)）。置き場所と、サーバーの利用者が読めるかを確かめてください"
    case .tooLarge: "写しのファイルが大きすぎます（上限 \(detail)）。別のファイルを置いていないか確かめてください"
    case .truncated: "写しのファイルが途中で切れています。コピーの途中でなければ、もう一度運んでください"
    case .version: "ディレクトリの写しではないか、この版では読めない形式です。ファイルの取り違えでなければ、書き出す側と読む側の三門の版をそろえてください"
    case .signature:
      "写しの署名が合いません。別の装置の写しか、書き換えられたものです。起動ファイルの snapshot-key と、書き出した側の sanmon directory snapshot-key の表示を見比べ、同じなら、このファイルを保全して調べてください"
    case .malformed: "署名は合っていますが、写しの \(line) 行目（\(detail)）を読み取れません。書き出す側と読む側の三門の版をそろえてください"
    case .otherDomain:
      "別のドメインの写しです（写し ≠ この装置: \(detail)）。ファイルの取り違えでなければ（ドメインを作り直したときなど）、起動ファイルの domain を写しのものに直して再起動してください"
    case .older: "読み取り済みのものより古い写しです（\(detail)）。新しく書き出して運んでください"
    case .sameNumber: "読み取り済みの写しと同じ番号で、内容が違います（\(detail)）。書き出す装置が二台ないか確かめ、なければ、このファイルを保全して調べてください"
    case .unwritable where detail == Self.accounts:
      "写しを書き出せません。objectSid を読み取れない利用者がいるか、複数のドメインの利用者がいます。Active Directory で、同期用アカウントに利用者の objectSid の読み取りを許可してください"
    case .unwritable: "写しを書き出せません。数が上限を超えています（\(detail)）。保守担当に知らせてください"
    case .altered: "写しの改行（LF）か先頭が、運ぶ途中で変わっています。変換せずにそのまま運んでください"
    case .silent: "写しの置き場所が応答しません（\(detail)）。共有フォルダーなら、つながっているか、相手の機械が動いているかを確かめてください。応答が戻れば、自動的に読み取ります"
    }
  }

  public var en: String {
    switch code {
    case .unreadable:
      "there is no snapshot, or it cannot be read (\(detail)): check its place, and whether the server's user may read it"
    case .tooLarge: "the snapshot is too large (at most \(detail)): is it another file?"
    case .truncated: "the snapshot is cut off: unless it is being copied, carry it once more"
    case .version:
      "not a snapshot of a directory, or of a format that this release does not know: unless it is the wrong file, bring the "
        + "writing and the reading instance to the same release"
    case .signature:
      "the snapshot is another instance's, or was changed: compare snapshot-key of the start-up file with 'sanmon directory "
        + "snapshot-key' where it was written; if they are the same, keep the file for examination"
    case .malformed:
      "the signature is right, but line \(line) of the snapshot (\(detail)) cannot be read: bring the writing and the reading "
        + "instance to the same release"
    case .otherDomain:
      "the snapshot is of another domain (of the snapshot ≠ of this instance: \(detail)): unless it is the wrong file (the domain "
        + "was built anew), write the snapshot's into 'domain' of the start-up file and restart"
    case .older: "the snapshot is older than the one read last (\(detail)): write a new one and carry it"
    case .sameNumber:
      "the snapshot has the number of the one read last and says something else (\(detail)): are there two instances that write "
        + "them? If not, keep the file for examination"
    case .unwritable where detail == Self.accounts:
      "no snapshot can be written: the objectSid of some user cannot be read, or there are users of several domains; let the "
        + "account that reads the directory read objectSid of users"
    case .unwritable: "no snapshot can be written: over the limit (\(detail)); tell the maintainer"
    case .altered: "line ends (LF) or the beginning of the snapshot were changed on the way: carry it as it is"
    case .silent:
      "the place of the snapshots does not answer (\(detail)): if it is a share, check that it is connected and its machine runs; it "
        + "is read by itself when it answers again"
    }
  }
}

extension SnapshotFault: CustomStringConvertible {
  public var description: String { "\(code.rawValue) \(en)" }
}
