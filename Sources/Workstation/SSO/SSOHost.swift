import AuthAPI
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
      case .release(let application, let account, let origin): try await release(application, account, origin)
      case .outcome(let application, let account, let outcome): try await note(application, account, outcome)
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

  private func release(
    _ application: String, _ account: String, _ origin: String
  ) async throws(NativeMessagingFault) {
    let generation = memory.generation
    let answer: Answer
    do throws(AgentFault) {
      if let refusal = refusal(try await broker.state(), application, account, origin) {
        answer = .no(HostMessage(refusal))
      } else {
        answer = .credential(try await broker.release(application: application, account: account))
      }
    } catch {
      answer = .no(HostMessage(error))
    }
    switch answer {
    case .no(let message): try messages.send(message)
    case .credential(let credential):
      let isSent = try messages.send(credential) { memory.generation == generation }
      if !isSent { try messages.send(HostMessage(.tooLate)) }
    }
  }

  private enum Answer {
    case credential(ReleasedCredential)
    case no(HostMessage)
  }

  private func refusal(
    _ state: BrokerState, _ application: String, _ account: String, _ origin: String
  ) -> SSORefusal? {
    guard state.session == .open else { return .notOpen }
    guard let known = state.applications.first(where: { $0.id == application }), known.accounts.contains(account) else {
      return .notOffered
    }
    guard known.origin == origin else { return .otherOrigin }
    return memory.isWithheld(application, account) ? .withheld : nil
  }

  private func note(
    _ application: String, _ account: String, _ outcome: SignInOutcome
  ) async throws(NativeMessagingFault) {
    if outcome != .accepted { memory.withhold(application, account) }
    let message: HostMessage
    do throws(AgentFault) {
      try await broker.report(application: application, account: account, outcome: outcome)
      message = .noted
    } catch {
      message = HostMessage(error)
    }
    try messages.send(message)
  }

  /// What must not be tried again, and how often the session changed.
  private final class Memory: Sendable {
    private struct Account: Hashable {
      let application: String
      let account: String
    }

    private static let most = 1024
    private let contents = Mutex((generation: 0, withheld: Set<Account>()))

    var generation: Int { contents.withLock { $0.generation } }

    func take(_ change: BrokerChange) {
      contents.withLock { contents in
        contents.generation += 1
        if change != .locked { contents.withheld = [] }
      }
    }

    func withhold(_ application: String, _ account: String) {
      // The extension names what it likes; what is listed is at most 64 applications with 9 accounts.
      contents.withLock { contents in
        guard contents.withheld.count < Self.most else { return }
        contents.withheld.insert(Account(application: application, account: account))
      }
    }

    func isWithheld(_ application: String, _ account: String) -> Bool {
      let asked = Account(application: application, account: account)
      return contents.withLock { $0.withheld.contains(asked) || $0.withheld.count >= Self.most }
    }
  }
}
