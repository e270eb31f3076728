public import AuthTerms
public import DirectorySync

/// What one round did, by counts and staff numbers; no account, no password.
public struct RotationReport: Sendable, Equatable {
  /// Why somebody's password is the former one, or may be.
  public enum Failure: String, Sendable, CaseIterable {
    /// The directory's rules for passwords do not take ours, or its rights do not reach this account.
    case directoryRefused
    /// It gave no answer: nobody knows which of the two it is, and the vault keeps both.
    case directorySilent
    /// It took the new one and does not let in with it.
    case doesNotOpen
    /// Versions wait for a word that never came.
    case tooManyWaiting
  }

  /// Members of the group that are accounts.
  public internal(set) var accounts = 0
  public internal(set) var rotated: [PersonID] = []
  /// Not due yet.
  public internal(set) var fresh = 0
  /// Without a card in the vault's register: nobody could be handed what would be made.
  public internal(set) var withoutCard: [PersonID] = []
  /// Left alone, by why.
  public internal(set) var obstacles: [ManagedAccount.Obstacle: Int] = [:]
  public internal(set) var failures: [PersonID: Failure] = [:]
  /// Due now; what a look finds without changing anything.
  public internal(set) var due: [PersonID] = []

  public init() {}

  /// Nothing needs anybody's hand.
  public var isWell: Bool { failures.isEmpty && withoutCard.isEmpty }

  public var ja: String {
    var parts = ["アカウント \(accounts)、作り直し \(rotated.count)、期限内 \(fresh)"]
    if !due.isEmpty { parts.append("対象 \(due.count)") }
    if !withoutCard.isEmpty { parts.append("鍵庫にカードのない人 \(Self.list(withoutCard))") }
    for (obstacle, count) in obstacles.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      parts.append("\(obstacle.ja) \(count)")
    }
    for kind in Failure.allCases {
      let people = failures.filter { $0.value == kind }.keys.sorted()
      if !people.isEmpty { parts.append("\(kind.ja): \(Self.list(people))") }
    }
    return parts.joined(separator: "、")
  }

  public var en: String {
    var parts = ["accounts \(accounts), made anew \(rotated.count), not due \(fresh)"]
    if !due.isEmpty { parts.append("due \(due.count)") }
    if !withoutCard.isEmpty { parts.append("without a card in the vault \(Self.list(withoutCard))") }
    for (obstacle, count) in obstacles.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      parts.append("\(obstacle.rawValue) \(count)")
    }
    for kind in Failure.allCases {
      let people = failures.filter { $0.value == kind }.keys.sorted()
      if !people.isEmpty { parts.append("\(kind.rawValue): \(Self.list(people))") }
    }
    return parts.joined(separator: ", ")
  }

  private static func list(_ people: [PersonID]) -> String {
    "\(people.count) (\(people.prefix(10).map(\.text).joined(separator: " "))\(people.count > 10 ? " …" : ""))"
  }
}

extension RotationReport.Failure {
  fileprivate var ja: String {
    switch self {
    case .directoryRefused: "ディレクトリが拒否"
    case .directorySilent: "ディレクトリが無応答（新旧どちらも鍵庫に残しています）"
    case .doesNotOpen: "設定後に確かめられない"
    case .tooManyWaiting: "確かめられない版が多すぎる"
    }
  }
}

extension ManagedAccount.Obstacle {
  fileprivate var ja: String {
    switch self {
    case .protected: "管理者（触りません）"
    case .disabled: "無効"
    case .smartCardRequired: "スマートカード必須"
    case .numberUnusable: "職員番号なし"
    case .numberShared: "職員番号の重複"
    case .itself: "このアカウント自身"
    }
  }
}
