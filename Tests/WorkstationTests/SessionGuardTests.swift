import AuthAPI
import AuthTerms
import PCSCReader
import Testing
import Workstation

@Suite("what the watch does with what it hears")
struct SessionGuardTests {
  private let clock = TestClock()

  private func guarding(removal: String = "nothing", lease: Int = 600) -> SessionGuard {
    var session = SessionGuard()
    _ = session.tick(now: clock.now)
    session.adopt(opened(removal: removal, lease: lease), reader: "R", now: clock.now)
    return session
  }

  private func opened(removal: String, lease: Int) -> SessionOpened {
    SessionOpened(
      session: "s-1", person: "p", displayName: "d", segment: "lgwan", scenario: "logon", assurance: "AAL2",
      leaseSeconds: lease, onCardRemoval: removal, endsAt: 0, rule: "r", policyVersion: "v")
  }

  /// Half-second ticks, as the process makes them, with everything that comes out of them.
  private func pass(seconds: Int64, _ session: inout SessionGuard, confirming: Bool = false) -> [SessionGuard.Step] {
    var steps: [SessionGuard.Step] = []
    for _ in 0..<seconds * 2 {
      clock.advance(milliseconds: 500)
      let new = session.tick(now: clock.now)
      steps += new
      if confirming, new.contains(.renew(session: "s-1")) { session.renewed("s-1", now: clock.now) }
    }
    return steps
  }

  @Test("a lease is renewed at a third of its time, and a session that is renewed stays open")
  func renewal() {
    var session = guarding(lease: 600)
    let steps = pass(seconds: 1300, &session, confirming: true)
    #expect(steps == Array(repeating: .renew(session: "s-1"), count: 6))
    #expect(session.held?.isLocked == false)
  }

