import AuthPolicy
import AuthTerms
import Storage
import Synchronization

/// When each workstation was last heard: any request with its certificate, or its held connection being open.
///
/// In memory only, bounded by the number of enrolled workstations. After a restart every workstation counts as heard at the
/// start, so that nobody is taken for gone before the server has listened for a whole lease.
final class WorkstationPresence: Sendable {
  /// A workstation counts its lease by its own clock and locks within a second of the end; this is for the rest.
  static let graceMilliseconds: Int64 = 30_000

  private struct State {
    var last: [WorkstationID: Moment] = [:]
    /// Held connections that are open.
    var open: [WorkstationID: Int] = [:]
  }
  private let started: Moment
  private let state = Mutex(State())

  init(started: Moment) { self.started = started }

  func heard(_ workstation: WorkstationID, at now: Moment) { state.withLock { $0.last[workstation] = now } }

  func connectionBegan(_ workstation: WorkstationID) { state.withLock { $0.open[workstation, default: 0] += 1 } }

  /// Until now it was heard.
  func connectionEnded(_ workstation: WorkstationID, at now: Moment) {
    state.withLock { state in
      state.last[workstation] = now
      let rest = state.open[workstation, default: 1] - 1
      state.open[workstation] = rest > 0 ? rest : nil
    }
  }

  /// Milliseconds since it was heard; 0 while it holds a connection.
  func silence(of workstation: WorkstationID, at now: Moment) -> Int64 {
    state.withLock { state in
      state.open[workstation] != nil ? 0 : max(0, now.milliseconds(since: state.last[workstation] ?? started))
    }
  }

  /// Whether the workstation of this session has been silent for so long that it must have locked itself.
  func hasLeft(_ session: SessionRecord, at now: Moment) -> Bool {
    silence(of: session.workstation, at: now) > Int64(session.terms.leaseSeconds) * 1000 + Self.graceMilliseconds
  }
}
