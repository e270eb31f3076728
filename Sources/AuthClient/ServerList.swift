import NIOConcurrencyHelpers

/// Several servers that stand for one: the one that answered last is asked first, the others when it cannot be reached.
///
/// A ceremony lives in the memory of the server that opened it, so its later calls use that very connection.
public final class ServerList: Sendable {
  private let connections: [ServerConnection]
  private let preferred = NIOLockedValueBox(0)

  /// At least one connection.
  public init(_ connections: [ServerConnection]) throws(ClientFault) {
    guard !connections.isEmpty else { throw .invalidRequest(expected: "at least one server") }
    self.connections = connections
  }

  /// Runs `use` with a server; if that server cannot be reached at all (nothing was sent), with the next.
  ///
  /// Any other fault ends the search: a server that refused, or may have acted, is not asked around.
  public func withServer<Result: Sendable>(
    _ use: (ServerConnection) async throws(ClientFault) -> Result
  ) async throws(ClientFault) -> Result {
    let start = preferred.withLockedValue { $0 }
    var last = ClientFault.unreachable
    for offset in connections.indices {
      let index = (start + offset) % connections.count
      do {
        let result = try await use(connections[index])
        preferred.withLockedValue { $0 = index }
        return result
      } catch .unreachable {
        last = .unreachable
      } catch {
        throw error
      }
    }
    throw last
  }

  public func close() { for connection in connections { connection.close() } }
}
