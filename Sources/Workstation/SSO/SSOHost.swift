import AuthAPI
import AuthTerms
import Foundation
import Synchronization

/// Serves the browser's extension: what may be filled in where, and the credential for it, once, for the page that asks.
///
/// What the extension says about a page is Chromium's word and counts; still the origin is held against the definition here, because
/// this is the last place that knows both. What the broker announces goes out before any credential that was asked for earlier.
///
/// trusted: whoever runs as this user can be the extension and is handed what the person could use anyway.
package struct SSOHost: Sendable {
  private let broker: any CredentialBroker
  private let messages: NativeMessaging
  private let memory = Memory()

  package init(broker: any CredentialBroker, messages: NativeMessaging) {
    (self.broker, self.messages) = (broker, messages)
  }

  /// Until the browser ends the connection.
  /// - Throws: `NativeMessagingFault` if it does not keep to the protocol; the connection is of no use then.
  package func run() async throws(NativeMessagingFault) {
    let telling = Task { await tell() }
    defer { telling.cancel() }
    while true {
      let messages = messages
      guard let bytes = try await BlockingCall.run({ () throws(NativeMessagingFault) in try messages.receive() }) else {
        return
      }
      switch try ExtensionMessage(parsing: bytes) {
      case .state: try await answerState()
      case .release(let account, let origin): try await release(account, origin)
      case .outcome(let account, let version, let outcome): try await note(account, version, outcome)
      case .change(let application, let account, let origin): try await change(application, account, origin)
      case .changeOutcome(let application, let account, let isAccepted):
        try await noteChange(application, account, isAccepted)
      case .capture(let application, let account, let credential): try await capture(application, account, credential)
      }
    }
  }

  private func tell() async {
    for await change in broker.changes {
      memory.take(change)
      do { try messages.send(HostMessage(change)) } catch { return }
    }
  }

  private func answerState() async throws(NativeMessagingFault) {
    let message: HostMessage
    do throws(AgentFault) { message = .state(try await broker.state()) } catch { message = HostMessage(error) }
    try messages.send(message)
  }

  private func release(_ account: BrokerAccount, _ origin: String) async throws(NativeMessagingFault) {
    try await answer { () throws(AgentFault) in
      if let refusal = refusal(try await broker.state(), account, origin) { return .no(HostMessage(refusal)) }
      return .credential(try await broker.release(account))
    }
  }

  /// Sends one answer; one with a secret in it only if nothing was locked, ended or changed since it was asked for.
  private func answer(
    _ work: () async throws(AgentFault) -> Answer
  ) async throws(NativeMessagingFault) {
    let generation = memory.generation
    let answer: Answer
    do throws(AgentFault) { answer = try await work() } catch { answer = .no(HostMessage(error)) }
    let isSent: Bool
    switch answer {
    case .no(let message): return try messages.send(message)
    case .credential(let credential): isSent = try messages.send(credential) { memory.generation == generation }
    case .change(let change): isSent = try messages.send(change) { memory.generation == generation }
    }
    if !isSent { try messages.send(HostMessage(.tooLate)) }
  }

  private enum Answer {
    case credential(ReleasedCredential)
    case change(PasswordChange)
    case no(HostMessage)
  }

  private func change(
    _ application: String, _ account: String, _ origin: String
  ) async throws(NativeMessagingFault) {
    try await answer { () throws(AgentFault) in
      let state = try await broker.state()
      if let refusal = place(state, BrokerAccount(application, account), origin) { return .no(HostMessage(refusal)) }
      guard state.applications.contains(where: { $0.id == application && $0.change != nil }) else {
        return .no(HostMessage(.notChangeable))
      }
      guard memory.mayChange(BrokerAccount(application, account)) else { return .no(HostMessage(.changedBefore)) }
      return .change(try await broker.change(application: application, account: account))
    }
  }

  private func noteChange(
    _ application: String, _ account: String, _ isAccepted: Bool
  ) async throws(NativeMessagingFault) {
    try await answer { () throws(AgentFault) in
      try await broker.reportChange(application: application, account: account, isAccepted: isAccepted)
      // What had to be changed has been.
      if isAccepted { memory.release(BrokerAccount(application, account)) }
      return .no(.noted(retry: false))
    }
  }

  private func capture(
    _ application: String, _ account: String, _ credential: StoredCredential
  ) async throws(NativeMessagingFault) {
    try await answer { () throws(AgentFault) in
      let state = try await broker.state()
      guard state.session == .open else { return .no(HostMessage(.notOpen)) }
      guard state.applications.contains(where: { $0.id == application && $0.accounts.contains(account) }) else {
        return .no(HostMessage(.notOffered))
      }
      try await broker.capture(application: application, account: account, credential: credential)
      memory.release(BrokerAccount(application, account))
      return .no(.noted(retry: false))
    }
  }

  private func refusal(_ state: BrokerState, _ account: BrokerAccount, _ origin: String) -> SSORefusal? {
    if let refusal = place(state, account, origin) { return refusal }
    guard memory.isWithheld(account) else { return nil }
    return account.owner.isEmpty ? .withheld : .ownersWithheld
  }

  /// Whether this is an account of a declared application, asked for from its own origin while the session is open. Whether its
  /// owner may be stood in for is the vault's to say: what is listed may be older than a withdrawal.
  private func place(_ state: BrokerState, _ account: BrokerAccount, _ origin: String) -> SSORefusal? {
    guard state.session == .open else { return .notOpen }
    guard let known = state.applications.first(where: { $0.id == account.application }),
      known.accounts.contains(account.account)
    else { return .notOffered }
    return known.origin == origin ? nil : .otherOrigin
  }

  private func note(
    _ account: BrokerAccount, _ version: UInt64, _ outcome: SignInOutcome
  ) async throws(NativeMessagingFault) {
    // A change that broke leaves a former password that works: it is tried once, and then nothing is.
    let retry = outcome == .refused && version > 1 && memory.isFirstRefusal(account)
    if outcome != .accepted, !retry { memory.withhold(account) }
    let message: HostMessage
    do throws(AgentFault) {
      try await broker.report(account, version: version, outcome: outcome)
      message = .noted(retry: retry)
    } catch {
      if retry { memory.withhold(account) }
      message = HostMessage(error)
    }
    try messages.send(message)
  }

  /// What must not be tried again, and how often the session changed.
  private final class Memory: Sendable {
    private static let most = 1024

    private struct Contents {
      var generation = 0
      var withheld: Set<BrokerAccount> = []
      var refused: Set<BrokerAccount> = []
      /// Those whose password was asked to be changed in this session.
      var changed: Set<BrokerAccount> = []
    }

    private let contents = Mutex(Contents())

    var generation: Int { contents.withLock { $0.generation } }

    func take(_ change: BrokerChange) {
      contents.withLock { contents in
        contents.generation += 1
        if change != .locked { (contents.withheld, contents.refused) = ([], []) }
        if case .ended = change { contents.changed = [] }
      }
    }

    func withhold(_ account: BrokerAccount) {
      // The extension names what it likes; what is listed is at most 64 applications with 9 accounts.
      contents.withLock { contents in
        guard contents.withheld.count < Self.most else { return }
        contents.withheld.insert(account)
      }
    }

    /// Registered anew, or changed.
    func release(_ account: BrokerAccount) {
      contents.withLock { contents in
        contents.withheld.remove(account)
        contents.refused.remove(account)
      }
    }

    func isFirstRefusal(_ account: BrokerAccount) -> Bool { add(\.refused, account) }

    func mayChange(_ account: BrokerAccount) -> Bool { add(\.changed, account) }

    private func add(_ set: WritableKeyPath<Contents, Set<BrokerAccount>>, _ account: BrokerAccount) -> Bool {
      contents.withLock { contents in
        contents[keyPath: set].count < Self.most && contents[keyPath: set].insert(account).inserted
      }
    }

    func isWithheld(_ account: BrokerAccount) -> Bool {
      contents.withLock { $0.withheld.contains(account) || $0.withheld.count >= Self.most }
    }
  }
}
