import AuthTerms
import CardCiphers
import SmartCard
import Synchronization

/// An exchange that waits for a card's answers.
struct OpenCardExchange: Sendable {
  var exchange: CardExchange<OpenSSLCardCipher>
  let script: String
  let kind: SharedKeyCardKind
  let number: [UInt8]
  /// On this boot's monotonic clock, milliseconds.
  let endsAt: Int64
}

/// Exchanges that are under way, and how often cards were wrong; in memory alone: after a restart everybody begins anew.
///
/// untrusted: a server begins and steps what it wants; at worst it uses up what may be open and begun, and others wait a minute.
final class CardExchanges: Sendable {
  /// At a time.
  static let most = 1024
  /// Milliseconds from the beginning to the last answer.
  static let longest: Int64 = 30_000
  /// Of one card within a minute; then it is refused for a minute.
  static let mostWrong = 10
  /// Of all cards within a minute: more than a city's people begin in the morning.
  static let mostBegun = 2000
  static let minute: Int64 = 60_000

  private struct Card: Hashable {
    let kind: SharedKeyCardKind
    let number: [UInt8]
  }

  private struct Wrong {
    var times = MinuteWindow()
    var pausedUntil: Int64 = .min
  }

  private struct State {
    var open: [[UInt8]: OpenCardExchange] = [:]
    var begun = MinuteWindow()
    var wrong: [Card: Wrong] = [:]
  }

  private let state = Mutex(State())
  /// Causes of refusals that have no row yet.
  let refusals = RowLedger<String>()
  /// Numbers of cards behind their counters, in hexadecimal: only who has a key comes this far.
  let clones = RowLedger<String>()
  let floods = RowLedger<Bool>()

  /// Whether one more may be begun by all, counted if so.
  /// - Parameter time: milliseconds that only go forward.
  func admitsBeginning(at time: Int64) -> Bool {
    state.withLock { state in
      guard state.begun.count(at: time) < Self.mostBegun else { return false }
      state.begun.note(time)
      return true
    }
  }

  func isPaused(_ kind: SharedKeyCardKind, _ number: [UInt8], at time: Int64) -> Bool {
    state.withLock { ($0.wrong[Card(kind: kind, number: number)]?.pausedUntil ?? .min) > time }
  }

  func noteWrong(_ kind: SharedKeyCardKind, _ number: [UInt8], at time: Int64) {
    state.withLock { state in
      // Each comes from an exchange that was begun: those of one minute bound what is kept.
      if state.wrong.count >= 2 * Self.mostBegun {
        state.wrong = state.wrong.filter { $0.value.pausedUntil > time || $0.value.times.last > time - Self.minute }
      }
      let card = Card(kind: kind, number: number)
      var wrong = state.wrong[card] ?? Wrong()
      wrong.times.note(time)
      if wrong.times.count(at: time) >= Self.mostWrong { wrong = Wrong(pausedUntil: time + Self.minute) }
      state.wrong[card] = wrong
    }
  }

  /// False when too many are open.
  func keep(_ exchange: OpenCardExchange, as handle: [UInt8], at time: Int64) -> Bool {
    state.withLock { state in
      if state.open.count >= Self.most { state.open = state.open.filter { $0.value.endsAt > time } }
      guard state.open.count < Self.most else { return false }
      state.open[handle] = exchange
      return true
    }
  }

  /// Ends what is under way by a script whose key is gone.
  func forget(_ script: String) {
    state.withLock { state in state.open = state.open.filter { $0.value.script != script } }
  }

  /// Takes it out: two answers to one round never meet the same exchange. `nil` for one that ended, never was, or took too long.
  func take(_ handle: [UInt8], at time: Int64) -> OpenCardExchange? {
    guard let taken = state.withLock({ $0.open.removeValue(forKey: handle) }), taken.endsAt > time else { return nil }
    return taken
  }
}