  @Test("a lease that cannot be renewed is tried again and again, and then locks the workstation by itself")
  func lapse() {
    var session = guarding(lease: 60)
    let before = pass(seconds: 59, &session)
    #expect(before.allSatisfy { $0 == .renew(session: "s-1") } && before.count >= 4)
    #expect(
      pass(seconds: 2, &session) == [
        .report("leaseExpired"), .lockScreen(cause: "leaseExpired"), .tellLock(session: "s-1", cause: "leaseExpired"),
      ])
    #expect(pass(seconds: 120, &session).isEmpty, "a locked session has no lease to lapse")
  }

  @Test("a refused renewal locks at once; a session the server does not know any more is over")
  func refusedRenewal() {
    var session = guarding()
    #expect(session.renewalRefused("s-1", code: "AP103") == [.lockScreen(cause: "server")])
    session = guarding()
    #expect(session.renewalRefused("s-1", code: "AP115") == [.logOffScreen(cause: "server"), .forgetKeys])
    #expect(session.held == nil)
    session = guarding()
    #expect(session.renewalRefused("s-0", code: "AP115").isEmpty, "of an earlier session")
  }

  @Test("a lock, a logoff and the end of the workstation, from the server")
  func events() {
    var session = guarding()
    #expect(session.heard(WatchEvent(event: "lock", session: "s-1", cause: "cardLost")) == [.lockScreen(cause: "cardLost")])
    #expect(session.heard(WatchEvent(event: "lock", session: "s-1", cause: "cardLost")).isEmpty)
    #expect(
      session.heard(WatchEvent(event: "logoff", session: "s-1", cause: "byOperator")) == [
        .logOffScreen(cause: "byOperator"), .forgetKeys,
      ])
    session = guarding()
    #expect(
      session.heard(WatchEvent(event: "close")) == [
        .lockScreen(cause: "workstationRevoked"), .forgetKeys, .say(.workstationClosed), .end,
      ])
  }

  @Test(
    "events for another session, and events of a later version, change nothing",
    arguments: [
      WatchEvent(event: "lock", session: "s-2"), WatchEvent(event: "logoff", session: "s-2"), WatchEvent(event: "keepalive"),
      WatchEvent(event: "ready"), WatchEvent(event: "dance", session: "s-1"),
    ])
  func otherEvents(event: WatchEvent) {
    var session = guarding()
    #expect(session.heard(event).isEmpty)
    #expect(session.held?.isLocked == false)
  }

  @Test("the end of the access is said once; another end is said anew, to nobody behind a locked screen")
  func ending() {
    func ending(_ end: Int64, minutes: Int? = 15, session: String = "s-1") -> WatchEvent {
      WatchEvent(event: "ending", session: session, cause: "accountEnds", minutes: minutes, endsAt: end)
    }
    var session = guarding()
    #expect(session.heard(ending(1, session: "s-2")).isEmpty && session.heard(ending(1, minutes: nil)).isEmpty)
    #expect(session.heard(ending(1, minutes: 0)).isEmpty && session.heard(ending(1, minutes: 16)).isEmpty)
    #expect(session.heard(ending(1)) == [.say(.accessEnds(minutes: 15))])
    #expect(session.heard(ending(1, minutes: 9)).isEmpty)
    #expect(session.heard(ending(2, minutes: 1)) == [.say(.accessEnds(minutes: 1))])
    #expect(session.held?.isLocked == false)
    _ = session.asked(toLock: "asked")
    #expect(session.heard(ending(3)).isEmpty)
    var empty = SessionGuard()
    #expect(empty.heard(ending(1)).isEmpty)
  }

  @Test("an event without a session means the one that is there")
  func unnamed() {
    var session = guarding()
    #expect(session.heard(WatchEvent(event: "lock")) == [.lockScreen(cause: "server")])
  }

  @Test("what the server says after a broken connection is caught up with")
  func found() {
    func status(_ id: String, _ state: String) -> SessionStatus {
      SessionStatus(session: id, person: "p", state: state, leaseSeconds: 1, endsAt: 0)
    }
    var session = guarding()
    #expect(session.found(status("s-1", "open")).isEmpty)
    #expect(session.found(status("s-1", "locked")) == [.lockScreen(cause: "server")])
    session = guarding()
    #expect(session.found(nil) == [.logOffScreen(cause: "server"), .forgetKeys])
    session = guarding()
    #expect(session.found(status("s-2", "open")) == [.logOffScreen(cause: "server"), .forgetKeys])
    var empty = SessionGuard()
    #expect(empty.found(nil).isEmpty)
    #expect(empty.found(status("s-9", "locked")).isEmpty)
    #expect(
      empty.found(status("s-9", "open")) == [.tellLock(session: "s-9", cause: "keyLost"), .lockScreen(cause: "keyLost")],
      "an open session whose key nobody holds")
  }

  @Test("card removal follows the policy")
  func removal() {
    var session = guarding(removal: "nothing")
    #expect(session.reader(.removed(reader: "R"), now: clock.now) == [.report("cardRemoved")])
    #expect(session.held?.isLocked == false)
    session = guarding(removal: "lock")
    #expect(
      session.reader(.removed(reader: "R"), now: clock.now) == [
        .report("cardRemoved"), .lockScreen(cause: "cardRemoved"), .tellLock(session: "s-1", cause: "cardRemoved"),
      ])
    session = guarding(removal: "logoff")
    #expect(
      session.reader(.removed(reader: "R"), now: clock.now) == [
        .report("cardRemoved"), .tellLogoff(session: "s-1", cause: "cardRemoved"), .logOffScreen(cause: "cardRemoved"),
        .forgetKeys,
      ])
    session = guarding(removal: "explode")
    #expect(session.reader(.removed(reader: "R"), now: clock.now).contains(.lockScreen(cause: "cardRemoved")))
    session = guarding(removal: "lock")
    #expect(session.reader(.removed(reader: "other"), now: clock.now).isEmpty)
  }

  @Test("the loss of the reader service is not a removal, but a card that is gone when it returns is one")
  func serviceLoss() {
    var session = guarding(removal: "lock")
    #expect(session.reader(.serviceLost, now: clock.now) == [.say(.readerServiceLost), .report("readerLost")])
    #expect(pass(seconds: 10, &session).isEmpty)
    #expect(session.reader(.serviceAvailable, now: clock.now) == [.say(.readerServiceBack)])
    #expect(session.reader(.inserted(reader: "R", atr: []), now: clock.now).isEmpty)
    #expect(pass(seconds: 10, &session).isEmpty)

    _ = session.reader(.serviceLost, now: clock.now)
    _ = session.reader(.serviceAvailable, now: clock.now)
    #expect(pass(seconds: 4, &session).contains(.lockScreen(cause: "cardRemoved")))
  }

  @Test("who stops the reader service to keep a session open after removal gains a minute, no more")
  func stoppedService() {
    var session = guarding(removal: "lock", lease: 86_400)
    _ = session.reader(.serviceLost, now: clock.now)
    #expect(!pass(seconds: 59, &session).contains(.lockScreen(cause: "cardRemoved")))
    #expect(pass(seconds: 2, &session).contains(.lockScreen(cause: "cardRemoved")))
  }

  @Test("after sleep, or a jump of the clock, the keys are gone and the session is locked")
  func sleep() {
    var session = guarding()
    clock.advance(milliseconds: 31_000)
    #expect(
      session.tick(now: clock.now) == [
        .forgetKeys, .say(.keysForgotten), .lockScreen(cause: "keyLost"), .tellLock(session: "s-1", cause: "keyLost"),
      ])
    session = guarding()
    _ = session.tick(now: clock.now)
    let now = clock.now
    let jumped = Moment(
      wallMilliseconds: now.wallMilliseconds + 3_600_000, boot: now.boot, monotonicMilliseconds: now.monotonicMilliseconds + 500
    )
    #expect(session.tick(now: jumped).first == .forgetKeys)
  }

  @Test("asked to lock and to log off; a second time there is nothing to do")
  func asked() {
    var session = guarding()
    #expect(session.asked(toLock: "asked") == [.lockScreen(cause: "asked"), .tellLock(session: "s-1", cause: "asked")])
    #expect(session.asked(toLock: "asked").isEmpty)
    #expect(
      session.asked(toLogOff: "asked") == [
        .tellLogoff(session: "s-1", cause: "asked"), .logOffScreen(cause: "asked"), .forgetKeys,
      ])
    #expect(session.asked(toLogOff: "asked").isEmpty)
  }
}
