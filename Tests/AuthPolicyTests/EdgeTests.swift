import AuthPolicy
import AuthTerms
import Testing

/// Where one more or one less, or one clock for another, would change the answer: found by putting such faults in.
@Suite("at the edges")
struct EdgeTests {
  private func moment(_ milliseconds: Int64, boot: String = "boot-1", wall: Int64) -> Moment {
    Moment(wallMilliseconds: wall, boot: boot, monotonicMilliseconds: milliseconds)
  }

  @Test("a count of failures stops growing at a million and one")
  func mostFailures() {
    let now = moment(0, wall: 0)
    let state = ThrottleState(failures: 2_000_000, lastFailure: now, blockedUntil: nil)
    #expect(Throttle.afterFailure(state, at: now, limits: .workstation).failures == 1_000_001)
  }

  @Test("a block of one millisecond is one, also on another boot, and one of none is none")
  func oneMillisecond() {
    let failed = moment(50_000, wall: 1000)
    func state(_ milliseconds: Int64) -> ThrottleState {
      ThrottleState(
        failures: 3, lastFailure: failed, blockedUntil: moment(50_000 + milliseconds, wall: 1000 + milliseconds))
    }
    let restarted = moment(0, boot: "boot-2", wall: 5_000_000)
    #expect(Throttle.blockedUntil(state(0), at: restarted) == nil)
    #expect(Throttle.blockedUntil(state(1), at: restarted) == moment(1, boot: "boot-2", wall: 5_000_001))
    #expect(Throttle.blockedUntil(state(1), at: moment(1, boot: "boot-2", wall: 5_000_000)) == nil)
    // The wall clock adds what is left of the delay and no more.
    #expect(Throttle.blockedUntil(state(1), at: moment(0, boot: "boot-2", wall: 999)) == moment(1, boot: "boot-2", wall: 1000))
    #expect(Throttle.blockedUntil(state(1), at: moment(5, boot: "boot-2", wall: 999)) == nil)
  }

  @Test("of two deadlines on one boot the monotonic clock tells the later, of two boots the wall clock; never is the last")
  func later() {
    let now = moment(0, wall: 0)
    #expect(Throttle.isLater(moment(1, wall: 1), than: nil, at: now))
    #expect(Throttle.isLater(moment(2, wall: 1), than: moment(1, wall: 2), at: now))
    #expect(!Throttle.isLater(moment(1, wall: 2), than: moment(2, wall: 1), at: now))
    #expect(!Throttle.isLater(moment(1, wall: 2), than: moment(1, wall: 1), at: now))
    #expect(Throttle.isLater(moment(1, wall: 2), than: moment(2, boot: "boot-2", wall: 1), at: now))
    #expect(!Throttle.isLater(moment(2, wall: 1), than: moment(1, boot: "boot-2", wall: 2), at: now))
    #expect(!Throttle.isLater(moment(2, wall: 1), than: moment(1, boot: "boot-2", wall: 1), at: now))
    #expect(Throttle.isLater(Throttle.never, than: moment(1, wall: 1), at: now))
    #expect(!Throttle.isLater(moment(1, wall: 1), than: Throttle.never, at: now))
    #expect(!Throttle.isLater(Throttle.never, than: Throttle.never, at: now))
  }

  @Test("delays double twenty times at most, and none is shorter than a second")
  func delays() {
    var limits = ThrottleLimits(
      freeFailures: 0, firstDelaySeconds: 1, longestDelaySeconds: 1 << 30, ceiling: nil, decaySeconds: nil)
    let now = moment(0, wall: 0)
    let many = ThrottleState(failures: 21, lastFailure: now, blockedUntil: nil)
    #expect(Throttle.afterFailure(many, at: now, limits: limits).blockedUntil == now.advanced(bySeconds: 1 << 20))
    for longest in [0, 1] {
      limits.longestDelaySeconds = longest
      #expect(Throttle.afterFailure(many, at: now, limits: limits).blockedUntil == now.advanced(bySeconds: 1))
    }
  }

