import Foundation

/// Asks the running `watch` whether a session is open. It lists no applications yet, so nothing is released.
package struct WatchBroker: CredentialBroker {
  private static let interval = Duration.milliseconds(500)
  private let folder: String

  package init(folder: String) { self.folder = folder }

  package func state() async throws(AgentFault) -> BrokerState {
    guard let reply = try await WatchSocket.ask(WatchCommand(.status), folder: folder) else { throw .watchNotRunning }
    return BrokerState(session: Self.session(of: reply), applications: [])
  }

  private static func session(of reply: WatchReply) -> BrokerState.Session {
    switch reply.state {
    case "open": .open
    case nil: .none
    default: .locked
    }
  }

  package func release(application: String, account: String) async throws(AgentFault) -> ReleasedCredential { throw .noSession }

  package func report(application: String, account: String, outcome: SignInOutcome) async throws(AgentFault) {}

  package var changes: AsyncStream<BrokerChange> {
    AsyncStream { continuation in
      let asking = Task {
        var before = (try? await state())?.session ?? .none
        while !Task.isCancelled {
          try? await Task.sleep(for: Self.interval)
          let now = (try? await state())?.session ?? .none
          switch (before, now) {
          case (_, before): break
          case (_, .none): continuation.yield(.ended(logoff: []))
          case (_, .locked): continuation.yield(.locked)
          default: continuation.yield(.changed)
          }
          before = now
        }
      }
      continuation.onTermination = { _ in asking.cancel() }
    }
  }
}
