import AuthTerms
import Synchronization

/// Where registered numbers of cards were shown within the last minute: a number at two workstations has been copied, or its
/// owner walks fast. In memory only: a restart forgets it, and two instances do not tell each other.
///
/// Two workstations that were named as the person's own, at one site, count as one: a clerk who opens two PCs every morning does
/// not wait between them.
final class NumberSightings: Sendable {
  static let milliseconds: Int64 = 60_000

  enum Verdict: Sendable, Equatable {
    case alone
    case elsewhere(WorkstationID, secondsAgo: Int64)
    /// No room to remember it: it is not taken.
    case full
  }

  private struct Sighting {
    let workstation: WorkstationID
    let at: Moment
  }

  private let seen = Mutex<[KeyFingerprint: Sighting]>([:])
  private let most: Int

  /// - Parameter most: numbers remembered at once; those of more than a minute ago go first.
  init(most: Int = 20_000) { self.most = most }

  /// Remembers the sighting, unless another workstation's stands: whoever came first is not kept out by whoever came second.
  /// - Parameter neighbours: others that count as this one.
  func see(
    _ number: KeyFingerprint, at workstation: WorkstationID, beside neighbours: Set<WorkstationID> = [], now: Moment
  ) -> Verdict {
    seen.withLock { seen in
      func isRecent(_ sighting: Sighting) -> Bool { now.milliseconds(since: sighting.at) < Self.milliseconds }
      if let last = seen[number], last.workstation != workstation, isRecent(last), !neighbours.contains(last.workstation) {
        return .elsewhere(last.workstation, secondsAgo: max(0, now.milliseconds(since: last.at)) / 1000)
      }
      if seen[number] == nil, seen.count >= most {
        seen = seen.filter { isRecent($0.value) }
        guard seen.count < most else { return .full }
      }
      seen[number] = Sighting(workstation: workstation, at: now)
      return .alone
    }
  }
}
