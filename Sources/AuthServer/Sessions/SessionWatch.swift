import AuthAPI
import AuthTerms
import Synchronization

/// Workstations that hold a connection open to hear of locks and revocations at once.
final class SessionWatch: Sendable {
  private struct Listener {
    let continuation: AsyncStream<WatchEvent>.Continuation
    let number: UInt64
  }
  private struct State {
    var listeners: [WorkstationID: Listener] = [:]
    var next: UInt64 = 0
  }
  private let state = Mutex(State())
  private let presence: WorkstationPresence
  private let now: @Sendable () -> Moment

  init(presence: WorkstationPresence, now: @escaping @Sendable () -> Moment) {
    self.presence = presence
    self.now = now
  }

  var count: Int { state.withLock { $0.listeners.count } }

  var workstations: Set<WorkstationID> { state.withLock { Set($0.listeners.keys) } }

  /// A newer connection of the same workstation ends the older one.
  func listen(_ workstation: WorkstationID) -> AsyncStream<WatchEvent> {
    let (stream, continuation) = AsyncStream.makeStream(of: WatchEvent.self, bufferingPolicy: .bufferingNewest(64))
    let (former, number) = state.withLock { state in
      state.next += 1
      let former = state.listeners[workstation]
      state.listeners[workstation] = Listener(continuation: continuation, number: state.next)
      return (former, state.next)
    }
    presence.connectionBegan(workstation)
    former?.continuation.finish()
    continuation.onTermination = { [weak self, presence, now] _ in
      presence.connectionEnded(workstation, at: now())
      self?.forget(workstation, number: number)
    }
    continuation.yield(WatchEvent(event: "ready"))
    return stream
  }

  private func forget(_ workstation: WorkstationID, number: UInt64) {
    state.withLock { state in
      if state.listeners[workstation]?.number == number { state.listeners[workstation] = nil }
    }
  }

  /// - Returns: whether anybody listens.
  @discardableResult
  func tell(_ workstation: WorkstationID, _ event: WatchEvent) -> Bool {
    let listener = state.withLock { $0.listeners[workstation] }
    listener?.continuation.yield(event)
    if event.event == "close" { listener?.continuation.finish() }
    return listener != nil
  }

  /// At shutdown.
  func finishAll() {
    let all = state.withLock { state in
      defer { state.listeners.removeAll() }
      return Array(state.listeners.values)
    }
    for listener in all { listener.continuation.finish() }
  }
}
