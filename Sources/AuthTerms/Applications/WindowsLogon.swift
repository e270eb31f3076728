/// The logon to Windows itself: what goes to LSA is no form's and no program's, and the password is the directory's.
public struct WindowsLogon: Sendable, Equatable {
  /// What Windows is given once somebody was let in.
  public enum Credential: Sendable, Equatable {
    /// What the vault keeps. `managedGroup`: account name of the group, in small letters, whose members' passwords are made for them
    /// (`sanmon-rotator`). A password that nobody knows is nobody's knowledge: for them the directory's never counts as a factor.
    case vault(managedGroup: String)
    /// The directory's password, as it was typed at this logon and found right.
    case typed
    /// The name of the card's certificate, and no password.
    case certificate
  }

  public let credential: Credential

  /// Whose passwords are made; `nil` where the vault keeps none.
  public var managedGroup: String? { if case .vault(let group) = credential { group } else { nil } }

  public static let typed = WindowsLogon(credential: .typed)
  public static let certificate = WindowsLogon(credential: .certificate)

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
    credential = .vault(managedGroup: managedGroup)
  }

  private init(credential: Credential) { self.credential = credential }

  package static func checkGroup(_ name: String) throws(MalformedInput) {
    let text = try Identifier<Self>(parsing: name).text
    guard text.utf8.count <= longestGroup, text == text.lowercased() else {
      throw MalformedInput("group", expected: "1 to 64 of a-z 0-9 . _ -")
    }
  }
}
