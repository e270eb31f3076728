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
  public func applications() async throws(AgentFault) -> [ApplicationDefinition] {
    let reply = try await ask(WatchCommand(.applications))
    var definitions: [ApplicationDefinition] = []
    for bytes in reply.definitions ?? [] {
      guard let definition = try? ApplicationDefinition(canonicalBytes: Array(bytes)) else { throw .watchAnswer }
      definitions.append(definition)
    }
    return definitions
  }

  /// One credential, once.
  public func release(_ application: ApplicationID, account: String) async throws(AgentFault) -> StoredCredential {
    let reply = try await ask(command(.release, application, account))
    guard let user = reply.user, let secret = reply.secret,
      let credential = try? StoredCredential(user: user, password: Secret(copying: secret))
    else { throw .watchAnswer }
    return credential
  }

  /// What came of the sign-in with the credential that was released last.
  public func report(_ application: ApplicationID, account: String, _ outcome: SignInOutcome) async throws(AgentFault) {
    var command = command(.report, application, account)
    command.outcome = outcome.rawValue
    _ = try await ask(command)
  }

  /// Keeps what was typed, until a sign-in confirms it.
  public func register(_ credential: StoredCredential, for application: ApplicationID, account: String) async throws(AgentFault)
  {
    var command = command(.capture, application, account)
    command.user = credential.user
    command.secret = credential.password.withBytes { Data($0) }
    _ = try await ask(command)
  }

  private func command(_ kind: WatchCommand.Kind, _ application: ApplicationID, _ account: String) -> WatchCommand {
    var command = WatchCommand(kind)
    command.application = application.text
    command.account = account
    return command
  }

  private func ask(_ command: WatchCommand) async throws(AgentFault) -> WatchReply {
    guard let reply = try await WatchSocket.ask(command, folder: folder) else { throw .watchNotRunning }
    if let fault = reply.releaseFault { throw fault }
    return reply
  }
}
