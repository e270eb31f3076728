import AuthAPI
import AuthClient
import AuthTerms
import SmartCard

extension Surroundings {
  /// What `look` finds, as soon as there is a card that can be looked at; `placeCard` is told once.
  /// - Throws: `.card` with the last reason when the time is over, or at once when waiting does not help; `.cancelled`.
  func waiting<Seen: Sendable>(
    seconds: Int64, placeCard: () async -> Void, for look: () async throws(CardFailure) -> Seen
  ) async throws(AgentFault) -> Seen {
    let start = now()
    var told = false
    while true {
      do throws(CardFailure) {
        return try await look()
      } catch {
        switch error {
        case .noCard, .noReader, .cardRemoved, .readerBusy, .cardReset, .serviceLost: break
        default: throw .card(error)
        }
        guard now().milliseconds(since: start) < seconds * 1000 else { throw .card(error) }
        if !told { await placeCard() }
        told = true
      }
      do { try await Task.sleep(for: .milliseconds(250)) } catch { throw .cancelled }
    }
  }
}

extension Asking {
  /// A PIN that the card will look at, and how many tries it has to have left then: the last one is used only if the person says so.
  /// - Parameter fault: what is wrong with the form of a PIN, if anything.
  func pin(
    triesLeft: Int, fault: (Secret<PIN>) -> CardFailure?
  ) async throws(AgentFault) -> (Secret<PIN>, leastTries: Int) {
    guard triesLeft > 0 else { throw .pinBlocked }
    var leastTries = 2
    if triesLeft == 1 {
      guard await confirmLastTry() else { throw .lastTryNotConfirmed }
      leastTries = 1
    }
    let pin = try await pin(triesLeft: triesLeft)
    // A PIN the card would not even look at must not cost a try.
    if let fault = fault(pin) { throw .card(fault) }
    return (pin, leastTries)
  }
}

extension ServerConnection {
  /// The card's own "no" reaches the log as an event. If it can't be told now, the person still learns what the card said.
  func report(_ event: WorkstationEvent) async {
    _ = try? await call("POST", "/v1/events", event, returning: NoBody.self)
  }
}
