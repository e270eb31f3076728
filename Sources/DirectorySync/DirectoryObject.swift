public import AuthTerms

public enum DepartmentTag {}
/// The code of one department (部・課), as the personnel office writes it.
public typealias DepartmentCode = Identifier<DepartmentTag>

/// A group in the one spelling that policies use.
///
/// Accepts 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a letter or digit; capital letters are folded, because a directory does
/// not tell `SEG-LGWAN` from `seg-lgwan`. No other folding is done: a full-width spelling is refused, not repaired.
public struct GroupName: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let text: String

  public init(parsing text: some StringProtocol) throws(MalformedInput) {
    let identifier: Identifier<Self>
    do throws(MalformedInput) { identifier = try Identifier(parsing: text) } catch {
      throw MalformedInput("group name", expected: "1 to 64 of a-z 0-9 . _ -, starting with a letter or digit")
    }
    self.text = identifier.text.lowercased()
  }

  public var description: String { text }
  public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
}

/// A person as a source tells it. `memberships` are the groups that name the person directly; see `Closure`.
public struct DirectoryPerson: Sendable {
  /// The person for life; a person who comes back under another id is another person.
  public var id: PersonID
  public var account: AccountName
  /// Kept byte for byte: 髙 and 高, 﨑 and 崎 are different names (1 to 128 characters).
  public var displayName: String
  public var kana: String
  /// Former family names (旧姓) and other spellings, for searching only.
  public var otherNames: [String] = []
  /// The first is the main post; 兼務 and 併任 follow.
  public var departments: [DepartmentCode] = []
  public var memberships: [GroupName] = []
  public var isEnabled = true
  /// `LocalTime.day`, both inclusive.
  public var firstDay: Int?
  public var lastDay: Int?
  /// The directory password is managed: nobody knows it.
  public var hasManagedPassword = false

  public init(id: PersonID, account: AccountName, displayName: String, kana: String) {
    self.id = id
    self.account = account
    self.displayName = displayName
    self.kana = kana
  }
}

/// A group and the groups it is directly a member of.
public struct DirectoryGroup: Sendable, Hashable {
  public var name: GroupName
  public var title: String
  public var parents: [GroupName]

  public init(name: GroupName, title: String, parents: [GroupName] = []) {
    self.name = name
    self.title = title
    self.parents = parents
  }
}

public struct Department: Sendable, Hashable {
  public var code: DepartmentCode
  public var name: String
  public var parent: DepartmentCode?
  /// 庁舎・支所
  public var site: String

  public init(code: DepartmentCode, name: String, parent: DepartmentCode?, site: String) {
    self.code = code
    self.name = name
    self.parent = parent
    self.site = site
  }
}

/// Everything a source knows at one time. Made by sources; ids, accounts, group names and department codes are unique in it
/// and every reference in it has its target.
public struct DirectorySnapshot: Sendable {
  public var people: [DirectoryPerson]
  public var groups: [DirectoryGroup]
  public var departments: [Department]

  public init(people: [DirectoryPerson], groups: [DirectoryGroup], departments: [Department]) {
    self.people = people
    self.groups = groups
    self.departments = departments
  }
}
