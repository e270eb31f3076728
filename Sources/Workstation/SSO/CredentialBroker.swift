package import AuthAPI
package import AuthTerms

/// Who knows what may be released to the person of this workstation's session, and gets it. The resident `watch` does, for `SSOHost`.
///
/// Every fault is a "no": nothing is filled in.
package protocol CredentialBroker: Sendable {
  /// What is so now; asked when the browser starts and after each `changed`.
  func state() async throws(AgentFault) -> BrokerState

  /// One credential, once: of the session's person for what `state()` lists, or of an owner whom the vault lets her stand in for.
  func release(_ account: BrokerAccount) async throws(AgentFault) -> ReleasedCredential

  /// What came of the sign-in with this version of the account's credential.
  func report(_ account: BrokerAccount, version: UInt64, outcome: SignInOutcome) async throws(AgentFault)

  /// The password in force and a new one, which is kept already; once in a session, after an accepted sign-in.
  func change(application: String, account: String) async throws(AgentFault) -> PasswordChange

  /// What came of that change: whether the new password is in force now.
  func reportChange(application: String, account: String, isAccepted: Bool) async throws(AgentFault)

  /// Keeps what a person typed, until a sign-in confirms it.
  func capture(application: String, account: String, credential: StoredCredential) async throws(AgentFault)

  /// What happens without being asked; one listener. A lock must be here before its caller is told that it is done.
  var changes: AsyncStream<BrokerChange> { get }
}

/// One account at one application, as the extension names it.
package struct BrokerAccount: Hashable, Sendable {
  package let application: String
  /// `""` is the main one.
  package let account: String
  /// Whose; `""`: the session's own person's.
  package let owner: String

  package init(_ application: String, _ account: String, owner: String = "") {
    (self.application, self.account, self.owner) = (application, account, owner)
  }
}

package enum BrokerChange: Sendable, Equatable {
  case locked
  /// The session is over; these pages end the sessions of applications that offer it.
  case ended(logoff: [LogoffPage])
  /// Ask for the state again: unlocked, logged on, another list of applications, or a password that was registered anew. What was
  /// refused before may be tried again.
  case changed
}

package struct LogoffPage: Codable, Sendable, Equatable {
  package let origin: String
  package let path: String

  package init(origin: String, path: String) { (self.origin, self.path) = (origin, path) }
}

/// What an application asks for at its sign-in, for one account of one person.
///
/// No description and an empty mirror: whoever prints it prints nothing.
package struct ReleasedCredential: Sendable, CustomReflectable, CustomStringConvertible {
  package let user: String
  package let password: Secret<ApplicationPassword>
  /// 1 and above; newer than 1: a former one may be kept.
  package let version: UInt64
  /// It is older than its application wants, and can be changed.
  package let isChangeDue: Bool

  package init(user: String, password: Secret<ApplicationPassword>, version: UInt64 = 1, isChangeDue: Bool = false) {
    (self.user, self.password, self.version, self.isChangeDue) = (user, password, version, isChangeDue)
  }

  package var description: String { "a credential" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A password that is in force, and the one that is to take its place.
package struct PasswordChange: Sendable, CustomReflectable, CustomStringConvertible {
  package let current: Secret<ApplicationPassword>
  package let new: Secret<ApplicationPassword>

  package init(current: Secret<ApplicationPassword>, new: Secret<ApplicationPassword>) {
    (self.current, self.new) = (current, new)
  }

  package var description: String { "a change of password" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
