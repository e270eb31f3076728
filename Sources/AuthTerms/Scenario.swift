/// What the person is about to do. Decided by the server from its own session table, never said by a client.
public enum Scenario: String, CaseIterable, Sendable {
  /// Entering a workstation at its console, no session of this workstation being open.
  case logon
  /// Returning to a locked session of the same person on the same workstation.
  case unlock
  /// Entering a workstation that is reached from a telework PC.
  case remote
  /// An SSO agent asks for one stored credential.
  case release
  /// Acting as an operator of Sanmon.
  case admin
}
