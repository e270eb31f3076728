import AuthAPI
import AuthClient
import AuthTerms
import Foundation

// A password that nobody knows takes the place of the one in force (docs/decisions/0032-changing-passwords.md).

extension WatchService {
  /// The password in force and a new one, for one change at the application.
  ///
  /// The new one is generated here, sealed, kept by the vault and asked back before anything is answered: the vault's signed
  /// statement names the version, so it is on the disk there before a page has it. Once in a session for each account, and only
  /// after a sign-in that was accepted with exactly the version that the vault hands over now.
  func change(_ command: WatchCommand) async -> WatchReply {
    var begun: HandedVersions.Account?
    let reply = await carryOut(command) { request throws(AgentFault) in
      let definition = try await definition(for: request)
      guard definition.changeForm != nil else { throw .badInput(expected: "an application whose passwords can be changed") }
      guard let proven = versions.beginChange(of: request.account, at: surroundings.now()) else {
        throw .badInput(expected: "an account that was signed in to just now, once in a session")
      }
      begun = request.account
      return try await change(request, definition, proven)
    }
    // Nothing is handed out: nobody has to wait for what comes of it.
    if let begun, reply.fault != nil { versions.endChange(of: begun) }
    return reply
  }

  private func change(
    _ request: AccountRequest, _ definition: ApplicationDefinition, _ proven: UInt64
  ) async throws(AgentFault) -> WatchReply {
    let keys = try await request.client.keys()
    let (current, former) = try await handOver(request, definition, keys: keys)
    versions.handed(former.version, of: request.account)
    guard former.version == proven else { throw .badInput(expected: "the password that was signed in with") }
    let new = try generated(for: current, definition.password)
    try await keep(new, request, keys: keys)
    let kept: ReleaseStatement
    do throws(AgentFault) {
      kept = try await askBack(new, above: former.version, request, definition, keys: keys)
    } catch {
      // It is kept and nobody will use it: told so, the vault goes on with the former one, and no wrong one is tried.
      if case .server(.refused) = error {
        _ = try? await request.client.carryOut(
          request.wish(.report, content: Array(SignInOutcome.refused.rawValue.utf8)), request.session)
      }
      throw error
    }
    versions.kept(kept.version, of: request.account)
    var reply = WatchReply()
    reply.user = current.user
    reply.secret = current.password.withBytes { Data($0) }
    reply.newSecret = new.password.withBytes { Data($0) }
    return reply
  }

  private func generated(for current: StoredCredential, _ rule: PasswordRule) throws(AgentFault) -> StoredCredential {
    do {
      return try StoredCredential(user: current.user, password: rule.generate(random: surroundings.random))
    } catch { throw .badInput(expected: "random bytes") }
  }

  /// Whether the vault keeps exactly this: the answer to a capture is not signed, that to a release is.
  private func askBack(
    _ new: StoredCredential, above former: UInt64, _ request: AccountRequest, _ definition: ApplicationDefinition,
    keys: VaultPublicKeys
  ) async throws(AgentFault) -> ReleaseStatement {
    let (kept, statement) = try await handOver(request, definition, keys: keys)
    let isSame = kept.password.withBytes { kept in new.password.withBytes { kept.elementsEqual($0) } }
    guard statement.version > former, kept.user == new.user, isSame else { throw .vaultUntrusted(.release) }
    return statement
  }
}
