import Foundation
import Synchronization

/// The place where the card sits or does not sit. The link's thread waits here; control lines and signals change it.
final class ReaderSlot: Sendable {
  private struct State {
    var inserted = true
    var ended = false
    var fault: Fault
    /// The open connection; closing is the link's, shutting it down wakes the link.
    var link: Int32?
  }

  private let state: Mutex<State>
  private let changed = DispatchSemaphore(value: 0)

  init(fault: Fault) { state = Mutex(State(fault: fault)) }

  func setFault(_ fault: Fault) { state.withLock { $0.fault = fault } }

  func setInserted(_ inserted: Bool) {
    state.withLock { state in
      state.inserted = inserted
      if !inserted, let link = state.link { shutdown(link, Int32(SHUT_RDWR)) }
    }
    changed.signal()
  }

  func end() {
    state.withLock { state in
      state.ended = true
      if let link = state.link { shutdown(link, Int32(SHUT_RDWR)) }
    }
    changed.signal()
  }

  /// Inserts, removes and serves until `end`. Throws when no reader takes the card within `patience` seconds.
  func run(_ card: any SimulatedCard, port: UInt16, patience: Int) throws {
    var card = card
    while true {
      let (inserted, ended) = state.withLock { ($0.inserted, $0.ended) }
      if ended { return }
      guard inserted else {
        changed.wait()
        continue
      }
      guard let link = try connect(port: port, patience: patience) else { continue }
      let admitted = state.withLock { state in
        guard state.inserted, !state.ended else { return false }
        state.link = link.descriptor
        return true
      }
      if admitted {
        Output.line("inserted")
        let pulled = link.serve(&card) { self.state.withLock { $0.fault } }
        state.withLock { state in
          state.link = nil
          if pulled { state.inserted = false }
        }
      }
      link.close()
      card.reset()
      if admitted {
        // pcscd looks every 400 ms. A card back before that was never gone for its poll, but is for its error path, and the
        // reader stays "empty" with a card in it. A hand takes longer anyway: so do we, also before the program ends.
        Thread.sleep(forTimeInterval: 0.6)
        Output.line("removed")
      }
    }
  }

  /// nil when the card is no longer wanted inside.
  private func connect(port: UInt16, patience: Int) throws -> VPCDLink? {
    for _ in 0...(patience * 10) {
      if let link = VPCDLink(port: port) { return link }
      if state.withLock({ $0.ended || !$0.inserted }) { return nil }
      Thread.sleep(forTimeInterval: 0.1)
    }
    throw SimulatorFault.unavailable("no vpcd reader on 127.0.0.1:\(port) within \(patience) s")
  }
}
