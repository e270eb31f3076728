package import AuthAPI
package import AuthTerms

/// Who knows what may be released to the person of this workstation's session, and gets it. The resident `watch` does, for `SSOHost`.
///
/// Every fault is a "no": nothing is filled in.
package protocol CredentialBroker: Sendable {
  /// What is so now; asked when the browser starts and after each `changed`.
  func state() async throws(AgentFault) -> BrokerState

  /// One credential of the session's person, once. Asked only for what `state()` lists.
  func release(application: String, account: String) async throws(AgentFault) -> ReleasedCredential

  /// What came of the sign-in with the credential that was released last for this account.
  func report(application: String, account: String, outcome: SignInOutcome) async throws(AgentFault)

  /// What happens without being asked; one listener. A lock must be here before its caller is told that it is done.
  var changes: AsyncStream<BrokerChange> { get }
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

  package init(user: String, password: Secret<ApplicationPassword>) { (self.user, self.password) = (user, password) }

  package var description: String { "a credential" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
