import AuditLog
import AuthTerms
import Storage
import Synchronization

/// Commits changes and keeps the promise about rows: an answer that could not be recorded is a denial, it is counted, and the
/// count is recorded by the first commit that works again. No restart is needed.
final class Recorder: Sendable {
  let store: any Store
  private let clockFloor: ClockFloor
  private let unrecorded = Mutex<(count: Int64, since: Int64)>((0, 0))

  init(store: any Store, clockFloor: ClockFloor) {
    self.store = store
    self.clockFloor = clockFloor
  }

  var unrecordedDenials: Int64 { unrecorded.withLock { $0.count } }

  func commit<C: Change>(_ change: C, now: Moment) async throws(StorageFault) -> C.Outcome {
    do {
      let outcome = try await store.commit(change)
      clockFloor.raise(to: now.wallMilliseconds)
      await recordRecovery(now: now)
      return outcome
    } catch {
      unrecorded.withLock { state in
        if state.count == 0 { state.since = now.wallMilliseconds }
        state.count += 1
      }
      throw error
    }
  }

  private func recordRecovery(now: Moment) async {
    let (count, since) = unrecorded.withLock { state in
      defer { state = (0, 0) }
      return state
    }
    guard count > 0 else { return }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "audit.recovered", outcome: .done)
    record.count = count
    record.code = .auditUnavailable
    record.note = "answers refused because no row could be written, since \(since) ms"
    do { try await store.commit(RecordOnly(record: record)) } catch {
      unrecorded.withLock { state in
        state.count += count
        state.since = state.since == 0 ? since : min(state.since, since)
      }
    }
  }
}
