public import AuthAPI
public import AuthTerms
import Foundation

/// Asks the running `watch` for stored credentials of the person whose session is open here.
///
/// trusted: every program of this user can ask the same while the session is open; it could as well read the user's screen.
public struct CredentialClient: Sendable {
  private let folder: String

  public init(folder: String) { self.folder = folder }

  /// Applications of this workstation's segment; which of them have a credential, the vault alone knows.
  public func applications() async throws(AgentFault) -> [ApplicationDefinition] { try await offered().definitions }

  /// What the server offers; none of it is believed before the vault has signed it.
  package struct Offered: Sendable {
    package var definitions: [ApplicationDefinition]
    package var owners: [OwnerOffer]
    /// Not as administrators published them.
    package var unpublished: Set<String>
  }

  package func offered() async throws(AgentFault) -> Offered {
    let reply = try await ask(WatchCommand(.applications))
    var definitions: [ApplicationDefinition] = []
    for bytes in reply.definitions ?? [] {
      guard let definition = try? ApplicationDefinition(canonicalBytes: Array(bytes)) else { throw .watchAnswer }
      definitions.append(definition)
    }
    return Offered(definitions: definitions, owners: reply.owners ?? [], unpublished: Set(reply.unpublished ?? []))
  }

  /// A credential, and which one it is.
  public struct Handed: Sendable, CustomReflectable {
    public let credential: StoredCredential
    /// 1 and above; a report names it.
    public let version: UInt64
    /// It is older than its application wants, and can be changed.
    public let isChangeDue: Bool

    public var customMirror: Mirror { Mirror(self, children: []) }
  }

  /// One credential, once.
  /// - Parameter owner: whose, if not the session's own person's; the vault knows who stands in for whom.
  public func release(
    _ application: ApplicationID, account: String, owner: PersonID? = nil
  ) async throws(AgentFault) -> Handed {
    let reply = try await ask(command(.release, application, account, owner))
    guard let user = reply.user, let secret = reply.secret, let version = reply.version,
      let credential = try? StoredCredential(user: user, password: Secret(copying: secret))
    else { throw .watchAnswer }
    return Handed(credential: credential, version: version, isChangeDue: reply.isChangeDue ?? false)
  }

  /// What came of the sign-in with this version. Of one that another has followed it is not passed on.
  public func report(
    _ application: ApplicationID, account: String, owner: PersonID? = nil, version: UInt64, _ outcome: SignInOutcome
  ) async throws(AgentFault) {
    var command = command(.report, application, account, owner)
    (command.outcome, command.version, command.isChange) = (outcome.rawValue, version, false)
    _ = try await ask(command)
  }

  /// The password in force, and a new one that the vault keeps already. Once in a session, after a sign-in that was accepted.
  package func change(_ application: ApplicationID, account: String) async throws(AgentFault) -> PasswordChange {
    let reply = try await ask(command(.change, application, account, nil))
    guard let current = reply.secret, let new = reply.newSecret, !current.isEmpty, !new.isEmpty else { throw .watchAnswer }
    return PasswordChange(current: Secret(copying: current), new: Secret(copying: new))
  }

  /// What came of the change: accepted, the new password is in force; refused, the former one.
  package func reportChange(
    _ application: ApplicationID, account: String, isAccepted: Bool
  ) async throws(AgentFault) {
    var command = command(.report, application, account, nil)
    (command.outcome, command.isChange) = ((isAccepted ? SignInOutcome.accepted : .refused).rawValue, true)
    _ = try await ask(command)
  }

  /// Keeps what was typed, until a sign-in confirms it.
  /// - Parameter owner: of an account that several share; a person's is replaced by herself or an administrator alone.
  public func register(
    _ credential: StoredCredential, for application: ApplicationID, account: String, owner: PersonID? = nil
  ) async throws(AgentFault) {
    var command = command(.capture, application, account, owner)
    command.user = credential.user
    command.secret = credential.password.withBytes { Data($0) }
    _ = try await ask(command)
  }

  private func command(
    _ kind: WatchCommand.Kind, _ application: ApplicationID, _ account: String, _ owner: PersonID?
  ) -> WatchCommand {
    var command = WatchCommand(kind)
    command.application = application.text
    command.account = account
    command.owner = owner?.text
    return command
  }

  private func ask(_ command: WatchCommand) async throws(AgentFault) -> WatchReply {
    guard let reply = try await WatchSocket.ask(command, folder: folder) else { throw .watchNotRunning }
    if let fault = reply.releaseFault { throw fault }
    return reply
  }
}
