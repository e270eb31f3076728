import AuthAPI
import AuthClient
import AuthTerms
import SmartCard

extension LogonClient {
  func waitForCard(seconds: Int64) async throws(AgentFault) -> CardView {
    try await waiting(seconds: seconds) { () async throws(CardFailure) in try await cards.view() }
  }

  func waiting<Seen: Sendable>(
    seconds: Int64, for look: () async throws(CardFailure) -> Seen
  ) async throws(AgentFault) -> Seen {
    try await surroundings.waiting(seconds: seconds, placeCard: { await asking.tell(.placeCard) }, for: look)
  }

  func askPIN(
    _ plan: FactorPlan, _ view: CardView, _ entered: inout Entered
  ) async throws(AgentFault) -> (Secret<PIN>?, leastTries: Int) {
    try await askPIN(plan, triesLeft: view.triesLeft, &entered) { pin in
      view.takes(pin) ? nil : view.profile == .piv ? .unusablePIN : .module(.pinForm)
    }
  }

  /// - Parameter fault: what is wrong with the form of a PIN, if anything.
  func askPIN(
    _ plan: FactorPlan, triesLeft: Int, _ entered: inout Entered, fault: (Secret<PIN>) -> CardFailure?
  ) async throws(AgentFault) -> (Secret<PIN>?, leastTries: Int) {
    guard plan.needsPIN else { return (nil, 0) }
    // The card took it a moment ago.
    if let pin = entered.pin, triesLeft > 0 { return (pin, min(2, triesLeft)) }
    let (pin, leastTries) = try await asking.pin(triesLeft: triesLeft, fault: fault)
    entered.pin = pin
    return (pin, leastTries)
  }

  func sign(
    _ errand: CardErrand, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> ([UInt8], PIVAlgorithm) {
    let outcome: CardErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    return try await signed(outcome, reportingTo: connection)
  }

  /// What a card said to its errand; its own "no" is reported.
  func signed(
    _ outcome: CardErrandOutcome, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> ([UInt8], PIVAlgorithm) {
    switch outcome {
    case .signed(let signature, let algorithm): return (signature, algorithm)
    case .wrongPIN(let left):
      let told = left == PINStanding.untoldTries ? nil : left
      await connection.report(WorkstationEvent(kind: "wrongPIN", triesLeft: told))
      throw .pinWrong(triesLeft: left)
    case .pinBlocked:
      await connection.report(WorkstationEvent(kind: "pinBlocked", triesLeft: 0))
      throw .pinBlocked
    case .tooFewTries: throw .lastTryNotConfirmed
    case .otherCard: throw .otherCard
    }
  }
}
