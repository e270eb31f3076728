package import AuthTerms

/// Which versions of stored credentials the session was handed, and which of them are being changed.
///
/// The vault notes a report for the version that it handed over last. So what a program says about an earlier one is not passed
/// on, and while two passwords stand beside each other nobody but the change itself is handed one: a refusal of the one that is not in
/// force yet, or an acceptance of the other, would be noted for the wrong one.
package struct HandedVersions: Sendable {
  package struct Account: Hashable, Sendable {
    let application: ApplicationID
    /// `""` is the main one.
    let label: String
    /// `nil`: the session's own person.
    let owner: PersonID?

    package init(_ application: ApplicationID, _ label: String, owner: PersonID? = nil) {
      (self.application, self.label, self.owner) = (application, label, owner)
    }
  }

  private struct Change: Sendable {
    let since: Moment
    /// Unknown until the vault was asked for the new password.
    var version: UInt64?
  }

  /// Milliseconds after which a change of which nothing was heard keeps nobody waiting; the extension waits no longer for a page.
  package static let changeLives: Int64 = 60_000

  private var session = ""
  private var last: [Account: UInt64] = [:]
  /// Those of `last` with which a sign-in was accepted, or accepted but for its age.
  private var proven: Set<Account> = []
  private var changes: [Account: Change] = [:]
  private var tried: Set<Account> = []

  package init() {}

  /// Forgets what was another session's.
  package mutating func enter(session: String) {
    guard session != self.session else { return }
    self = HandedVersions()
    self.session = session
  }

  /// Whether nothing of this account is to be handed over now.
  package func isChanging(_ account: Account, at now: Moment) -> Bool {
    changes[account].map { now.milliseconds(since: $0.since) < Self.changeLives } ?? false
  }

  package mutating func handed(_ version: UInt64, of account: Account) {
    last[account] = version
    proven.remove(account)
  }

  /// The vault counts what it took as handed over, under a number that it does not tell.
  package mutating func captured(_ account: Account) {
    last[account] = nil
    proven.remove(account)
  }

  /// Whether this is about the version that the vault takes it for.
  package func isCurrent(_ version: UInt64, of account: Account) -> Bool { last[account] == version }

  /// A report that the vault has noted.
  package mutating func reported(_ isProven: Bool, of account: Account) {
    if isProven { proven.insert(account) } else { proven.remove(account) }
  }

  /// Begins the one change of this session for this account.
  /// - Returns: the version with which a sign-in was accepted just now; nil if there is none, or one change was tried already.
  package mutating func beginChange(of account: Account, at now: Moment) -> UInt64? {
    guard let version = last[account], proven.contains(account), tried.insert(account).inserted else { return nil }
    changes[account] = Change(since: now)
    return version
  }

  /// The vault has handed over the new one.
  package mutating func kept(_ version: UInt64, of account: Account) {
    handed(version, of: account)
    changes[account]?.version = version
  }

  /// Whether what came of the change can be reported: nothing else was handed over since.
  package func isChangeOpen(of account: Account) -> Bool {
    changes[account]?.version.map { isCurrent($0, of: account) } ?? false
  }

  package mutating func endChange(of account: Account) { changes[account] = nil }
}
