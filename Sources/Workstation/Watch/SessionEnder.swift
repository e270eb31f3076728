public import AuthAPI
public import AuthClient
import AuthTerms

/// Lock, logoff and status as commands: through the running `watch`, else straight to the server.
public struct SessionEnder: Sendable {
  private let folder: String
  private let servers: ServerList

  public init(folder: String, servers: ServerList) {
    self.folder = folder
    self.servers = servers
  }

  public func lock() async throws(AgentFault) { try await end(.lock, path: "lock") }

  public func logoff() async throws(AgentFault) { try await end(.logoff, path: "logoff") }

  /// The session of this workstation as the server knows it; nil if there is none.
  public func current() async throws(AgentFault) -> SessionStatus? {
    do {
      return try await servers.withServer { connection throws(ClientFault) in
        try await connection.fetch("/v1/sessions/current", returning: SessionStatus.self)
      }
    } catch .refused(let body) where body.code == HTTPProblem.notFound.rawValue {
      return nil
    } catch {
      throw .server(error)
    }
  }

  /// Whether a `watch` is running here, and what it holds.
  public func watch() async throws(AgentFault) -> WatchSummary? {
    try await WatchSocket.ask(WatchCommand(.status), folder: folder).map {
      WatchSummary(session: $0.session, state: $0.state, isConnected: $0.connected ?? false)
    }
  }

  private func end(_ kind: WatchCommand.Kind, path: String) async throws(AgentFault) {
    if let reply = try await WatchSocket.ask(WatchCommand(kind), folder: folder), reply.fault == nil { return }
    // No watch, or one that does not hold this session (it was opened before the watch began).
    guard let session = try await current() else { throw .noSession }
    guard (try? SessionID(parsing: session.session)) != nil else { throw .disagreement(.session) }
    do {
      _ = try await servers.withServer { connection throws(ClientFault) in
        try await connection.call(
          "POST", "/v1/sessions/\(session.session)/\(path)", SessionEnding(cause: "asked"), returning: NoBody.self)
      }
    } catch {
      throw .server(error)
    }
  }
}

public struct WatchSummary: Sendable {
  public let session: String?
  public let state: String?
  public let isConnected: Bool
}
