/// The logon to Windows itself: what goes to LSA is no form's and no program's, and the password is the directory's.
public struct WindowsLogon: Sendable, Equatable {
  /// Account name of the group, in small letters, whose members' passwords are made for them (`sanmon-rotator`). A password that
  /// nobody knows is nobody's knowledge: for them the directory's never counts as a factor.
  public let managedGroup: String

  public static let longestGroup = 64

  /// 120 characters of all four classes: more than any guess reaches, below the 127 of Windows' own dialogs, and no character that
  /// needs more than one unit of UTF-16.
  public static let password: PasswordRule = {
    do {
      return try PasswordRule(minimum: 120, maximum: 120, classes: 4, symbols: "!#$%&()*+,-./:;<=>?@[]^_{|}~")
    } catch { preconditionFailure("a rule within its own limits") }
  }()

  /// - Throws: `MalformedInput` for what is no name of a group: 1 to 64 of `a-z 0-9 . _ -`.
  public init(managedGroup: String) throws(MalformedInput) {
    try Self.checkGroup(managedGroup)
    self.managedGroup = managedGroup
  }

  package static func checkGroup(_ name: String) throws(MalformedInput) {
    let text = try Identifier<Self>(parsing: name).text
    guard text.utf8.count <= longestGroup, text == text.lowercased() else {
      throw MalformedInput("group", expected: "1 to 64 of a-z 0-9 . _ -")
    }
  }
}
