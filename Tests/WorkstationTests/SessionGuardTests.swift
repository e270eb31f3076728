import AuthAPI
import AuthTerms
import PCSCReader
import Testing
import Workstation

@Suite("what the watch does with what it hears")
struct SessionGuardTests {
  private let clock = TestClock()
  private let machine = MachineState(asleepMilliseconds: 5000, networks: ["eth0 c0a80a2a"])

  private func guarding(removal: String = "nothing", lease: Int = 600) -> SessionGuard {
    var session = SessionGuard()
    _ = session.tick(now: clock.now, machine: machine)
    session.adopt(opened(removal: removal, lease: lease), reader: "R", now: clock.now, machine: machine)
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
      let new = session.tick(now: clock.now, machine: machine)
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
      session.tick(now: clock.now, machine: machine) == [
        .forgetKeys, .say(.keysForgotten), .lockScreen(cause: "keyLost"), .tellLock(session: "s-1", cause: "keyLost"),
      ])
    session = guarding()
    _ = session.tick(now: clock.now, machine: machine)
    let now = clock.now
    let jumped = Moment(
      wallMilliseconds: now.wallMilliseconds + 3_600_000, boot: now.boot, monotonicMilliseconds: now.monotonicMilliseconds + 500
    )
    #expect(session.tick(now: jumped, machine: machine).first == .forgetKeys)
  }

  @Test("a short sleep that no late tick shows: the system's two clocks tell it", arguments: [(900, false), (1100, true)])
  func nap(milliseconds: Int64, isSleep: Bool) {
    var session = guarding()
    clock.advance(milliseconds: 500)
    var later = machine
    later.asleepMilliseconds += milliseconds
    #expect(session.tick(now: clock.now, machine: later).contains(.forgetKeys) == isSleep)
    #expect(session.held?.isLocked == isSleep && session.held?.isKeyGone == isSleep)
  }

  @Test("the clock may be corrected by a minute, not by more", arguments: [-61_000, -60_000, 60_000, 61_000])
  func correction(milliseconds: Int64) {
    var session = guarding()
    let now = clock.now
    let jumped = Moment(
      wallMilliseconds: now.wallMilliseconds + milliseconds, boot: now.boot, monotonicMilliseconds: now.monotonicMilliseconds)
    #expect(session.tick(now: jumped, machine: machine).contains(.forgetKeys) == (abs(milliseconds) > 60_000))
  }

  @Test(
    "another network, a further one, or none: the keys go, said once, and the session stays open until it locks",
    arguments: [["eth0 0a000007"], ["eth0 c0a80a2a", "tun0 0a080006"], ["wlan0 c0a80a2a"], []] as [Set<String>])
  func network(networks: Set<String>) {
    var session = guarding()
    #expect(pass(seconds: 1, &session).isEmpty)
    var moved = machine
    moved.networks = networks
    #expect(session.tick(now: clock.now, machine: moved) == [.forgetKeys, .say(.keysForgottenByNetwork)])
    #expect(session.held?.isLocked == false && session.held?.isKeyGone == true)
    #expect(session.tick(now: clock.now, machine: moved).isEmpty)
    #expect(session.tick(now: clock.now, machine: machine).isEmpty, "coming back does not bring the keys back")
  }

  @Test("where nobody is logged on, nothing is lost; the state at the next logon counts")
  func nobody() {
    var session = SessionGuard()
    _ = session.tick(now: clock.now, machine: machine)
    clock.advance(milliseconds: 600_000)
    var moved = machine
    moved.networks = ["eth1 0a000001"]
    #expect(session.tick(now: clock.now, machine: moved).isEmpty)
    session.adopt(opened(removal: "nothing", lease: 600), reader: "R", now: clock.now, machine: moved)
    #expect(session.tick(now: clock.now, machine: moved).isEmpty)
    #expect(session.tick(now: clock.now, machine: machine).first == .forgetKeys)
  }

  @Test("an unlock does not make another network the logon's; without a card the logon's reader goes on to count")
  func unlocked() {
    var session = guarding(removal: "lock")
    _ = session.asked(toLock: "asked")
    var moved = machine
    moved.networks = ["eth1 0a000001"]
    session.adopt(opened(removal: "lock", lease: 600), reader: nil, now: clock.now, machine: moved)
    #expect(session.held?.isLocked == false && session.held?.reader == "R")
    #expect(session.tick(now: clock.now, machine: moved).first == .forgetKeys)
    #expect(session.reader(.removed(reader: "R"), now: clock.now).contains(.lockScreen(cause: "cardRemoved")))
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
