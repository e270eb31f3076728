public import AuthTerms

/// A person as the directory last told it.
public struct Person: Sendable, Hashable {
  public var id: PersonID
  public var account: AccountName
  public var displayName: String
  public var kana: String
  /// Former family names and other spellings, for searching only.
  public var otherNames: [String] = []
  /// Department codes; the first is the main post (兼務・併任 follow).
  public var departments: [String] = []
  /// Transitive closure of groups, canonical names.
  public var groups: Set<String> = []
  public var isEnabled = true
  public var firstDay: Int?
  public var lastDay: Int?
  public var hasManagedPassword = false
  /// As the directory says; `nil`: any hour.
  public var logonHours: LogonHours?
  /// Names of workstations in small letters; empty: any.
  public var workstations: Set<String> = []

  public init(id: PersonID, account: AccountName, displayName: String, kana: String) {
    self.id = id
    self.account = account
    self.displayName = displayName
    self.kana = kana
  }
}

/// A local password as Argon2id hash, sealed under a key that is not in the database.
public struct StoredPassword: Sendable {
  public var person: PersonID
  /// PHC string sealed by `Sealing`; opaque here.
  public var sealed: [UInt8]
  public var changedAt: Moment

  public init(person: PersonID, sealed: [UInt8], changedAt: Moment) {
    self.person = person
    self.sealed = sealed
    self.changedAt = changedAt
  }
}
