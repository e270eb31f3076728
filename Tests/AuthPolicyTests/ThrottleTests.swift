import AuthPolicy
import AuthTerms
import Testing

@Suite("throttling")
struct ThrottleTests {
  private func at(_ seconds: Int64, boot: String = "boot-1", wall: Int64? = nil) -> Moment {
    Moment(wallMilliseconds: (wall ?? seconds) * 1000, boot: boot, monotonicMilliseconds: seconds * 1000)
  }

  /// The state after failures at these seconds.
  private func failing(_ seconds: [Int64], _ limits: ThrottleLimits) -> ThrottleState? {
    seconds.reduce(nil) { Throttle.afterFailure($0, at: at($1), limits: limits) }
  }

  @Test("two slips are free, then 30 s, doubling to an hour, and at 50 an operator is needed")
  func growth() throws {
    var state: ThrottleState?
    var delays: [Int64] = []
    var now = at(1000)
    for _ in 1...49 {
      state = Throttle.afterFailure(state, at: now, limits: .person)
      let until = try #require(state).blockedUntil
      delays.append(until.map { $0.milliseconds(since: now) / 1000 } ?? 0)
      now = until ?? now
    }
    #expect(delays.prefix(11) == [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
    #expect(delays.dropFirst(9).allSatisfy { $0 == 3600 })
    state = Throttle.afterFailure(state, at: now, limits: .person)
    #expect(state?.blockedUntil == Throttle.never)
    #expect(Throttle.blockedUntil(try #require(state), at: at(1 << 40)) == Throttle.never)
    #expect(Throttle.afterFailure(state, at: now, limits: .person).blockedUntil == Throttle.never)
    #expect(Throttle.afterSuccess(state, at: now, limits: .person) == nil)
  }

  @Test("palms: four are free, then 30 s, doubling to ten minutes, and at 50 an operator is needed")
  func palms() throws {
    var state: ThrottleState?
    var delays: [Int64] = []
    var now = at(1000)
    for _ in 1...49 {
      state = Throttle.afterFailure(state, at: now, limits: .palm)
      let until = try #require(state).blockedUntil
      delays.append(until.map { $0.milliseconds(since: now) / 1000 } ?? 0)
      now = until ?? now
    }
    #expect(delays.prefix(10) == [0, 0, 0, 0, 30, 60, 120, 240, 480, 600])
    #expect(delays.dropFirst(9).allSatisfy { $0 == 600 })
    #expect(Throttle.afterFailure(state, at: now, limits: .palm).blockedUntil == Throttle.never)
  }

  @Test("any limits a file may set keep guesses below NIST's hundred")
  func ceiling() {
    var limits = ThrottleLimits.person
    limits.ceiling = 100
    limits.freeFailures = 20
    var state: ThrottleState?
    var guesses = 0
    var second: Int64 = 0
    while guesses < 1000 {
      if let state, let until = Throttle.blockedUntil(state, at: at(second)) {
        if Throttle.isNever(until) { break }
        second = until.monotonicMilliseconds / 1000
      }
      guesses += 1
      state = Throttle.afterFailure(state, at: at(second), limits: limits)
    }
    #expect(guesses == 100)
  }

  @Test("the wall clock set forward or back changes nothing while the machine runs", arguments: [-1_000_000, 0, 1_000_000])
  func wallClock(step: Int64) throws {
    let state = try #require(failing([100, 100, 100], .person))
    #expect(Throttle.blockedUntil(state, at: at(129, wall: 129 + step)) != nil)
    #expect(Throttle.blockedUntil(state, at: at(130, wall: 130 + step)) == nil)
  }

  @Test(
    "after a reboot the whole delay has passed for certain, and never much more than that",
    arguments: [
      // seconds since the start, wall clock, free
      (0, 130, false), (29, 1_000_000, false), (29, 0, false),  // the clock says anything, 30 s have not passed
      (30, 130, true), (30, 115, false), (45, 130, true),  // the clock may add up to the delay
      (30, -1_000_000, true), (30, 0, true), (30, 1_000_000, true),  // and not a year
    ] as [(Int64, Int64, Bool)])
  func reboot(sinceStart: Int64, wall: Int64, isFree: Bool) throws {
    let state = try #require(failing([100, 100, 100], .person))
    let now = at(sinceStart, boot: "boot-2", wall: wall)
    let until = Throttle.blockedUntil(state, at: now)
    #expect((until == nil) == isFree)
    #expect(until.map { $0.boot == "boot-2" && $0.milliseconds(since: now) <= 30_000 } ?? true)
  }

