import Dispatch
import Foundation
import SmartCard
import Synchronization

/// Runs blocking card work on threads of its own and lets nobody wait longer than the deadline.
enum CardThread {
  /// Threads that may hang in cards that never answer.
  static let limit = 8
  private static let running = Mutex(0)

  /// What the thread is at; the deadline's failure depends on it.
  enum Phase: Sendable { case opening, speaking }

  /// One errand: settled once, by its result or by its deadline.
  final class Errand: CardErrand {
    private struct State {
      var phase = Phase.opening
      var settled = false
    }
    private let state = Mutex(State())

    var mayGoOn: Bool { state.withLock { !$0.settled } }
    func enter(_ phase: Phase) { state.withLock { $0.phase = phase } }

    /// True for the first caller only.
    fileprivate func settle() -> Bool {
      state.withLock { state in
        defer { state.settled = true }
        return !state.settled
      }
    }

    fileprivate var lateFailure: CardFailure { state.withLock { $0.phase == .opening ? .readerBusy : .timedOut } }
  }

  static func run<R: Sendable>(
    deadline: Duration, _ work: @escaping @Sendable (Errand) throws(CardFailure) -> R
  ) async throws(CardFailure) -> R {
    let admitted = running.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
    guard admitted else { throw .readerBusy }
    let errand = Errand()
    let result: Result<R, CardFailure> = await withCheckedContinuation { continuation in
      let thread = Thread {
        let result: Result<R, CardFailure>
        do throws(CardFailure) { result = .success(try work(errand)) } catch { result = .failure(error) }
        running.withLock { $0 -= 1 }
        if errand.settle() { continuation.resume(returning: result) }
      }
      thread.name = "sanmon-card"
      thread.stackSize = 1024 * 1024
      thread.start()
      DispatchQueue.global().asyncAfter(deadline: .now() + deadline.dispatchInterval) {
        let failure = errand.lateFailure
        if errand.settle() { continuation.resume(returning: .failure(failure)) }
      }
    }
    return try result.get()
  }
}

extension Duration {
  var dispatchInterval: DispatchTimeInterval {
    let (seconds, attoseconds) = components
    let bounded = min(max(seconds, 0), 3600)
    return .milliseconds(Int(bounded) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
  }
}
