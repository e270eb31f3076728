import AuthAPI
import Synchronization

/// How much a session and the whole city asked within a minute; in memory, filled from the burned tickets at start.
final class ReleaseRates: Sendable {
  /// Of one kind, for one session.
  static let perSession = 30
  /// For all, whatever their number.
  static let leastForAll = 300
  static let minute: Int64 = 60_000

  private struct Asker: Hashable {
    let keys: [UInt8]
    let kind: SessionAct.Kind
  }

  private struct State {
    var releases = MinuteWindow()
    var askers: [Asker: MinuteWindow] = [:]
  }

  private let state = Mutex(State())

  /// False when this session has used up its minute.
  /// - Parameter time: milliseconds that only go forward.
  func admits(_ kind: SessionAct.Kind, _ keys: [UInt8], at time: Int64) -> Bool {
    state.withLock { state in
      let asker = Asker(keys: keys, kind: kind)
      return (state.askers[asker]?.count(at: time) ?? 0) < Self.perSession
    }
  }

  /// Releases for everybody within the last minute.
  func releases(at time: Int64) -> Int { state.withLock { $0.releases.count(at: time) } }

  func note(_ kind: SessionAct.Kind, _ keys: [UInt8], at time: Int64) {
    state.withLock { state in
      if state.askers.count >= 4096 { state.askers = state.askers.filter { $0.value.last > time - Self.minute } }
      state.askers[Asker(keys: keys, kind: kind), default: MinuteWindow()].note(time)
      if kind == .release { state.releases.note(time) }
    }
  }
}
