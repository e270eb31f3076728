import AuthTerms
import Foundation
import Isolation
import Synchronization

/// The socket in the state folder through which commands reach the running `watch`.
///
/// trusted: who has this user's rights can lock, unlock (with a card) and end this user's own session, as at the keyboard.
package final class WatchSocket: Sendable {
  static let deadline = 10_000
  static func path(in folder: String) -> String { "\(folder)/watch.sock" }

  private let listener: PeerListener

  /// Listens at once and serves on threads of its own; `handle` is asked for each command.
  init(folder: String, handle: @escaping @Sendable (WatchCommand) async -> WatchReply) throws(AgentFault) {
    let listener: PeerListener
    do {
      listener = try PeerListener(path: Self.path(in: folder), mode: 0o600, limit: 8)
    } catch {
      switch error {
      case .inUse: throw .watchRunning
      default: throw .stateIO(file: "watch.sock", errno: EIO)
      }
    }
    self.listener = listener
    let own = geteuid()
    Thread.detachNewThread {
      try? listener.run(
        admit: { $0.uid == own },
        serve: { connection in
          let deadline = Deadline(milliseconds: Self.deadline)
          guard let frame = try? connection.receive(by: deadline) else { return }
          let reply: WatchReply =
            if let command = try? JSONDecoder().decode(WatchCommand.self, from: Data(frame)) {
              Self.wait { await handle(command) }
            } else {
              WatchReply(fault: "malformed")
            }
          guard let bytes = try? JSONEncoder().encode(reply) else { return }
          try? connection.send(Array(bytes), by: deadline)
        })
    }
  }

  func close() { listener.close() }

  /// For the connection's own thread, which has nothing else to do.
  private static func wait(_ work: @escaping @Sendable () async -> WatchReply) -> WatchReply {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<WatchReply?>(nil)
    Task {
      let reply = await work()
      result.withLock { $0 = reply }
      done.signal()
    }
    done.wait()
    return result.withLock { $0 } ?? WatchReply(fault: "malformed")
  }

  /// Asks the running watch; nil if none is running.
  package static func ask(_ command: WatchCommand, folder: String) async throws(AgentFault) -> WatchReply? {
    guard let bytes = try? JSONEncoder().encode(command) else { throw .watchAnswer }
    let frame = Array(bytes)
    let own = geteuid()
    return try await BlockingCall.run { () throws(AgentFault) -> WatchReply? in
      let connection: PeerConnection
      do { connection = try PeerConnection.connect(path: path(in: folder)) } catch { return nil }
      guard connection.peer.uid == own else { throw .unsafeState(file: "watch.sock") }
      do {
        let deadline = Deadline(milliseconds: Self.deadline)
        try connection.send(frame, by: deadline)
        guard let answer = try connection.receive(by: deadline) else { throw AgentFault.watchAnswer }
        return try JSONDecoder().decode(WatchReply.self, from: Data(answer))
      } catch {
        throw .watchAnswer
      }
    }
  }
}
