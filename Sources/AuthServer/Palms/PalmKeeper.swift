import AuthTerms
import Storage
import Synchronization

/// Looks after what palms leave behind: what was removed leaves the files, and captures are forgotten in time.
final class PalmKeeper: Sendable {
  /// Days for which a capture is known when it comes again, and for which it is kept how palms did.
  static let sampleDays = 90

  private struct State {
    var mayErase = false
    var forgottenOn: Int?
  }
  private let state = Mutex(State())
  let enrolments = Turnstile()

  /// Something was removed that must not stay in the files.
  func removed() { state.withLock { $0.mayErase = true } }

  func look(_ services: Services) async throws {
    if state.withLock({ $0.mayErase }), try await services.store.eraseRemoved() { state.withLock { $0.mayErase = false } }
    guard !services.palms.isEmpty, services.restoration.pending == nil else { return }
    let now = services.surroundings.now()
    let today = services.localByClock(now).day
    guard state.withLock({ $0.forgottenOn }) != today else { return }
    let oldest = try await services.store.read { (state) throws(StorageFault) in
      [try state.oldestSampleDay(), try state.oldestPalmUseDay()].compactMap(\.self).min()
    }
    let kept = today - Self.sampleDays
    if let oldest, oldest < kept { _ = try await services.recorder.commit(ForgetSamples(before: kept, now: now), now: now) }
    state.withLock { $0.forgottenOn = today }
  }
}
