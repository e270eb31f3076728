/// How much one import may take away before a person has to say that it is meant.
///
/// A wrong folder, an export cut in half or a group file that lost its lines look exactly like everybody leaving on one day.
public struct Brake: Sendable, Hashable {
  /// Of the people who are enabled now, how many per cent may lose access without confirmation.
  public var percent: Int
  /// The number of people who lose access as the operator saw it in the preview; the plan must match it exactly.
  public var confirmed: Int?
  /// A snapshot without people is meant.
  public var allowsEmpty: Bool

  /// - Parameter percent: 0 to 100; other values are taken to the nearer end.
  public init(percent: Int = 5, confirmed: Int? = nil, allowsEmpty: Bool = false) {
    self.percent = min(max(percent, 0), 100)
    self.confirmed = confirmed
    self.allowsEmpty = allowsEmpty
  }
}

/// The brake held: nothing may be applied.
public enum ImportRefusal: Error, Sendable, Equatable {
  /// The snapshot has no people.
  case empty
  /// More people than the limit would lose access.
  case tooManyLoseAccess(count: Int, enabled: Int, percent: Int)
  /// The confirmed number is not the number of this plan: the files or the store changed since the preview.
  case confirmationDiffers(confirmed: Int, count: Int)

  public var ja: String {
    switch self {
    case .empty: "取り込むデータに職員が一人もいません。ファイルの場所と書き出し条件を確認してください。何も変更していません。"
    case .tooManyLoseAccess(let count, let enabled, let percent):
      "有効な職員 \(enabled) 人のうち \(count) 人が利用できなくなります（上限 \(percent)%）。一覧を確認し、正しい場合は人数 \(count) を指定してもう一度実行してください。何も変更していません。"
    case .confirmationDiffers(let confirmed, let count):
      "確認された人数（\(confirmed) 人）と、今回利用できなくなる人数（\(count) 人）が違います。一覧をもう一度確認してください。何も変更していません。"
    }
  }

  public var en: String {
    switch self {
    case .empty: "the data names no person; check the place of the files and how they were exported. Nothing was changed"
    case .tooManyLoseAccess(let count, let enabled, let percent):
      "\(count) of \(enabled) enabled people would lose access (limit \(percent) %); look at the list and, if it is right, "
        + "run again with the number \(count). Nothing was changed"
    case .confirmationDiffers(let confirmed, let count):
      "\(confirmed) people were confirmed to lose access, but this import would take it from \(count); look at the list again. "
        + "Nothing was changed"
    }
  }
}

extension ImportRefusal: CustomStringConvertible {
  public var description: String { en }
}
