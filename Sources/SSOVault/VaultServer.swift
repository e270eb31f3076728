import AuthAPI
import AuthTerms
public import Isolation

/// Serves the vault's socket: frames in, answers out, one thread a connection.
public final class VaultServer: Sendable {
  private let service: any VaultAnswering
  private let peers: VaultPeers
  private let listener: PeerListener

  /// - Parameters:
  ///   - socket: at most 107 bytes, in a folder that only this user can change.
  ///   - mode: who may connect at all; who is served is decided by the peer's number.
  public init(service: any VaultAnswering, peers: VaultPeers, socket: String, mode: UInt32) throws(SocketFault) {
    self.service = service
    self.peers = peers
    listener = try PeerListener(path: socket, mode: mode)
  }

  /// Blocks until `stop`.
  public func run() throws(SocketFault) {
    try listener.run(admit: { [peers] in peers.admits($0.uid) }, serve: { [service, peers] in Self.serve($0, service, peers) })
  }

  public func stop() { listener.close() }

  /// Connections that are still being answered.
  public var connectionCount: Int { listener.connectionCount }

  private static func serve(_ connection: PeerConnection, _ service: any VaultAnswering, _ peers: VaultPeers) {
    // Ten minutes of silence are fine; a frame that has begun has five seconds.
    while connection.waitForInput(by: Deadline(milliseconds: 600_000)) {
      do {
        guard let frame = try connection.receive(by: Deadline(milliseconds: 5000)) else { return }
        let (id, request) = try VaultRequest.decode(frame)
        let answer = service.handle(request, from: connection.peer, peers: peers)
        try connection.send(answer.encoded(id: id), by: Deadline(milliseconds: 5000))
      } catch {
        // Malformed, too large, too slow or gone: the connection ends without an answer.
        return
      }
    }
  }
}
