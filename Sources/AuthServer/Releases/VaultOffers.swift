import AuthAPI
import AuthTerms
import Synchronization

/// What the vault said lately of deputies and of published applications, so that a browser that asks costs the vault no walk through
/// its registers. What is released is the vault's own word at the release; this is what people are shown.
final class VaultOffers: Sendable {
  /// Milliseconds that an answer counts.
  static let lives: Int64 = 10_000

  struct Answer: Sendable {
    /// In force when they were asked for; by deputy.
    let deputies: [PersonID: [VaultDeputy]]
    let published: [ApplicationID: VaultApplication]
  }

  private struct Known {
    var since: Moment
    var answer: Task<Answer?, Never>
  }
  private let known = Mutex<Known?>(nil)

  /// - Returns: nil if the vault does not answer.
  func answer(at now: Moment, _ ask: @escaping @Sendable () async -> Answer?) async -> Answer? {
    let task = known.withLock { known in
      if let known, (0..<Self.lives).contains(now.milliseconds(since: known.since)) { return known.answer }
      let asking = Task { await ask() }
      known = Known(since: now, answer: asking)
      return asking
    }
    let answer = await task.value
    // A vault that was away is asked again by the next one.
    if answer == nil { forget(task) }
    return answer
  }

  /// Something was changed in the vault by way of this server.
  func forget() { known.withLock { $0 = nil } }

  private func forget(_ task: Task<Answer?, Never>) {
    known.withLock { if $0?.answer == task { $0 = nil } }
  }
}