  @Test("a further failure never shortens a block")
  func neverShorter() throws {
    var state = try #require(failing(Array(repeating: 100, count: 10), .person))
    let before = try #require(state.blockedUntil)
    var gentler = ThrottleLimits.person
    gentler.longestDelaySeconds = 1
    state = Throttle.afterFailure(state, at: at(101), limits: gentler)
    #expect(state.blockedUntil == before)
    // Nor does one on a machine that was restarted meanwhile.
    let now = at(10, boot: "boot-2", wall: 111)
    let later = try #require(Throttle.afterFailure(state, at: now, limits: gentler).blockedUntil)
    #expect(later.milliseconds(since: now) >= 3_580_000)
  }

  @Test("a workstation is slowed, forgives with time, forgets no success, and is never shut for good")
  func workstation() throws {
    let limits = ThrottleLimits.workstation
    let ten = try #require(failing(Array(repeating: 100, count: 10), limits))
    #expect(ten.blockedUntil == nil)
    let eleven = Throttle.afterFailure(ten, at: at(100), limits: limits)
    #expect(eleven.blockedUntil == at(105))
    #expect(Throttle.afterSuccess(eleven, at: at(106), limits: limits)?.failures == 11)
    #expect(Throttle.afterFailure(eleven, at: at(100 + 5 * 60), limits: limits).failures == 7)
    #expect(Throttle.afterSuccess(eleven, at: at(100 + 11 * 60), limits: limits) == nil)
    let many = try #require(failing(Array(repeating: 100, count: 5000), limits))
    #expect(many.blockedUntil == at(400))
    #expect(many.failures == 5000)
    // Quiet time before a reboot cannot be told: only the time since the start forgives.
    let rebooted = Moment(wallMilliseconds: 1 << 50, boot: "boot-2", monotonicMilliseconds: 60_000)
    #expect(Throttle.afterSuccess(eleven, at: rebooted, limits: limits)?.failures == 10)
  }

  @Test("1,500 names from one workstation: under twenty tries in the first two minutes")
  func spray() {
    var state: ThrottleState?
    var tries = 0
    for second in Int64(0)..<120 {
      while state.flatMap({ Throttle.blockedUntil($0, at: at(second)) }) == nil, tries < 1500 {
        tries += 1
        state = Throttle.afterFailure(state, at: at(second), limits: .workstation)
      }
    }
    #expect(tries < 20, "\(tries)")
  }

  @Test("limits come from the organisation file")
  func fromFile() throws {
    let text =
      Samples.organisation(["lgwan"]) + """
        throttle:
          person: {free-failures: 0, first-delay-seconds: 5, longest-delay-seconds: 60, most-failures: 10}
          workstation: {free-failures: 3, forgive-one-every-seconds: 10}

        """
    let set = try Samples.compile([Samples.source("organisation.yaml", text), Samples.source("lgwan.yaml", Samples.lgwan)])
    let expected = ThrottleLimits(
      freeFailures: 0, firstDelaySeconds: 5, longestDelaySeconds: 60, ceiling: 10, decaySeconds: nil)
    #expect(set.throttle(for: .person) == expected && set.throttle(for: .card) == expected)
    #expect(set.throttle(for: .workstation).freeFailures == 3)
    #expect(set.throttle(for: .workstation).decaySeconds == 10)
    #expect(set.throttle(for: .workstation).ceiling == nil)
  }

  @Test(
    "no file can take the ceiling away",
    arguments: ["most-failures: 101", "most-failures: 0", "most-failures: 4", "free-failures: 21"])
  func bounded(line: String) {
    let text = Samples.organisation(["lgwan"]) + "throttle: {person: {\(line)}}\n"
    #expect(throws: PolicyFaults.self) {
      try Samples.compile([Samples.source("organisation.yaml", text), Samples.source("lgwan.yaml", Samples.lgwan)])
    }
  }
}
