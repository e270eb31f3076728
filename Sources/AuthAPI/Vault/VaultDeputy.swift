public import AuthTerms

/// That one person may use one of another's credentials, with her own card, from one moment until another.
///
/// An owner for whom the vault's register holds no card is no person but a shared account: its deputies are those who share it.
public struct VaultDeputy: Sendable, Equatable {
  public var owner: PersonID
  public var application: ApplicationID
  /// Empty for the owner's first account.
  public var account: String
  public var deputy: PersonID
  /// Milliseconds since 1970-01-01 UTC; the first at which it holds.
  public var from: Int64
  /// The first at which it does not hold any more.
  public var until: Int64
  /// Before its end, by an administrator; `until` is then that moment at the latest.
  public var isWithdrawn: Bool

  public init(
    owner: PersonID, application: ApplicationID, account: String, deputy: PersonID, from: Int64, until: Int64,
    isWithdrawn: Bool = false
  ) {
    self.owner = owner
    self.application = application
    self.account = account
    self.deputy = deputy
    self.from = from
    self.until = until
    self.isWithdrawn = isWithdrawn
  }

  /// Of one page: with the longest names it fits a frame of 64 KiB.
  public static let mostAtOnce = 192
  /// Deputies named in one act.
  public static let mostInAct = 32
  /// Milliseconds from `from` to `until`: 400 days.
  public static let longest: Int64 = 400 * 86_400_000
  /// In the register of one vault.
  public static let most = 8192

  /// - Parameter now: milliseconds since 1970-01-01 UTC.
  public func isInForce(at now: Int64) -> Bool { !isWithdrawn && (from..<max(from, until)).contains(now) }

  /// Where the next page begins: `OWNER/APPLICATION/ACCOUNT/DEPUTY`.
  public var place: String { "\(owner.text)/\(application.text)/\(account)/\(deputy.text)" }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(owner.text)
    writer.field(application.text)
    writer.field(account)
    writer.field(deputy.text)
    writer.field(from)
    writer.field(until)
    writer.field(UInt64(isWithdrawn ? 1 : 0))
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    owner = try PersonID(parsing: reader.text())
    application = try ApplicationID(parsing: reader.text())
    account = try reader.text()
    deputy = try PersonID(parsing: reader.text())
    from = try reader.signed()
    until = try reader.signed()
    let withdrawn = try reader.unsigned()
    guard SessionAct.isAccount(account), withdrawn <= 1 else {
      throw MalformedInput("vault deputy", expected: "an account, and 0 or 1")
    }
    isWithdrawn = withdrawn == 1
  }
}
