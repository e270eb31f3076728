/// What is wrong in a pack, and where. Rows are counted from 0, as their sequence numbers are; lines of the file from 1.
public enum AuditPackFinding: Sendable, Hashable {
  case notAPack
  /// The row's bytes do not have the hash beside them.
  case rowEdited(UInt64)
  /// A line in the row's place cannot be read.
  case rowDamaged(UInt64)
  case rowsMissing(Range<UInt64>)
  /// A row that was there before, or stands where it does not belong.
  case rowOutOfOrder(UInt64)
  /// A row behind the announced last one.
  case rowAdded(UInt64)
  /// The row's bytes are not a record.
  case rowUnreadable(UInt64)
  /// What a person reads in the line is not what the row's bytes say.
  case rowTextDiffers(UInt64)
  /// A line that is no row was changed.
  case lineChanged(Int)
  /// The file ends before its last line.
  case cutOff(Int)
  case behindTheEnd
  case checkpointUnreadable
  case signatureWrong
  /// The checkpoint names another log than the key does.
  case otherLog(String)
  /// The row of the export is not in the signed log, or is no export.
  case exportDiffers
  /// Hashes beside the rows were changed.
  case proofChanged(Int)
  /// Rows and hashes fit each other, but not the signed checkpoint: somebody made them anew.
  case rootDiffers(Range<UInt64>)
  /// The first or the last row that is here is still in the span: rows of the span may have been left out beside it.
  case spanOpen(UInt64)

  public var english: String {
    switch self {
    case .notAPack: "this is not an audit pack"
    case .rowEdited(let row): "row \(row) was changed"
    case .rowDamaged(let row): "the line of row \(row) is damaged, or a line was put in before it"
    case .rowsMissing(let rows): rows.count == 1 ? "row \(rows.words) is missing" : "rows \(rows.words) are missing"
    case .rowOutOfOrder(let row): "row \(row) is not in its place"
    case .rowAdded(let row): "row \(row) was added"
    case .rowUnreadable(let row): "row \(row) cannot be read"
    case .rowTextDiffers(let row): "row \(row): what can be read there was changed"
    case .lineChanged(let line): "line \(line) of the file was changed"
    case .cutOff(let line): "the file was cut off at line \(line)"
    case .behindTheEnd: "something was added behind the end"
    case .checkpointUnreadable: "the checkpoint cannot be read"
    case .signatureWrong: "the checkpoint is not signed by this key"
    case .otherLog(let origin): "the pack is of another log (\(origin)) than the key"
    case .exportDiffers: "the row of this export is not the one in the signed log"
    case .proofChanged(let line): "the proof in line \(line) was changed"
    case .rootDiffers(let rows): "at least one of rows \(rows.words) is not what was signed"
    case .spanOpen(let row): "rows of the span may have been left out beside row \(row)"
    }
  }

  public var japanese: String {
    switch self {
    case .notAPack: "監査パックではありません"
    case .rowEdited(let row): "\(row) 件目が改変されています"
    case .rowDamaged(let row): "\(row) 件目の行が壊れているか、その前に行が差し込まれています"
    case .rowsMissing(let rows): "\(rows.words) 件目が欠落しています"
    case .rowOutOfOrder(let row): "\(row) 件目の順序が正しくありません"
    case .rowAdded(let row): "\(row) 件目が付け足されています"
    case .rowUnreadable(let row): "\(row) 件目を読み取れません"
    case .rowTextDiffers(let row): "\(row) 件目の表示が改変されています"
    case .lineChanged(let line): "ファイルの \(line) 行目が改変されています"
    case .cutOff(let line): "ファイルが \(line) 行目で切れています"
    case .behindTheEnd: "ファイルの末尾に付け足されたものがあります"
    case .checkpointUnreadable: "チェックポイントを読み取れません"
    case .signatureWrong: "チェックポイントの署名が、この鍵によるものではありません"
    case .otherLog(let origin): "この鍵とは別の監査記録（\(origin)）の監査パックです"
    case .exportDiffers: "書き出しの記録が、署名された監査記録のものと一致しません"
    case .proofChanged(let line): "ファイルの \(line) 行目の証明が改変されています"
    case .rootDiffers(let rows): "\(rows.words) 件目の少なくとも一つが、署名された内容と一致しません"
    case .spanOpen(let row): "\(row) 件目の隣で、期間内の記録が省かれているおそれがあります"
    }
  }
}

extension Range<UInt64> {
  /// Both ends inclusive.
  fileprivate var words: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)–\(upperBound - 1)" }
}

/// What a pack amounts to.
public struct AuditPackReport: Sendable, Hashable {
  /// Empty when nothing is missing and nothing was changed. At most `AuditPackVerifier.findingLimit`.
  public var findings: [AuditPackFinding]
  /// Whose signature was right; `nil` when it was not.
  public var checkpoint: Checkpoint?
  /// What was asked for; believed only if there are no findings.
  public var order: AuditPackOrder?
  /// The row of the export: when, and by whom.
  public var export: AuditRow?
  /// Rows in the span.
  public var rows: UInt64

  public var isSound: Bool { findings.isEmpty }
}
