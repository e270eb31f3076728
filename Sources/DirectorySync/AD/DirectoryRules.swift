public import AuthTerms

/// How the objects of a domain become people.
public struct DirectoryRules: Sendable, Hashable {
  /// The attribute with the staff number (職員番号), in small letters. Users without one are not staff.
  public var numberAttribute: String
  /// Names of OUs, the outermost first, below which the staff stand; empty: anywhere.
  public var base: [String]
  /// Seconds east of UTC, for the day on which an account ends.
  public var offsetSeconds: Int
  /// The attribute with the day (`2027-04-01`) until which somebody's departments and groups stay as they were, in small letters;
  /// `nil`: what the directory says holds at once.
  public var effectiveAttribute: String?
  /// A disabled account that ended so many days ago is not taken in anew: its person was removed here. `nil`: however long ago.
  public var purgeAfterDays: Int?
  /// Account names of groups, in small letters, whose members' passwords in the directory are made for them: nobody knows them.
  public var managed: Set<String> = []
  /// Groups that rules name, and that are told from others by their GUID once they were found.
  public var named: Set<String>
  /// Groups that a place in the tree gives.
  public var units: [UnitGroup]
  /// The objects that names were found to mean (`DirectoryView.anchors`).
  public var anchors: [Anchor: ObjectGUID]

  /// The local day (`LocalTime.day`) of a moment in milliseconds since 1970-01-01 UTC.
  func day(_ milliseconds: Int64) -> Int {
    Int((milliseconds + Int64(offsetSeconds) * 1000).flooredDivision(by: 86_400_000))
  }

  /// Everybody below an OU is in the group of that name.
  public struct UnitGroup: Sendable, Hashable {
    /// Names of OUs, the outermost first.
    public var path: [String]
    public var group: String

    public init(path: [String], group: String) {
      self.path = path
      self.group = group
    }
  }

  /// What a configured name means.
  public enum Anchor: Sendable, Hashable, Comparable {
    case group(String)
    /// OU names with `/` between them.
    case unit(String)
  }

  public init(
    numberAttribute: String = "employeenumber", base: [String] = [], offsetSeconds: Int = 9 * 3600,
    effectiveAttribute: String? = nil, named: Set<String> = [], units: [UnitGroup] = [], anchors: [Anchor: ObjectGUID] = [:]
  ) {
    self.numberAttribute = numberAttribute
    self.base = base
    self.offsetSeconds = offsetSeconds
    self.effectiveAttribute = effectiveAttribute
    self.named = named
    self.units = units
    self.anchors = anchors
  }

  /// The same as if every day that was set had come: what the directory says about the time after it.
  public var atOnce: DirectoryRules {
    var rules = self
    rules.effectiveAttribute = nil
    return rules
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
    /// A group or an OU that the rules name: not there, called otherwise now, or another object than it was.
    case groupMissing, groupRenamed, groupReplaced, unitMissing, unitRenamed
    /// So many people stay as they were until a day; and a day that cannot be read, which counts as none.
    case waiting, dayUnreadable
    /// A staff number of the kind that people from outside have here: left out.
    case numberReserved

    /// The rules and the directory do not go together: somebody has to put one of them right.
    public var isOfRules: Bool {
      switch self {
      case .groupMissing, .groupReplaced, .unitMissing: true
      default: false
      }
    }
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
    case .groupMissing: "規則にあるグループが、ディレクトリにありません: \(subject)"
    case .groupRenamed: "規則にあるグループの名前が変わりました。今までどおりに扱います: \(subject)"
    case .groupReplaced: "規則にあるグループと同じ名前の別のグループがあります（使いません）: \(subject)"
    case .unitMissing: "organisation.yaml にある OU が、ディレクトリにありません: \(subject)"
    case .unitRenamed: "organisation.yaml にある OU の名前か場所が変わりました。今までどおりに扱います: \(subject)"
    case .waiting: "決められた日まで今までどおりの人: \(subject)"
    case .dayUnreadable: "日付（2027-04-01 の形）として読めない値。すぐに反映します: \(subject)"
    case .numberReserved: "外部の方のための番号（EXT-）が職員番号になっています（取り込みません。番号を変えてください）: \(subject)"
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
    case .groupMissing: "a group that the rules name is not in the directory: \(subject)"
    case .groupRenamed: "a group that the rules name was renamed; it counts as before: \(subject)"
    case .groupReplaced: "another group has the name of one that the rules name, and does not count: \(subject)"
    case .unitMissing: "an OU that organisation.yaml names is not in the directory: \(subject)"
    case .unitRenamed: "an OU that organisation.yaml names was renamed or moved; it counts as before: \(subject)"
    case .waiting: "people who stay as they were until their day: \(subject)"
    case .dayUnreadable: "a day that cannot be read (2027-04-01); what the directory says holds at once: \(subject)"
    case .numberReserved:
      "a staff number of the kind that people from outside have here (EXT-), left out until it is another: \(subject)"
    }
  }
}
