public import AuthTerms

/// A person with all groups, direct and through other groups: what a store keeps and a decision reads.
public struct ResolvedPerson: Sendable {
  public var id: PersonID
  public var account: AccountName
  public var displayName: String
  public var kana: String
  public var otherNames: [String] = []
  /// The first is the main post.
  public var departments: [String] = []
  /// Transitive closure, canonical names.
  public var groups: Set<String> = []
  public var isEnabled = true
  public var firstDay: Int?
  public var lastDay: Int?
  public var hasManagedPassword = false
  /// `nil`: any hour.
  public var logonHours: LogonHours?
  /// Names of workstations in small letters; empty: any.
  public var workstations: Set<String> = []

  public init(id: PersonID, account: AccountName, displayName: String, kana: String) {
    self.id = id
    self.account = account
    self.displayName = displayName
    self.kana = kana
  }

  public init(_ person: DirectoryPerson, closure: Closure) {
    self.init(id: person.id, account: person.account, displayName: person.displayName, kana: person.kana)
    otherNames = person.otherNames
    departments = person.departments.map(\.text)
    groups = Set(closure.groups(from: person.memberships).map(\.text))
    isEnabled = person.isEnabled
    firstDay = person.firstDay
    lastDay = person.lastDay
    hasManagedPassword = person.hasManagedPassword
  }

  public enum Field: String, CaseIterable, Sendable {
    case account, displayName, kana, otherNames, departments, groups, isEnabled, firstDay, lastDay, hasManagedPassword,
      logonHours
    case workstations

    public var ja: String {
      switch self {
      case .account: "ログオン名"
      case .displayName: "氏名"
      case .kana: "フリガナ"
      case .otherNames: "旧姓・別表記"
      case .departments: "所属"
      case .groups: "グループ"
      case .isEnabled: "有効・無効"
      case .firstDay: "開始日"
      case .lastDay: "終了日"
      case .hasManagedPassword: "パスワードの自動管理"
      case .logonHours: "ログオンできる時間"
      case .workstations: "ログオンできる端末"
      }
    }
  }

  /// What differs from `other`, in a fixed order. Names are compared by their bytes: `==` on strings would call 神 (U+FA19) and
  /// 神 (U+795E) equal, and a corrected name would never arrive.
  public func differences(from other: ResolvedPerson) -> [Field] {
    Field.allCases.filter { field in
      switch field {
      case .account: account != other.account
      case .displayName: !sameBytes(displayName, other.displayName)
      case .kana: !sameBytes(kana, other.kana)
      case .otherNames: !otherNames.elementsEqual(other.otherNames, by: sameBytes)
      case .departments: departments != other.departments
      case .groups: groups != other.groups
      case .isEnabled: isEnabled != other.isEnabled
      case .firstDay: firstDay != other.firstDay
      case .lastDay: lastDay != other.lastDay
      case .hasManagedPassword: hasManagedPassword != other.hasManagedPassword
      case .logonHours: logonHours != other.logonHours
      case .workstations: workstations != other.workstations
      }
    }
  }
}

private func sameBytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
