import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What the clock is judged by, and the way back after rows were dated by a clock that ran ahead.
struct ClockDesk: Sendable {
  let services: Services

  func status() -> ClockStatus {
    let now = services.surroundings.now()
    return ClockStatus(
      clock: now.wallMilliseconds, floor: services.clockFloor.milliseconds,
      behindSeconds: services.clockFloor.secondsBehind(at: now) ?? 0, required: required)
  }

  /// From here on the clock counts as right, and the rows so far no longer. In My Number two people say so.
  /// - Throws: conflict if the clock is not behind that floor (any more) or the act was used; otherwise refused, with a row.
  func accept(_ message: ClockAct, by acting: OperatorRecord) async throws -> ClockStatus {
    let now = services.surroundings.now()
    let change = AcceptClock(
      act: try LocalAct(message.act, by: acting, services, at: now), required: required,
      floor: services.clockFloor.secondsBehind(at: now) == nil ? nil : services.clockFloor.milliseconds)
    switch try await services.recorder.commit(change, now: now) {
    case .done: services.clockFloor.accept(now.wallMilliseconds)
    case .unknown, .replayed, .ended: throw HTTPFault.conflict
    case .refused: throw Refusal(.operatorNotAllowed, reference: nil)
    }
    return status()
  }

  private var required: Int { services.instance.segments.contains(.mynumber) ? 2 : 1 }
}

private struct AcceptClock: Change {
  let act: LocalAct
  let required: Int
  /// What the clock is behind; `nil` while it is not.
  let floor: Int64?

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (LocalActOutcome, AuditRecord) {
    let outcome = try outcome(in: state)
    var record = act.record("clock.accepted", outcome)
    guard case .done = outcome, let floor else { return (outcome, record) }
    record.note =
      "the clock is right and was \((floor - act.now.wallMilliseconds) / 1000) s behind rows that were dated wrongly; \(record.note)"
    try act.keep(in: &state)
    // This row is the first that counts again.
    try KeptClockFloor(milliseconds: act.now.wallMilliseconds, since: state.auditSize()).keep(in: &state)
    return (.done, record)
  }

  private func outcome(in state: some StateReader) throws(StorageFault) -> LocalActOutcome {
    if let fault = try act.fault(kind: Act.Kind.acceptClock, in: state) { return fault }
    guard let floor else { return .ended("the clock is not behind") }
    // No clock that is right says a time before this release.
    guard act.now.wallMilliseconds >= Release.noEarlierThan else { return .refused("the clock is before this release") }
    guard act.signed.act.parameters == ["floor": String(floor)] else { return .ended("the act is about another floor") }
    return try act.unsigned(required: required, in: state) ?? .done
  }
}
