import AuthAPI
import AuthClient
import AuthTerms
import Foundation

// What programs of the same user ask for while the session is open: stored credentials of its person.

extension WatchService {
  /// - Returns: definitions of this segment, whatever the session's state: a browser asks once and keeps them.
  func applications() async -> WatchReply {
    do throws(AgentFault) {
      var reply = status()
      reply.definitions = try await releaseClient.definitions().map { Data($0.canonicalBytes) }
      return reply
    } catch { return Self.reply(error) }
  }

  func release(_ command: WatchCommand) async -> WatchReply {
    await carryOut(command) { wish, session, client throws(AgentFault) in
      let definition = try await client.definitions().first { $0.id == wish.application && $0.hasAccount(wish.account) }
      guard let definition else { throw .badInput(expected: "an application of this segment and an account of its file") }
      let keys = try await client.keys()
      guard let sealed = try await client.carryOut(wish, session) else { throw .vaultUntrusted(.release) }
      let credential = try client.open(sealed, wish, of: definition, session, keys: keys)
      var reply = WatchReply()
      reply.user = credential.user
      reply.secret = credential.password.withBytes { Data($0) }
      return reply
    }
  }

  func report(_ command: WatchCommand) async -> WatchReply {
    await carryOut(command) { wish, session, client throws(AgentFault) in
      _ = try await client.carryOut(wish, session)
      return WatchReply()
    }
  }

  /// A credential that was typed: sealed here, kept there until a sign-in confirms it.
  func capture(_ command: WatchCommand) async -> WatchReply {
    await carryOut(command) { wish, session, client throws(AgentFault) in
      guard let user = command.user, let secret = command.secret,
        let credential = try? StoredCredential(user: user, password: Secret(copying: secret))
      else { throw .badInput(expected: "a name of 1 to 256 bytes and a password of 1 to 1,024") }
      let keys = try await client.keys()
      var sealed = wish
      sealed.content = try client.seal(credential, wish, person: session.opened.person, keys: keys)
      _ = try await client.carryOut(sealed, session)
      return WatchReply()
    }
  }

  private func carryOut(
    _ command: WatchCommand,
    _ work: (ReleaseClient.Wish, ReleaseClient.Session, ReleaseClient) async throws(AgentFault) -> WatchReply
  ) async -> WatchReply {
    let kind: SessionAct.Kind =
      switch command.command {
      case .release: .release
      case .capture: .capture
      default: .report
      }
    guard let application = command.application.flatMap({ try? ApplicationID(parsing: $0) }),
      let outcome = command.outcome.map({ SignInOutcome(rawValue: $0) }) ?? .some(.accepted)
    else { return WatchReply(fault: "malformed") }
    guard let session = releasing else { return WatchReply(fault: "noSession") }
    let wish = ReleaseClient.Wish(
      kind: kind, application: application, account: command.account ?? "",
      content: kind == .report ? Array(outcome.rawValue.utf8) : [])
    do throws(AgentFault) {
      let reply = try await work(wish, session, releaseClient)
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
    case .server: reply.fault = "serverAway"
    default: reply.fault = "malformed"
    }
    return reply
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
    case "serverAway": .server(.interrupted)
    default: .watchAnswer
    }
  }
}
