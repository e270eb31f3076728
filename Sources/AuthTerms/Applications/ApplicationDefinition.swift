/// What Sanmon knows of one application that people sign in to after logon (伝票起票, ファイル無害化): where its form is, how a sign-in
/// ends, and what its passwords must look like. It holds no credential.
///
/// *Trusted: who can change it can send credentials of this application to another origin or program.*
public struct ApplicationDefinition: Sendable, Equatable {
  /// Where its credentials go.
  public enum Access: Sendable, Equatable {
    /// Into a form of a page.
    case browser(BrowserForm)
    /// To a program, over a pipe.
    case program(ProgramUse)
    /// To Windows' own logon.
    case windows(WindowsLogon)
  }

  public let id: ApplicationID
  /// 1 to 64 visible Unicode scalars.
  public let nameJa: String
  public let nameEn: String
  /// Segments in which it may be opened; 1 to 8, sorted, each once.
  public let segments: [Segment]
  public let access: Access
  /// Labels of a person's second accounts, 0 to 8, each once, each 1 to 32 of `a-z 0-9 -` and beginning with a letter or digit; the
  /// main account is `""` and is not listed.
  public let accounts: [String]
  public let password: PasswordRule
  /// How old the card's proof may be when a credential is released: 60 to 86,400 seconds.
  public let freshnessSeconds: Int
  /// Days after which its passwords are changed, 1 to 365; `nil`: they are left alone.
  public let rotationDays: Int?

  public static let mostSegments = 8
  public static let mostAccounts = 8
  public static let longestName = 64
  public static let freshness = 60...86_400
  public static let rotation = 1...365

  /// - Throws: `MalformedInput` for whatever is outside the limits above.
  public init(
    id: ApplicationID, nameJa: String, nameEn: String, segments: [Segment], access: Access, accounts: [String] = [],
    password: PasswordRule, freshnessSeconds: Int, rotationDays: Int? = nil
  ) throws(MalformedInput) {
    for name in [nameJa, nameEn] where !Self.isName(name) {
      throw MalformedInput("application name", expected: "1 to \(Self.longestName) visible characters")
    }
    guard (1...Self.mostSegments).contains(segments.count), zip(segments, segments.dropFirst()).allSatisfy(<) else {
      throw MalformedInput("segments of an application", expected: "1 to \(Self.mostSegments), sorted, each once")
    }
    guard accounts.count <= Self.mostAccounts, Set(accounts).count == accounts.count else {
      throw MalformedInput("accounts of an application", expected: "at most \(Self.mostAccounts), each once")
    }
    for account in accounts { try Self.checkAccount(account) }
    guard Self.freshness.contains(freshnessSeconds) else {
      throw MalformedInput("freshness of an application", expected: "60 to 86,400 seconds")
    }
    guard rotationDays.map(Self.rotation.contains) ?? true else {
      throw MalformedInput("rotation of an application", expected: "1 to 365 days")
    }
    if case .windows = access {
      guard accounts.isEmpty, password == WindowsLogon.password, rotationDays == nil else {
        throw MalformedInput("logon to Windows", expected: "one account, and a password and a rotation that are not its file's")
      }
    }
    (self.id, self.nameJa, self.nameEn, self.segments, self.access) = (id, nameJa, nameEn, segments, access)
    (self.accounts, self.password) = (accounts, password)
    (self.freshnessSeconds, self.rotationDays) = (freshnessSeconds, rotationDays)
  }

  /// Whether a person can have such an account there: the main one (`""`) or one that is listed.
  public func hasAccount(_ label: String) -> Bool { label.isEmpty || accounts.contains(label) }

  package static func checkAccount(_ label: String) throws(MalformedInput) {
    let text = try Identifier<Self>(parsing: label).text
    guard text.utf8.count <= 32, text == text.lowercased(), !text.contains(where: { "._".contains($0) }) else {
      throw MalformedInput("account", expected: "1 to 32 of a-z 0-9 -, starting with a letter or digit")
    }
  }

  /// Whether it is the logon to Windows.
  public var isWindows: Bool { if case .windows = access { true } else { false } }

  /// Account name of the group whose Windows passwords are made; `nil` for everything else.
  public var managedGroup: String? { if case .windows(let logon) = access { logon.managedGroup } else { nil } }

  private static func isName(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    return (1...longestName).contains(scalars.count) && !scalars.allSatisfy(\.properties.isWhitespace)
      && scalars.allSatisfy { VisibleText.shows($0) && $0.properties.generalCategory != .privateUse }
  }
}
