import Dispatch
import Glibc
import Synchronization

/// Ends a call that waits for the other side for too long, wherever in libldap or TLS it waits, by hanging up: a server that
/// accepts connections and says nothing is met by no time limit of theirs.
final class Watchdog: Sendable {
  private let state: Mutex<(socket: Int32?, hasHungUp: Bool)>

  init(_ socket: Int32) { state = Mutex((socket, false)) }

  /// - Throws: `.timedOut` when it was ended, else what `work` throws.
  func guarding<R>(until deadline: ContinuousClock.Instant, _ work: () throws(LDAPFault) -> R) throws(LDAPFault) -> R {
    let (seconds, attoseconds) = max(ContinuousClock.now.duration(to: deadline), .zero).components
    let alarm = DispatchWorkItem { self.hangUp() }
    DispatchQueue.global(qos: .userInitiated).asyncAfter(
      deadline: .now() + .seconds(Int(seconds)) + .nanoseconds(Int(attoseconds / 1_000_000_000)), execute: alarm)
    defer { alarm.cancel() }
    do { return try work() } catch {
      throw state.withLock { $0.hasHungUp } ? LDAPFault(.timedOut) : error
    }
  }

  /// The socket is about to be closed, and its number may be somebody else's then.
  func retire() { state.withLock { $0.socket = nil } }

  private func hangUp() {
    state.withLock { state in
      guard let socket = state.socket else { return }
      state.hasHungUp = true
      shutdown(socket, Int32(SHUT_RDWR))
    }
  }
}
