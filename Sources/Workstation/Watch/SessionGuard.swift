package import AuthAPI
package import AuthTerms
package import PCSCReader

/// What `watch` knows about the session of its workstation and what follows from what it hears. No clock, no socket, no
/// screen in here: events in, steps out.
package struct SessionGuard: Sendable {
  package struct Held: Sendable {
    package let session: SessionOpened
    /// Nil: without a card.
    package let reader: String?
    /// At the logon.
    let machine: MachineState
    /// The session's keys were dropped; it can be used until it locks, and not be unlocked any more.
    package var isKeyGone = false
    package var isLocked: Bool
    /// Of which end of the access the person was told (`WatchEvent.endsAt`).
    var toldEnd: Int64?
    /// When the server last confirmed the session.
    package var confirmedAt: Moment
    var nextRenewal: Moment
  }

  package enum Step: Sendable, Equatable {
    case lockScreen(cause: String)
    case logOffScreen(cause: String)
    case tellLock(session: String, cause: String)
    case tellLogoff(session: String, cause: String)
    /// An event of this kind happened (`WorkstationEvent.kind`).
    case report(String)
    case renew(session: String)
    case forgetKeys
    case say(AgentMessage)
    /// The workstation was revoked: end.
    case end
  }

  private enum ReaderDoubt: Sendable {
    case lost(since: Moment)
    case back(since: Moment)
  }

  /// A tick later than this says that the machine slept, or stood still.
  static let sleepMilliseconds: Int64 = 30_000
  /// Two clocks are read one after the other.
  static let napMilliseconds: Int64 = 1000
  /// The wall clock may differ this much from the monotonic one between two ticks.
  static let jumpMilliseconds: Int64 = 60_000
  /// How long a lost reader service may leave open whether the card is still there.
  static let lostReaderMilliseconds: Int64 = 60_000
  static let returnedReaderMilliseconds: Int64 = 3_000

  package private(set) var held: Held?
  private var doubt: ReaderDoubt?
  private var lastTick: Moment?

  package init() {}

  /// The server granted this session here, or let it be unlocked.
  ///
  /// - Parameters:
  ///   - reader: with the card; nil after an unlock without a card, for which the reader of the logon goes on to count.
  ///   - machine: at the logon. At an unlock of the same session the state of its logon stays.
  package mutating func adopt(_ session: SessionOpened, reader: String?, now: Moment, machine: MachineState) {
    let same = held.flatMap { $0.session.session == session.session && !$0.isKeyGone ? $0 : nil }
    held = Held(
      session: session, reader: reader ?? same?.reader, machine: same?.machine ?? machine,
      isLocked: false, confirmedAt: now, nextRenewal: now.advanced(bySeconds: Self.renewalSeconds(session)))
    doubt = nil
  }

  private static func renewalSeconds(_ session: SessionOpened) -> Int64 { max(1, Int64(session.leaseSeconds) / 3) }

  // MARK: Time

  package mutating func tick(now: Moment, machine: MachineState) -> [Step] {
    var steps = keySteps(now, machine)
    lastTick = now
    guard var current = held, !current.isLocked else { return steps }
    if now.milliseconds(since: current.confirmedAt) >= Int64(current.session.leaseSeconds) * 1000 {
      return steps + [.report("leaseExpired")] + lock("leaseExpired")
    }
    if let doubted = doubtSteps(now) { return steps + doubted }
    if now.hasReached(current.nextRenewal) {
      // The next attempt, should this one fail; success moves it further out.
      current.nextRenewal = now.advanced(bySeconds: max(1, min(10, Int64(current.session.leaseSeconds) / 6)))
      held = current
      steps.append(.renew(session: current.session.session))
    }
    return steps
  }

  /// What was made at a logon does not outlive what was true at that logon. Said once.
  private mutating func keySteps(_ now: Moment, _ machine: MachineState) -> [Step] {
    guard let last = lastTick, let current = held, !current.isKeyGone else { return [] }
    let passed = now.monotonicMilliseconds - last.monotonicMilliseconds
    let nap = machine.asleepMilliseconds - current.machine.asleepMilliseconds
    let drift = now.wallMilliseconds - last.wallMilliseconds - passed
    if passed > Self.sleepMilliseconds || abs(nap) > Self.napMilliseconds || abs(drift) > Self.jumpMilliseconds {
      held?.isKeyGone = true
      return [.forgetKeys, .say(.keysForgotten)] + (current.isLocked ? [] : lock("keyLost"))
    }
    guard machine.networks == current.machine.networks else {
      held?.isKeyGone = true
      // Not locked: a pulled cable must not take unsaved work away, and the lease ends a session that reaches nobody.
      return [.forgetKeys, .say(.keysForgottenByNetwork)]
    }
    return []
  }

  private mutating func doubtSteps(_ now: Moment) -> [Step]? {
    switch doubt {
    case .lost(let since) where now.milliseconds(since: since) >= Self.lostReaderMilliseconds: break
    case .back(let since) where now.milliseconds(since: since) >= Self.returnedReaderMilliseconds: break
    default: return nil
    }
    doubt = nil
    return cardGone()
  }

  // MARK: Server

  package mutating func renewed(_ session: String, now: Moment) {
    guard held?.session.session == session, let current = held?.session else { return }
    held?.confirmedAt = now
    held?.nextRenewal = now.advanced(bySeconds: Self.renewalSeconds(current))
  }

  /// The server does not renew: whatever its reason, nobody may go on working.
  package mutating func renewalRefused(_ session: String, code: String) -> [Step] {
    guard let current = held, current.session.session == session, !current.isLocked else { return [] }
    if code == DenialCode.sessionMissing.rawValue { return end(cause: "server") }
    held?.isLocked = true
    return [.lockScreen(cause: "server")]
  }

  package mutating func heard(_ event: WatchEvent) -> [Step] {
    switch event.event {
    case "lock":
      guard let current = held, concerns(event, current), !current.isLocked else { return [] }
      held?.isLocked = true
      return [.lockScreen(cause: event.cause ?? "server")]
    case "ending":
      // Said once, however often a server that restarts says it; another end is said anew.
      guard let current = held, concerns(event, current), !current.isLocked, let minutes = event.minutes,
        (1...15).contains(minutes), let end = event.endsAt, current.toldEnd != end
      else { return [] }
      held?.toldEnd = end
      return [.say(.accessEnds(minutes: minutes))]
    case "logoff":
      guard let current = held, concerns(event, current) else { return [] }
      return end(cause: event.cause ?? "server")
    case "close":
      let wasOpen = held?.isLocked == false
      held = nil
      return (wasOpen ? [.lockScreen(cause: "workstationRevoked")] : []) + [.forgetKeys, .say(.workstationClosed), .end]
    default: return []  // `ready` and `keepalive` ask for nothing; names of a later version must not end an older agent
    }
  }

  private func concerns(_ event: WatchEvent, _ current: Held) -> Bool {
    event.session == nil || event.session == current.session.session
  }

  /// What the server says about this workstation after a connection was made: nothing was heard while there was none.
  package mutating func found(_ status: SessionStatus?) -> [Step] {
    guard let current = held else {
      // An open session whose keys nobody holds: no lease would be renewed and no unlock possible.
      guard let status, status.state == "open" else { return [] }
      return [.tellLock(session: status.session, cause: "keyLost"), .lockScreen(cause: "keyLost")]
    }
    guard let status, status.session == current.session.session else { return end(cause: "server") }
    if status.state == "locked", !current.isLocked {
      held?.isLocked = true
      return [.lockScreen(cause: "server")]
    }
    return []
  }

  // MARK: Person and card

  package mutating func asked(toLock cause: String) -> [Step] { held?.isLocked == false ? lock(cause) : [] }

  package mutating func asked(toLogOff cause: String) -> [Step] {
    guard let session = held?.session.session else { return [] }
    return [.tellLogoff(session: session, cause: cause)] + end(cause: cause)
  }

  package mutating func reader(_ event: ReaderEvent, now: Moment) -> [Step] {
    switch event {
    case .serviceLost:
      guard let current = held, !current.isLocked else { return [.say(.readerServiceLost)] }
      doubt = .lost(since: now)
      return [.say(.readerServiceLost), .report("readerLost")]
    case .serviceAvailable:
      guard doubt != nil else { return [] }
      doubt = .back(since: now)
      return [.say(.readerServiceBack)]
    case .inserted(let reader, _):
      if reader == held?.reader, doubt != nil { doubt = nil }
      return []
    case .removed(let reader):
      guard let current = held, current.reader == reader, !current.isLocked else { return [] }
      doubt = nil
      return cardGone()
    case .readers: return []
    }
  }

  /// The loss of the service is not a removal; a card that is then not there any more is one.
  private mutating func cardGone() -> [Step] {
    guard let current = held else { return [] }
    let report = Step.report("cardRemoved")
    switch current.session.onCardRemoval {
    case "lock": return [report] + lock("cardRemoved")
    case "logoff":
      return [report, .tellLogoff(session: current.session.session, cause: "cardRemoved")] + end(cause: "cardRemoved")
    case "nothing": return [report]
    default: return [report] + lock("cardRemoved")  // a word this agent does not know: the careful reading
    }
  }

  private mutating func lock(_ cause: String) -> [Step] {
    guard let session = held?.session.session else { return [] }
    held?.isLocked = true
    return [.lockScreen(cause: cause), .tellLock(session: session, cause: cause)]
  }

  private mutating func end(cause: String) -> [Step] {
    held = nil
    doubt = nil
    return [.logOffScreen(cause: cause), .forgetKeys]
  }
}
