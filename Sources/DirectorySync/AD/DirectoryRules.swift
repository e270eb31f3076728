/// How the objects of a domain become people.
public struct DirectoryRules: Sendable, Hashable {
  /// The attribute with the staff number (職員番号), in small letters. Users without one are not staff.
  public var numberAttribute: String
  /// Names of OUs, the outermost first, below which the staff stand; empty: anywhere.
  public var base: [String]
  /// Seconds east of UTC, for the day on which an account ends.
  public var offsetSeconds: Int

  public init(numberAttribute: String = "employeenumber", base: [String] = [], offsetSeconds: Int = 9 * 3600) {
    self.numberAttribute = numberAttribute
    self.base = base
    self.offsetSeconds = offsetSeconds
  }
}

/// What somebody should look at, though it stops nothing.
public struct DirectoryFinding: Sendable, Hashable {
  public enum Kind: String, CaseIterable, Sendable {
    /// An enabled user without a staff number: left out.
    case numberMissing
    /// A staff number that cannot be one, or that two users have: left out.
    case numberUnusable, numberShared
    /// An account name that cannot be one, or two that are one: left out, or as it was.
    case accountUnusable, accountShared
    /// Over the limit of groups: without groups.
    case tooManyGroups
    /// Groups that contain each other.
    case groupCycle
    /// Held until somebody confirms who it is.
    case successor, returned
    /// A new object with the number of somebody who was here: a new person.
    case numberTaken
  }

  public let kind: Kind
  /// Account names, or the id of a person; to be marked before it is shown.
  public let subject: String

  public init(_ kind: Kind, _ subject: String) {
    self.kind = kind
    self.subject = subject
  }

  public var ja: String {
    switch kind {
    case .numberMissing: "職員番号のない有効な利用者（取り込みません）: \(subject)"
    case .numberUnusable: "職員番号として使えない値（取り込みません）: \(subject)"
    case .numberShared: "同じ職員番号の利用者（取り込みません）: \(subject)"
    case .accountUnusable: "ログオン名として使えない名前: \(subject)"
    case .accountShared: "大文字・小文字や全角を除くと同じログオン名: \(subject)"
    case .tooManyGroups: "所属グループが多すぎるため、グループなしとして扱います: \(subject)"
    case .groupCycle: "互いを含むグループ: \(subject)"
    case .successor: "職員番号か氏名が変わったアカウント。本人か後任かを確認するまで停止しています: \(subject)"
    case .returned: "削除のあと復元されたアカウント。確認するまで停止しています: \(subject)"
    case .numberTaken: "以前の職員と同じ番号の新しいアカウント。別の人として取り込みました: \(subject)"
    }
  }

  public var en: String {
    switch kind {
    case .numberMissing: "an enabled user without a staff number, left out: \(subject)"
    case .numberUnusable: "a staff number that cannot be one, left out: \(subject)"
    case .numberShared: "users with the same staff number, left out: \(subject)"
    case .accountUnusable: "an account name that cannot be one: \(subject)"
    case .accountShared: "account names that are one but for case or width: \(subject)"
    case .tooManyGroups: "in too many groups, counts as in none: \(subject)"
    case .groupCycle: "groups that contain each other: \(subject)"
    case .successor: "staff number or both names changed; held until somebody confirms who it is: \(subject)"
    case .returned: "deleted and brought back; held until somebody confirms who it is: \(subject)"
    case .numberTaken: "a new account with the number of somebody who was here; taken for another person: \(subject)"
    }
  }
}
