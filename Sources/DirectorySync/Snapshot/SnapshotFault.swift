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

  private var what: String { [line > 0 ? "\(line)" : "", detail].filter { !$0.isEmpty }.joined(separator: ": ") }

  public var ja: String {
    switch code {
    case .unreadable: "写しのファイルがないか、読めません（\(detail)）。置き場所と、サーバーの利用者が読めるかを確かめてください"
    case .tooLarge: "写しのファイルが大きすぎます（上限 \(detail)）"
    case .truncated: "写しのファイルが途中で切れています。コピーの途中でなければ、もう一度運んでください"
    case .version: "ディレクトリの写しではないか、この版では読めない形式です。書き出した側と版を合わせてください"
    case .signature: "写しの署名が合いません。書き換えられたか、別の装置の写しです。起動ファイルの snapshot-key と、書き出した側の sanmon directory snapshot-key を見比べてください"
    case .malformed: "写しの書き方が正しくありません（\(what) 行）。書き出した側と版を合わせてください"
    case .otherDomain: "別のドメインの写しです（\(detail)）"
    case .older: "読み取り済みのものより古い写しです（\(detail)）。新しい写しを運んでください"
    case .sameNumber: "読み取り済みの写しと同じ番号で、内容が違います（\(detail)）。書き出した側が二台ないか確かめてください"
    case .unwritable: "写しを書き出せません（\(what)）"
    case .altered: "写しの改行（LF）か先頭が、運ぶ途中で変わっています。変換せずにそのまま運んでください"
    }
  }

  public var en: String {
    switch code {
    case .unreadable:
      "there is no snapshot, or it cannot be read (\(detail)): check its place, and whether the server's user may read it"
    case .tooLarge: "the snapshot is too large (at most \(detail))"
    case .truncated: "the snapshot is cut off: unless it is being copied, carry it once more"
    case .version: "not a snapshot of a directory, or of a format that this release does not know: check both releases"
    case .signature:
      "the snapshot is not signed by the key of the start-up file, or was changed: compare snapshot-key with 'sanmon directory "
        + "snapshot-key' where it was written"
    case .malformed: "the snapshot is not written as it must be (line \(what)): check both releases"
    case .otherDomain: "the snapshot is of another domain (\(detail))"
    case .older: "the snapshot is older than the one read last (\(detail)): carry a newer one"
    case .sameNumber:
      "the snapshot has the number of the one read last and says something else (\(detail)): are there two that write them?"
    case .unwritable: "no snapshot can be written (\(what))"
    case .altered: "line ends (LF) or the beginning of the snapshot were changed on the way: carry it as it is"
    }
  }
}

extension SnapshotFault: CustomStringConvertible {
  public var description: String { "\(code.rawValue) \(en)" }
}