  @Test("one failure is forgiven a second, none for no second, and none by a clock that goes back")
  func forgiving() {
    var limits = ThrottleLimits.workstation
    let state = ThrottleState(failures: 2, lastFailure: moment(10_000, wall: 0), blockedUntil: nil)
    limits.decaySeconds = 1
    #expect(Throttle.afterSuccess(state, at: moment(10_999, wall: 0), limits: limits)?.failures == 2)
    #expect(Throttle.afterSuccess(state, at: moment(11_000, wall: 0), limits: limits)?.failures == 1)
    #expect(Throttle.afterSuccess(state, at: moment(12_000, wall: 0), limits: limits) == nil)
    #expect(Throttle.afterSuccess(state, at: moment(0, wall: 0), limits: limits)?.failures == 2)
    limits.decaySeconds = 0
    #expect(Throttle.afterSuccess(state, at: moment(90_000, wall: 0), limits: limits)?.failures == 2)
  }

  @Test("two denials are one where code and rule are, whatever the note says")
  func denials() throws {
    let set = try Samples.compile(Samples.shipped())
    func denial(_ bend: (inout DecisionRequest) -> Void) throws -> Denial {
      var request = try Situation().request
      bend(&request)
      guard case .deny(let denial) = set.decide(request) else { throw MalformedInput("decision", expected: "a denial") }
      return denial
    }
    let early = try denial { $0.person?.firstDay = Samples.today + 1 }
    let late = try denial { $0.person?.lastDay = Samples.today - 1 }
    #expect(early == late && early.note != late.note)
    #expect(try early != denial { $0.person?.isEnabled = false }, "the same rule, another code")
    let lost = try Situation.card(.publicKey, .lost)
    #expect(try denial { $0.proofs = [lost] } != early)
  }

  private static let everybody: [Explanation.Subject] = [
    .workstation, .segment, .rules, .throttle, .proofs, .card, .account, .dates, .accountLimits, .groups, .lineGroups, .deny,
    .hours,
    .proofClass,
  ]

  @Test("a grant was looked at from every side, each in its order, and the explanation says what was shown")
  func everyLook() throws {
    let set = try Samples.compile(Samples.shipped())
    let logon = try set.explain(Situation().showing(Situation.card()))
    #expect(logon.decision.isGrant && logon.steps.map(\.subject) == Self.everybody + [.sessionsElsewhere, .factors])
    #expect(logon.steps.last?.en == "The factors match a rule (shown: card + pin)")
    #expect(logon.steps.last?.ja == "要素の組み合わせが規則に合います(示されたもの: card + pin)")
    let unlock = try set.explain(Situation(.unlock).showing(Situation.card()))
    #expect(
      unlock.decision.isGrant
        && unlock.steps.map(\.subject) == Self.everybody + [
          .session, .sessionOwner, .sessionState, .sessionKinds, .sessionLimits, .sessionKey, .factors,
        ])
    let nothing = try set.explain(Situation().request)
    #expect(nothing.steps.last?.en == "The factors do not match a rule yet (shown: nothing)")
    #expect(nothing.steps.last?.ja == "要素の組み合わせがまだ規則に合いません(示されたもの: なし)")
  }

  @Test("a session's age: the monotonic clock on its own boot, the wall clock on another, and this very moment is past")
  func age() throws {
    let set = try Samples.compile(Samples.shipped())
    func unlocks(_ at: (Moment) -> Moment) throws -> Bool {
      var request = try Situation(.unlock).showing(Situation.card())
      request.session?.openedAt = at(request.now)
      request.session?.lastActivity = at(request.now)
      return set.decide(request).isGrant
    }
    let far: Int64 = 1_000_000_000
    #expect(try unlocks { $0 })
    #expect(try unlocks { moment($0.monotonicMilliseconds, boot: "boot-0", wall: $0.wallMilliseconds) })
    #expect(try unlocks { moment($0.monotonicMilliseconds - 1, wall: $0.wallMilliseconds + far) })
    #expect(try !unlocks { moment($0.monotonicMilliseconds + 1, wall: $0.wallMilliseconds - 1) })
    #expect(try unlocks { moment($0.monotonicMilliseconds + far, boot: "boot-0", wall: $0.wallMilliseconds - 1) })
    #expect(try !unlocks { moment($0.monotonicMilliseconds - 1, boot: "boot-0", wall: $0.wallMilliseconds + 1) })
  }

  @Test("nobody is sent to look for a code: with a password shown, the card is asked for")
  func noCode() throws {
    let set = try Samples.set(Samples.lgwan.breaking("- card + pin", "- code + password"))
    #expect(try set.decide(Situation().showing(.password)).summary == "needs card lgwan.yaml:7")
  }
}
