/// The first thing found wrong in a log, and where. Rows are counted from 0, as their sequence numbers are.
public enum LogFinding: Sendable, Hashable {
  /// The row's bytes do not have the hash that was stored with them.
  case rowEdited(UInt64)
  /// The next row found has a higher number.
  case rowMissing(UInt64)
  /// A row came again or before its time.
  case rowOutOfOrder(UInt64)
  /// The row's bytes are not a record, or the file is damaged there.
  case rowUnreadable(UInt64)
  /// The columns that searches use tell another story than the row itself.
  case searchColumnsDiffer(UInt64)
  /// Row and hash fit each other, but not the subtree hash stored over them: rows were exchanged or rewritten.
  case subtreeDiffers(rows: Range<UInt64>)
  /// The log is shorter than a checkpoint says it was.
  case tailCut(size: UInt64, checkpoint: UInt64, source: String)
  /// The rows do not add up to a root that was signed; the rows before the range do (to an earlier checkpoint).
  case rootDiffers(rows: Range<UInt64>, source: String)
  case checkpointUnreadable(source: String)
  case checkpointSignatureWrong(source: String)
  case checkpointOfOtherLog(source: String)
  /// No witness that was named has cosigned it, or a cosignature is wrong.
  case cosignatureMissing(source: String)
  /// The database file itself is damaged outside the rows.
  case fileDamaged

  /// The row where the trouble begins; `nil` when it is not in a row.
  public var position: UInt64? {
    switch self {
    case .rowEdited(let row), .rowMissing(let row), .rowOutOfOrder(let row), .rowUnreadable(let row),
      .searchColumnsDiffer(let row):
      row
    case .subtreeDiffers(let rows), .rootDiffers(let rows, _): rows.lowerBound
    case .tailCut(let size, _, _): size
    case .checkpointUnreadable, .checkpointSignatureWrong, .checkpointOfOtherLog, .cosignatureMissing, .fileDamaged: nil
    }
  }

  public var english: String {
    switch self {
    case .rowEdited(let row): "row \(row) was changed after it was written"
    case .rowMissing(let row): "row \(row) is missing"
    case .rowOutOfOrder(let row): "row \(row) is not in its place"
    case .rowUnreadable(let row): "row \(row) cannot be read"
    case .searchColumnsDiffer(let row): "row \(row): what searches see is not what the row says"
    case .subtreeDiffers(let rows): "rows \(rows.words) were exchanged or rewritten"
    case .tailCut(let size, let checkpoint, let source):
      "the end was cut off: \(size) rows are here, the checkpoint in \(source) saw \(checkpoint); row \(size) is the first one missing"
    case .rootDiffers(let rows, let source):
      "at least one of rows \(rows.words) is not what the checkpoint in \(source) signed"
    case .checkpointUnreadable(let source): "the checkpoint in \(source) cannot be read"
    case .checkpointSignatureWrong(let source): "the checkpoint in \(source) is not signed by the log's key"
    case .checkpointOfOtherLog(let source): "the checkpoint in \(source) belongs to another log"
    case .cosignatureMissing(let source): "the checkpoint in \(source) is not cosigned by any of the witnesses that were named"
    case .fileDamaged: "the database file is damaged outside the rows"
    }
  }

  public var japanese: String {
    switch self {
    case .rowEdited(let row): "行\(row)は記録された後に書き換えられています"
    case .rowMissing(let row): "行\(row)がありません"
    case .rowOutOfOrder(let row): "行\(row)の順序が正しくありません"
    case .rowUnreadable(let row): "行\(row)を読み取れません"
    case .searchColumnsDiffer(let row): "行\(row)の検索用の列が、記録の内容と一致しません"
    case .subtreeDiffers(let rows): "行\(rows.words)が入れ替えられたか、書き直されています"
    case .tailCut(let size, let checkpoint, let source):
      "末尾が切り取られています。現在\(size)行ですが、\(source)のチェックポイントでは\(checkpoint)行でした（最初に欠けている行は\(size)）"
    case .rootDiffers(let rows, let source): "行\(rows.words)の少なくとも一つが、\(source)のチェックポイントで署名された内容と一致しません"
    case .checkpointUnreadable(let source): "\(source)のチェックポイントを読み取れません"
    case .checkpointSignatureWrong(let source): "\(source)のチェックポイントの署名が、このログの鍵によるものではありません"
    case .checkpointOfOtherLog(let source): "\(source)のチェックポイントは別のログのものです"
    case .cosignatureMissing(let source): "\(source)のチェックポイントに、指定された証人の連署がありません"
    case .fileDamaged: "データベースファイルの、行以外の部分が壊れています"
    }
  }
}

extension Range<UInt64> {
  /// Both ends inclusive.
  fileprivate var words: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)–\(upperBound - 1)" }
}
