public import AuthTerms

/// Failures in a row of one person, card or workstation.
public struct ThrottleState: Sendable, Hashable {
  public var failures: Int
  public var lastFailure: Moment
  /// `nil` while failures are free. `Throttle.never` stands for "until an operator clears it".
  public var blockedUntil: Moment?

  public init(failures: Int, lastFailure: Moment, blockedUntil: Moment?) {
    self.failures = failures
    self.lastFailure = lastFailure
    self.blockedUntil = blockedUntil
  }
}

/// The arithmetic of growing delays. Pure: who counts what against whom is the caller's.
///
/// Count against a person or card only what failed *after* possession was proven: otherwise anybody at one workstation
/// could lock the city's people out. What fails before counts against the workstation alone.
public enum Throttle {
  /// A deadline that no clock reaches.
  public static let never = Moment(wallMilliseconds: .max, boot: "never", monotonicMilliseconds: .max)

  /// The state after one more failure at `now`.
  public static func afterFailure(
    _ previous: ThrottleState?, at now: Moment, limits: ThrottleLimits
  ) -> ThrottleState {
    let before = previous.flatMap { decayed($0, at: now, limits: limits) }
    let failures = min((before?.failures ?? 0), 1_000_000) + 1
    var until = deadline(failures: failures, at: now, limits: limits)
    // A failure never shortens what an earlier one began.
    if let former = previous.flatMap({ blockedUntil($0, at: now) }), isLater(former, than: until, at: now) { until = former }
    return ThrottleState(failures: failures, lastFailure: now, blockedUntil: until)
  }

  /// The state after a grant: cleared for persons and cards; a workstation forgets only with time, because one stolen card
  /// would otherwise buy its thief endless guesses at others.
  public static func afterSuccess(_ previous: ThrottleState?, at now: Moment, limits: ThrottleLimits) -> ThrottleState? {
    limits.decaySeconds == nil ? nil : previous.flatMap { decayed($0, at: now, limits: limits) }
  }

  /// When the next attempt is allowed, as a moment of the present boot; `nil` = now.
  ///
  /// On the boot of the failure the monotonic clock decides. After a reboot at least the whole delay must have passed since
  /// the machine started, and the wall clock may add to that but never by more than the delay: a clock set forward or back
  /// neither frees an attacker nor locks a clerk out for a year.
  public static func blockedUntil(_ state: ThrottleState, at now: Moment) -> Moment? {
    guard let deadline = state.blockedUntil else { return nil }
    if isNever(deadline) { return never }
    if now.boot == deadline.boot { return now.hasReached(deadline) ? nil : deadline }
    let delay = max(0, deadline.wallMilliseconds - state.lastFailure.wallMilliseconds)
    var remaining = delay - now.monotonicMilliseconds
    let byWall = deadline.wallMilliseconds - now.wallMilliseconds
    if (1...max(1, delay)).contains(byWall) { remaining = max(remaining, byWall) }
    guard remaining > 0 else { return nil }
    return Moment(
      wallMilliseconds: now.wallMilliseconds + remaining, boot: now.boot,
      monotonicMilliseconds: now.monotonicMilliseconds + remaining)
  }

  /// Whether only an operator can end this block.
  public static func isNever(_ deadline: Moment) -> Bool { deadline.monotonicMilliseconds == .max }

  /// The later of two deadlines as they stand at `now`.
  public static func isLater(_ a: Moment, than b: Moment?, at now: Moment) -> Bool {
    guard let b else { return true }
    // `never` lies behind every moment, on any clock.
    return a.boot == b.boot
      ? a.monotonicMilliseconds > b.monotonicMilliseconds : a.wallMilliseconds > b.wallMilliseconds
  }

  private static func deadline(failures: Int, at now: Moment, limits: ThrottleLimits) -> Moment? {
    if let ceiling = limits.ceiling, failures >= ceiling { return never }
    let step = failures - limits.freeFailures - 1
    guard step >= 0 else { return nil }
    // 2^20 first delays are beyond any longest delay: the shift cannot overflow.
    let delay = min(limits.longestDelaySeconds, limits.firstDelaySeconds << min(step, 20))
    return now.advanced(bySeconds: Int64(max(1, delay)))
  }

  private static func decayed(_ state: ThrottleState, at now: Moment, limits: ThrottleLimits) -> ThrottleState? {
    guard let seconds = limits.decaySeconds, seconds > 0 else { return state }
    // After a reboot only the time since the start is certain.
    let quiet =
      now.boot == state.lastFailure.boot ? now.milliseconds(since: state.lastFailure) : now.monotonicMilliseconds
    let forgiven = max(0, Int(clamping: quiet / (Int64(seconds) * 1000)))
    guard forgiven < state.failures else { return nil }
    return ThrottleState(failures: state.failures - forgiven, lastFailure: state.lastFailure, blockedUntil: state.blockedUntil)
  }
}
