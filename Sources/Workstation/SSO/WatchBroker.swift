package import AuthAPI
import AuthTerms
import Foundation
import Synchronization

/// Asks the running `watch`: whether a session is open, which forms there are, and for the credentials themselves.
package struct WatchBroker: CredentialBroker {
  private static let interval = Duration.milliseconds(500)
  private let folder: String
  private let client: CredentialClient
  private let known = KnownForms()

  package init(folder: String) {
    self.folder = folder
    client = CredentialClient(folder: folder)
  }

  package func state() async throws(AgentFault) -> BrokerState {
    let session = try await session()
    // Nothing can be filled in while the session is not open, and the server may be asked for nothing then.
    guard session == .open else { return BrokerState(session: session, applications: []) }
    let offered = try await client.offered()
    known.keep(offered.definitions)
    return BrokerState(
      session: session,
      applications: offered.definitions.compactMap { definition in
        let owners = offered.owners.filter { definition.id.text == $0.application && definition.hasAccount($0.account) }
        return BrokerState.Application(
          definition, owners: owners.prefix(BrokerState.mostOwners).map(BrokerState.Owner.init),
          isPublished: !offered.unpublished.contains(definition.id.text))
      })
  }

  private func session() async throws(AgentFault) -> BrokerState.Session {
    guard let reply = try await WatchSocket.ask(WatchCommand(.status), folder: folder) else { throw .watchNotRunning }
    return switch reply.state {
    case "open": .open
    case nil: .none
    default: .locked
    }
  }

  package func release(_ account: BrokerAccount) async throws(AgentFault) -> ReleasedCredential {
    let handed = try await client.release(
      Self.id(account.application), account: account.account, owner: Self.owner(account.owner))
    return ReleasedCredential(
      user: handed.credential.user, password: handed.credential.password, version: handed.version,
      isChangeDue: handed.isChangeDue)
  }

  package func report(
    _ account: BrokerAccount, version: UInt64, outcome: SignInOutcome
  ) async throws(AgentFault) {
    try await client.report(
      Self.id(account.application), account: account.account, owner: Self.owner(account.owner), version: version, outcome)
  }

  package func change(application: String, account: String) async throws(AgentFault) -> PasswordChange {
    try await client.change(Self.id(application), account: account)
  }

  package func reportChange(application: String, account: String, isAccepted: Bool) async throws(AgentFault) {
    try await client.reportChange(Self.id(application), account: account, isAccepted: isAccepted)
  }

  package func capture(application: String, account: String, credential: StoredCredential) async throws(AgentFault) {
    try await client.register(credential, for: Self.id(application), account: account)
  }

  private static func owner(_ text: String) throws(AgentFault) -> PersonID? {
    guard !text.isEmpty else { return nil }
    do { return try PersonID(parsing: text) } catch { throw .badInput(expected: error.expected) }
  }

  private static func id(_ text: String) throws(AgentFault) -> ApplicationID {
    do { return try ApplicationID(parsing: text) } catch { throw .badInput(expected: error.expected) }
  }

  package var changes: AsyncStream<BrokerChange> {
    AsyncStream { continuation in
      let asking = Task {
        var before = (try? await session()) ?? .none
        while !Task.isCancelled {
          try? await Task.sleep(for: Self.interval)
          let now = (try? await session()) ?? .none
          switch (before, now) {
          case (_, before): break
          case (_, .none): continuation.yield(.ended(logoff: known.logoffPages))
          case (_, .locked): continuation.yield(.locked)
          default: continuation.yield(.changed)
          }
          before = now
        }
      }
      continuation.onTermination = { _ in asking.cancel() }
    }
  }

  /// Where applications end their own sessions, for when this one ends and nothing can be asked any more.
  private final class KnownForms: Sendable {
    private let pages = Mutex<[LogoffPage]>([])

    var logoffPages: [LogoffPage] { pages.withLock { $0 } }

    func keep(_ definitions: [ApplicationDefinition]) {
      let found = definitions.compactMap { definition -> LogoffPage? in
        guard case .browser(let form) = definition.access, let path = form.logoffPath else { return nil }
        return LogoffPage(origin: form.origin, path: path)
      }
      pages.withLock { $0 = found }
    }
  }
}

extension BrokerState.Owner {
  /// What the server says of her name is shown to a person: without what could reorder it, and of a length.
  fileprivate init(_ offer: OwnerOffer) {
    self.init(
      owner: offer.owner, name: TerminalText.clean(offer.displayName, limit: 64), account: offer.account, until: offer.until)
  }
}

extension BrokerState.Application {
  /// `nil` for what is no form of a browser.
  fileprivate init?(_ definition: ApplicationDefinition, owners: [BrokerState.Owner], isPublished: Bool) {
    guard case .browser(let form) = definition.access else { return nil }
    self.init(
      id: definition.id.text, nameJa: definition.nameJa, nameEn: definition.nameEn, origin: form.origin,
      loginPath: form.loginPath, form: form.form.text, user: form.user.text, password: form.password.text,
      submit: form.submit.text, success: BrokerState.Sign(form.success), failure: BrokerState.Sign(form.failure),
      mustChange: form.mustChange.map(BrokerState.Sign.init), change: form.change.map(BrokerState.Change.init),
      accounts: [""] + definition.accounts, owners: owners, isPublished: isPublished)
  }
}

extension BrokerState.Sign {
  fileprivate init(_ sign: Sign) {
    self =
      switch sign {
      case .path(let path): .path(path)
      case .selector(let selector): .selector(selector.text)
      }
  }
}

extension BrokerState.Change {
  fileprivate init(_ form: ChangeForm) {
    self.init(
      path: form.path, form: form.form.text, current: form.current.text, new: form.new.text, again: form.again?.text,
      submit: form.submit.text, success: BrokerState.Sign(form.success), failure: BrokerState.Sign(form.failure))
  }
}
