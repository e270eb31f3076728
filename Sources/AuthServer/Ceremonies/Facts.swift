import AuthPolicy
import AuthTerms
import Storage

extension Person {
  /// What a rule may ask about a person.
  var facts: PersonFacts {
    PersonFacts(
      id: id, groups: groups, isEnabled: isEnabled, firstDay: firstDay, lastDay: lastDay,
      hasManagedPassword: hasManagedPassword, logonHours: logonHours, workstations: workstations)
  }
}

extension RegisteredCard {
  /// What a rule may ask about a card of the stock; `nil` for a person's own.
  var loan: LoanFacts? { isStock ? LoanFacts(lastDay: lentUntil, awaitsPIN: awaitsPIN) : nil }
}

extension SessionRecord {
  var facts: SessionFacts {
    SessionFacts(
      id: id, person: person, isLocked: phase == .locked, openedAt: openedAt, lastActivity: lastActivity, kinds: kinds,
      isRevoked: isRevoked)
  }

  /// Whether it takes one of its person's places in a segment. One that was withdrawn, or is past its overall limit, can never be
  /// returned to: a workstation that was switched off without a logoff must not keep its clerk out of every other one for ever.
  func countsElsewhere(than workstation: WorkstationID, in segment: Segment, at now: Moment) -> Bool {
    self.workstation != workstation && self.segment == segment && !isRevoked
      && now.milliseconds(since: openedAt) < Int64(terms.overallSeconds) * 1000
  }

  /// Still within what its policy allowed when it was opened.
  func isWithinLimits(at now: Moment) -> Bool {
    now.milliseconds(since: openedAt) < Int64(terms.overallSeconds) * 1000
      && now.milliseconds(since: lastActivity) < Int64(terms.idleSeconds) * 1000
  }
}

/// Failure counters, read and written inside the deciding transaction.
enum Throttling {
  static func blockedUntil(
    _ keys: [ThrottleKey], now: Moment, in state: some StateReader
  ) throws(StorageFault) -> Moment? {
    var latest: Moment?
    for key in keys {
      guard let record = try state.throttle(key), let until = Throttle.blockedUntil(record.state, at: now) else { continue }
      if Throttle.isLater(until, than: latest, at: now) { latest = until }
    }
    return latest
  }

  static func countFailure(
    of key: ThrottleKey, policy: PolicySet, now: Moment, in state: inout some StateTransaction
  ) throws(StorageFault) {
    let former = try state.throttle(key)?.state
    let next = Throttle.afterFailure(former, at: now, limits: policy.throttle(for: key.subject))
    try state.setThrottle(ThrottleRecord(next), for: key)
  }

  static func countSuccess(
    of key: ThrottleKey, policy: PolicySet, now: Moment, in state: inout some StateTransaction
  ) throws(StorageFault) {
    guard let former = try state.throttle(key)?.state else { return }
    let next = Throttle.afterSuccess(former, at: now, limits: policy.throttle(for: key.subject))
    try state.setThrottle(next.map(ThrottleRecord.init), for: key)
  }
}

extension ThrottleRecord {
  fileprivate var state: ThrottleState {
    ThrottleState(failures: failures, lastFailure: lastFailure, blockedUntil: blockedUntil)
  }

  fileprivate init(_ state: ThrottleState) {
    self.init(failures: state.failures, lastFailure: state.lastFailure, blockedUntil: state.blockedUntil)
  }
}

extension ThrottleKey {
  fileprivate var subject: ThrottleSubject {
    if text.hasPrefix("workstation:") { return .workstation }
    if text.hasPrefix("palm:") { return .palm }
    return text.hasPrefix("card:") ? .card : .person
  }
}
