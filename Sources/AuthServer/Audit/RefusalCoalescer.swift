import AuthTerms
import Synchronization

/// Keeps refusals from filling the disk: of one source and code, the first few in a minute have rows of their own; what
/// follows is counted and becomes one row with the count when the minute is over.
final class RefusalCoalescer: Sendable {
  struct Source: Hashable, Sendable {
    let workstation: WorkstationID?
    let code: DenialCode
    /// At the operators' TLS listener. Bounded by the cards that their authority has issued.
    var operatorCertificate: CertificateFingerprint?

    fileprivate var order: String { "\(workstation?.text ?? "") \(code.rawValue) \(operatorCertificate?.hex ?? "")" }
  }

  struct Window: Sendable {
    var since: Moment
    var rows: Int
    var uncounted: Int64
    var reference: Reference?
  }

  /// A row of its own, or counted under the reference of the window.
  enum Verdict: Sendable {
    case write
    case counted(Reference?)
  }

  private let windows = Mutex<[Source: Window]>([:])
  private let rowsPerWindow: Int
  private let windowMilliseconds: Int64

  init(rowsPerWindow: Int = 5, windowMilliseconds: Int64 = 60_000) {
    self.rowsPerWindow = rowsPerWindow
    self.windowMilliseconds = windowMilliseconds
  }

  func verdict(_ source: Source, now: Moment) -> Verdict {
    windows.withLock { windows in
      guard var window = windows[source], now.milliseconds(since: window.since) < windowMilliseconds else {
        if (windows[source]?.uncounted ?? 0) > 0 {
          // The flush of the former window is late: go on counting in it rather than lose the count.
          windows[source]?.uncounted += 1
          return .counted(windows[source]?.reference)
        }
        windows[source] = Window(since: now, rows: 1, uncounted: 0, reference: nil)
        return .write
      }
      if window.rows < rowsPerWindow {
        window.rows += 1
        windows[source] = window
        return .write
      }
      window.uncounted += 1
      windows[source] = window
      return .counted(window.reference)
    }
  }

  func remember(_ reference: Reference?, for source: Source) {
    windows.withLock { $0[source]?.reference = reference }
  }

  /// Takes out the windows that are over, or all of them at shutdown; in an order that does not depend on chance.
  func due(now: Moment, all: Bool = false) -> [(Source, Window)] {
    windows.withLock { windows in
      let over = windows.filter { all || now.milliseconds(since: $0.value.since) >= windowMilliseconds }
      for (source, _) in over { windows[source] = nil }
      return over.filter { $0.value.uncounted > 0 }.map { ($0.key, $0.value) }.sorted { $0.0.order < $1.0.order }
    }
  }

  /// Its row could not be written: the count is not lost, and is due again.
  func putBack(_ window: Window, for source: Source) {
    windows.withLock { windows in
      guard var present = windows[source] else {
        windows[source] = window
        return
      }
      present.uncounted += window.uncounted
      present.reference = present.reference ?? window.reference
      windows[source] = present
    }
  }
}
