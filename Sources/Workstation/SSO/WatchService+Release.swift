import AuthAPI
import AuthClient
import AuthTerms
import Foundation

// What programs of the same user ask for while the session is open: stored credentials of its person.

extension WatchService {
  /// Something that is asked for one account, in the open session's name.
  struct AccountRequest {
    let application: ApplicationID
    let label: String
    /// Whose it is; `nil`: the session's own person's.
    let owner: PersonID?
    let session: ReleaseClient.Session
    let client: ReleaseClient

    var account: HandedVersions.Account { HandedVersions.Account(application, label, owner: owner) }

    func wish(_ kind: SessionAct.Kind, content: [UInt8] = []) -> ReleaseClient.Wish {
      ReleaseClient.Wish(kind: kind, application: application, account: label, owner: owner, content: content)
    }
  }

  /// - Returns: definitions of this segment, whatever the session's state: a browser asks once and keeps them.
  func applications() async -> WatchReply {
    do throws(AgentFault) {
      var reply = status()
      let offered = try await releaseClient.offered()
      reply.definitions = try releaseClient.definitions(of: offered).map { Data($0.canonicalBytes) }
      (reply.owners, reply.unpublished) = (offered.owners, offered.unpublished)
      return reply
    } catch { return Self.reply(error) }
  }

  func release(_ command: WatchCommand) async -> WatchReply {
    await carryOut(command) { request throws(AgentFault) in
      guard !versions.isChanging(request.account, at: surroundings.now()) else { throw .passwordChanging }
      let definition = try await definition(for: request)
      let (credential, statement) = try await handOver(request, definition, keys: request.client.keys())
      versions.handed(statement.version, of: request.account)
      var reply = WatchReply()
      reply.user = credential.user
      reply.secret = credential.password.withBytes { Data($0) }
      reply.version = statement.version
      // Whoever stands in for somebody replaces no password of hers.
      reply.isChangeDue = request.owner == nil && isChangeDue(statement, definition, request.session)
      return reply
    }
  }

  /// What came of a sign-in, or of a change. What is said about a version that another one has followed is not passed on.
  func report(_ command: WatchCommand) async -> WatchReply {
    await carryOut(command) { request throws(AgentFault) in
      guard let outcome = command.outcome.flatMap(SignInOutcome.init), let isChange = command.isChange else {
        throw .badInput(expected: "an outcome")
      }
      let account = request.account
      guard isChange ? versions.isChangeOpen(of: account) : isAboutCurrent(command.version, account) else {
        return WatchReply()
      }
      _ = try await request.client.carryOut(request.wish(.report, content: Array(outcome.rawValue.utf8)), request.session)
      versions.reported(outcome != .refused, of: account)
      if isChange { versions.endChange(of: account) }
      return WatchReply()
    }
  }

  /// A credential that was typed: sealed here, kept there until a sign-in confirms it.
  func capture(_ command: WatchCommand) async -> WatchReply {
    await carryOut(command) { request throws(AgentFault) in
      guard let user = command.user, let secret = command.secret,
        let credential = try? StoredCredential(user: user, password: Secret(copying: secret))
      else { throw .badInput(expected: "a name of 1 to 256 bytes and a password of 1 to 1,024") }
      guard !versions.isChanging(request.account, at: surroundings.now()) else { throw .passwordChanging }
      try await keep(credential, request, keys: request.client.keys())
      return WatchReply()
    }
  }

  private func isAboutCurrent(_ version: UInt64?, _ account: HandedVersions.Account) -> Bool {
    guard let version, !versions.isChanging(account, at: surroundings.now()) else { return false }
    return versions.isCurrent(version, of: account)
  }

  // MARK: Steps

  func definition(for request: AccountRequest) async throws(AgentFault) -> ApplicationDefinition {
    let found = try await request.client.definitions().first { $0.id == request.application && $0.hasAccount(request.label) }
    guard let found else { throw .badInput(expected: "an application of this segment and an account of its file") }
    return found
  }

  func handOver(
    _ request: AccountRequest, _ definition: ApplicationDefinition, keys: VaultPublicKeys
  ) async throws(AgentFault) -> (StoredCredential, ReleaseStatement) {
    let wish = request.wish(.release)
    guard let sealed = try await request.client.carryOut(wish, request.session) else { throw .vaultUntrusted(.release) }
    return try request.client.open(sealed, wish, of: definition, request.session, keys: keys)
  }

  func keep(_ credential: StoredCredential, _ request: AccountRequest, keys: VaultPublicKeys) async throws(AgentFault) {
    var wish = request.wish(.capture)
    wish.content = try request.client.seal(credential, wish, person: request.session.opened.person, keys: keys)
    // Whether or not an answer comes: it may be kept from here on.
    versions.captured(request.account)
    _ = try await request.client.carryOut(wish, request.session)
  }

  private func isChangeDue(
    _ statement: ReleaseStatement, _ definition: ApplicationDefinition, _ session: ReleaseClient.Session
  ) -> Bool {
    guard let days = definition.rotationDays, definition.changeForm != nil else { return false }
    return statement.isChangeDue(afterDays: days, at: surroundings.now().wallMilliseconds - session.clockSkew)
  }

  func carryOut(
    _ command: WatchCommand, _ work: (AccountRequest) async throws(AgentFault) -> WatchReply
  ) async -> WatchReply {
    guard let application = command.application.flatMap({ try? ApplicationID(parsing: $0) }) else {
      return WatchReply(fault: "malformed")
    }
    var owner: PersonID?
    if let named = command.owner {
      guard let person = try? PersonID(parsing: named) else { return WatchReply(fault: "malformed") }
      owner = person
    }
    guard let session = releasing else { return WatchReply(fault: "noSession") }
    versions.enter(session: session.opened.session)
    let request = AccountRequest(
      application: application, label: command.account ?? "", owner: owner, session: session, client: releaseClient)
    do throws(AgentFault) {
      let reply = try await work(request)
      // Locked or ended while the server was asked: what came is not handed on.
      guard releasing?.opened.session == session.opened.session else { return WatchReply(fault: "noSession") }
      return reply
    } catch { return Self.reply(error) }
  }

  private static func reply(_ fault: AgentFault) -> WatchReply {
    var reply = WatchReply(fault: "refused")
    switch fault {
    case .server(.refused(let body)): reply.refusal = body
    case .vaultUntrusted(let doubt):
      reply.fault = "vaultUntrusted"
      reply.detail = doubt.rawValue
    case .badInput(let expected):
      reply.fault = "badInput"
      reply.detail = expected
    case .passwordChanging: reply.fault = "passwordChanging"
    case .server: reply.fault = "serverAway"
    default: reply.fault = "malformed"
    }
    return reply
  }
}

extension ApplicationDefinition {
  /// The form on which its passwords are changed, if there is one.
  var changeForm: ChangeForm? {
    guard case .browser(let form) = access else { return nil }
    return form.change
  }
}

extension WatchReply {
  /// What went wrong with a release, as this process's fault.
  var releaseFault: AgentFault? {
    switch fault {
    case nil: nil
    case "noSession": .noSession
    case "refused": refusal.map { .server(.refused($0)) } ?? .watchAnswer
    case "vaultUntrusted": VaultDoubt(rawValue: detail ?? "").map { .vaultUntrusted($0) } ?? .watchAnswer
    case "badInput": .badInput(expected: detail ?? "an application")
    case "passwordChanging": .passwordChanging
    case "serverAway": .server(.interrupted)
    default: .watchAnswer
    }
  }
}
