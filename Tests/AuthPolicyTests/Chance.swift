import AuthPolicy
import AuthTerms

/// SplitMix64: the same requests every time.
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func one<T>(of choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &self)] }

  /// True once in `of`.
  mutating func hit(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &self) == 0 }

  /// A request that is mostly right, so that every look is reached.
  mutating func request() throws -> DecisionRequest {
    var request = try Situation(
      one(of: [.logon, .logon, .unlock, .unlock, .remote, .release]), segment: one(of: [.lgwan, .lgwan, .mynumber, .internet]),
      groups: Set(hit(8) ? ["seg-lgwan"] : ["seg-lgwan", "seg-mynumber", "seg-internet"]).union(hit(3) ? [] : ["telework"])
    ).request
    if hit(40) { request.workstation.segment = try Segment(parsing: "elsewhere") }
    request.workstation.isRevoked = hit(40)
    if hit(20) { request.person = nil }
    request.person?.isEnabled = !hit(20)
    if hit(10) { request.person?.firstDay = Samples.today + one(of: [-1, 0, 1]) }
    if hit(10) { request.person?.lastDay = Samples.today + one(of: [-1, 0, 1]) }
    if !hit(6) {
      request.proofs.append(
        .card(
          try CardID(parsing: "card-1"),
          one(of: [.publicKeyWithPIN, .publicKeyWithPIN, .publicKey, .publicKey] + ProofClass.allCases),
          hit(12) ? one(of: CardState.allCases) : .active))
      if hit(30) { request.proofs.append(.card(try CardID(parsing: "card-2"), .publicKey, .active)) }
    }
    if hit(12), request.proofs.contains(where: { if case .card = $0 { true } else { false } }) {
      request.loan = LoanFacts(lastDay: one(of: [nil, Samples.today - 1, Samples.today, Samples.today]))
    }
    if hit(2) { request.proofs.append(.password) }
    if hit(3) { request.proofs.append(.palm(falseMatchExponent: one(of: [4, 5, 6, 7]))) }
    if hit(10) { request.proofs.append(.code) }
    if hit(8) { request.proofs.append(.sessionKey(try SessionID(parsing: "s-2"))) }
    if hit(12) { request.proofs.removeAll { if case .sessionKey = $0 { true } else { false } } }
    request.authenticators = AuthenticatorFacts(hasPassword: !hit(5), hasPalm: hit(2))
    if hit(12) { request.session = nil }
    if hit(12) { request.session?.person = try PersonID(parsing: "p-000002") }
    if hit(12) { request.session?.isRevoked = true }
    if hit(12) { request.session?.kinds = [one(of: FactorKind.allCases)] }
    if hit(6) {
      request.session?.lastActivity = Situation.moment(one(of: [-3601, -3600, -3599, 5]), boot: one(of: ["boot-0", "boot-1"]))
    }
    if hit(6) { request.session?.openedAt = Situation.moment(one(of: [-50_400, -43_200, -43_199, 5])) }
    request.sessionsElsewhere = hit(3) ? one(of: [1, 2, 9]) : 0
    if hit(15) { request.throttledUntil = one(of: [Situation.moment(5), Situation.moment(-5), Throttle.never]) }
    request.local = LocalTime(weekday: one(of: [1, 5, 6, 7]), minuteOfDay: one(of: [0, 540, 1439]), day: Samples.today)
    if hit(25) { request.person?.isAnswered = false }
    if hit(4), request.loan?.lastDay != nil { request.loan?.awaitsPIN = true }
    return request
  }
}
