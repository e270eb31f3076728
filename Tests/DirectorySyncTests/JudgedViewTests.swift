import AuthTerms
import DirectorySync
import Testing

@Suite("what was worked out of the same things is taken as it is")
struct JudgedViewTests {
  private static let day: Int64 = 86_400_000
  /// 12:00 in Japan.
  private static let noon: Int64 = 3 * 3_600_000

  private static func judged(
    _ domain: SmallDomain, _ rules: DirectoryRules = DirectoryRules(), adopts: Bool = false, now: Int64 = noon,
    former: JudgedView? = nil
  ) -> JudgedView {
    JudgedView(
      of: domain.replica, rules: rules, known: domain.identities, current: domain.people, adopts: adopts, now: now,
      former: former)
  }

  /// A deleted account has been gone since the view was made: the later time tells that it was made anew.
  private static func madeAt(_ view: JudgedView) -> Int64? { view.view.identities.compactMap(\.goneSince).first }

  private static func domain() throws -> SmallDomain {
    var domain = try SmallDomain()
    try domain.user(1, "a", id: "1")
    try domain.user(2, "b", id: "2")
    domain.look(now: 0)
    try domain.delete(2)
    return domain
  }

  @Test("the same things a minute later: the view of before")
  func same() throws {
    let domain = try Self.domain()
    let first = Self.judged(domain)
    let second = Self.judged(domain, now: Self.noon + 60_000, former: first)
    #expect(Self.madeAt(first) == Self.noon && Self.madeAt(second) == Self.noon)
    #expect(second.plan.fingerprint == first.plan.fingerprint && second.plan.losingAccess.map(\.text) == ["2"])
    // Without the one of before it is made at its own time, and says the same of everybody.
    let alone = Self.judged(domain, now: Self.noon + 60_000)
    #expect(Self.madeAt(alone) == Self.noon + 60_000 && alone.plan.fingerprint == second.plan.fingerprint)
  }

  @Test("anything else than before: a view of its own, as without the one of before")
  func different() throws {
    let domain = try Self.domain()
    let first = Self.judged(domain)
    func isNew(_ other: SmallDomain, _ rules: DirectoryRules = DirectoryRules(), adopts: Bool = false, now: Int64) -> Bool {
      let view = Self.judged(other, rules, adopts: adopts, now: now, former: first)
      let alone = Self.judged(other, rules, adopts: adopts, now: now)
      return Self.madeAt(view) == now && view.plan.fingerprint == alone.plan.fingerprint
        && view.view.identities == alone.view.identities && view.view.findings == alone.view.findings
    }
    let later = Self.noon + 60_000
    var renamed = domain
    try renamed.user(1, "a", id: "1", family: "渡辺")
    #expect(isNew(renamed, now: later))
    var others = domain
    others.people[0].groups.insert("seg-lgwan")
    #expect(isNew(others, now: later))
    // 神 and 神 are one name to ==, and two to a city.
    var variant = domain
    variant.people[0].displayName = "\u{FA19}"
    var usual = domain
    usual.people[0].displayName = "\u{795E}"
    let ofUsual = Self.judged(usual)
    #expect(Self.madeAt(Self.judged(variant, now: later, former: ofUsual)) == later)
    var held = domain
    held.identities[0].hold = .successor
    #expect(isNew(held, now: later))
    #expect(isNew(domain, DirectoryRules(base: ["職員"]), now: later))
    #expect(isNew(domain, adopts: true, now: later))
    // Another day (15:00 UTC is midnight in Japan), and a clock that was set back.
    #expect(!isNew(domain, now: Self.day / 24 * 15 - 1) && isNew(domain, now: Self.day / 24 * 15))
    #expect(isNew(domain, now: Self.noon - 1))
  }

  @Test("somebody's account ended meanwhile: a view of its own from that moment on")
  func ended() throws {
    var domain = try Self.domain()
    // 13:00 in Japan on 1970-01-01, in units of 100 ns since 1601.
    let end = Self.noon + 3_600_000
    try domain.user(1, "a", id: "1", ["accountexpires": ["\((end + 11_644_473_600_000) * 10_000)"]])
    let first = Self.judged(domain)
    #expect(first.view.nextEnd == end)
    #expect(Self.madeAt(Self.judged(domain, now: end - 1, former: first)) == Self.noon)
    let after = Self.judged(domain, now: end, former: first)
    #expect(Self.madeAt(after) == end && after.plan.losingAccess.map(\.text) == ["1", "2"])
  }
}
