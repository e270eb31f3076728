import CIsolation
import Foundation
import Synchronization

/// A listening unix stream socket and a bounded number of connections, each served on a thread of its own.
///
/// trusted: who can replace the socket's folder can stand in for this process; the folder belongs to the service's user.
public final class PeerListener: Sendable {
  private let path: String
  private let descriptor: Int32
  private let limit: Int
  private let limitPerUser: Int
  private let frameLimit: Int
  private struct Open {
    var connections: [ObjectIdentifier: PeerConnection] = [:]
    var isClosed = false
  }
  private let open = Mutex(Open())

  /// Binds with the mode already in force, so that there is no moment at which others could connect.
  ///
  /// A socket file that nobody listens on any more is replaced; anything else at `path` is left alone and refused.
  /// - Parameters:
  ///   - path: at most 107 bytes.
  ///   - mode: who may connect at all; who is *served* is decided by the peer's credentials.
  ///   - limit: connections at once; a further one is closed at once.
  ///   - limitPerUser: of these, for one user: nobody keeps the others out.
  public init(
    path: String, mode: UInt32, limit: Int = 16, limitPerUser: Int = 12,
    frameLimit: Int = PeerConnection.defaultFrameLimit
  ) throws(SocketFault) {
    try Self.removeStale(path)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(attempted: "make a socket", code: errno) }
    let bound = sanmon_unix_bind(descriptor, path)
    guard bound == 0 else {
      Foundation.close(descriptor)
      throw .system(attempted: "bind \(path)", code: bound)
    }
    // Nobody can connect before listen(): the mode is in force first.
    guard chmod(path, mode) == 0, listen(descriptor, 16) == 0 else {
      let code = errno
      Foundation.close(descriptor)
      unlink(path)
      throw .system(attempted: "listen on \(path)", code: code)
    }
    self.path = path
    self.descriptor = descriptor
    self.limit = limit
    self.limitPerUser = limitPerUser
    self.frameLimit = frameLimit
  }

  private static func removeStale(_ path: String) throws(SocketFault) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw .system(attempted: "listen where another file lies", code: EEXIST)
    }
    do {
      _ = try PeerConnection.connect(path: path)
    } catch {
      // Only "nobody listens" makes it stale; "not allowed" or "busy" means that somebody does.
      guard case .system(_, ECONNREFUSED) = error else { throw .inUse }
      unlink(path)
      return
    }
    throw .inUse
  }

  /// Accepts until `close()`; blocks the calling thread.
  /// - Parameter serve: runs on the connection's own thread; the connection is closed when it returns.
  public func run(
    admit: @escaping @Sendable (PeerCredentials) -> Bool, serve: @escaping @Sendable (PeerConnection) -> Void
  ) throws(SocketFault) {
    while true {
      let accepted = sanmon_accept(descriptor)
      if accepted < 0 {
        let code = errno
        if open.withLock({ $0.isClosed }) { return }
        switch code {
        case EINTR, ECONNABORTED: continue
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
          // Out of descriptors or memory: wait for a connection to end rather than spin or die.
          usleep(50_000)
          continue
        default: throw .system(attempted: "accept a connection", code: code)
        }
      }
      guard let connection = try? PeerConnection(adopting: accepted, frameLimit: frameLimit), admit(connection.peer) else {
        continue
      }
      let key = ObjectIdentifier(connection)
      let hasRoom = open.withLock { state in
        let uid = connection.peer.uid
        guard !state.isClosed, state.connections.count < limit,
          state.connections.values.count(where: { $0.peer.uid == uid }) < limitPerUser
        else { return false }
        state.connections[key] = connection
        return true
      }
      guard hasRoom else { continue }
      Thread.detachNewThread { [self] in
        serve(connection)
        _ = open.withLock { $0.connections.removeValue(forKey: key) }
      }
    }
  }

  /// How many connections are being served.
  public var connectionCount: Int { open.withLock { $0.connections.count } }

  /// Stops accepting, wakes `run` and every reader, and removes the socket file; answers in work are still sent. May be
  /// called more than once.
  public func close() {
    let connections: [PeerConnection]? = open.withLock { state in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      return Array(state.connections.values)
    }
    guard let connections else { return }
    unlink(path)
    shutdown(descriptor, Int32(SHUT_RDWR))
    for connection in connections { connection.endReading() }
  }

  deinit { Foundation.close(descriptor) }
}
