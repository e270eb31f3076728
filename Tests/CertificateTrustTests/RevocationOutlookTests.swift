import AuthTerms
import CertificateTrust
import Foundation
import Testing

@Suite("until when revocation lists count", .enabled(if: RealPart.hasOpenSSL, "needs the openssl command"))
struct RevocationOutlookTests {
  let city: CardCity
  init() throws { city = try CardCity.shared.get() }

  private static let day: Int64 = 86_400
  private static let now = CardCity.now * 1000

  private func outlook(_ lists: [String], grace: Int64 = 0, age: Int64? = nil) throws -> RevocationOutlook {
    try RevocationOutlook(lists: lists.map(city.der), graceSeconds: grace, maximumAgeSeconds: age)
  }

  @Test("no list is the end: every card is refused")
  func none() throws {
    let outlook = try outlook([])
    #expect(outlook.standing(at: Self.now) == .ended && outlook.lists == 0)
    #expect(outlook.ageSeconds(at: Self.now) == nil && outlook.dueSeconds(at: Self.now) == nil)
    #expect(outlook.endSeconds(at: Self.now) == nil)
  }

  @Test("age and due are those of the newest list of its issuer; an older one left in the folder worries nobody")
  func newest() throws {
    let fresh = try outlook(["fresh"])
    #expect(fresh.ageSeconds(at: Self.now) == 14 * Self.day)
    #expect(fresh.standing(at: Self.now) == .current)
    let both = try outlook(["stale", "fresh"])
    #expect(both.lists == 2)
    #expect(both.ageSeconds(at: Self.now) == fresh.ageSeconds(at: Self.now))
    #expect(both.dueSeconds(at: Self.now) == fresh.dueSeconds(at: Self.now))
    // Another issuer's list is another matter.
    let two = try outlook(["stale", "rootfresh"])
    #expect(two.dueSeconds(at: Self.now) == (try outlook(["stale"]).dueSeconds(at: Self.now)))
    #expect(two.standing(at: Self.now) == .ended)
  }

  @Test(
    "a standing changes at the second at which a card's answer changes",
    arguments: [
      (0, -86_401, .current), (0, -86_400, .current), (0, -86_399, .soon), (0, 0, .soon),
      (0, 1, .ended), (60, 1, .late), (60, 60, .late), (60, 61, .ended),
    ] as [(Int64, Int64, RevocationOutlook.Standing)])
  func borders(grace: Int64, offset: Int64, expected: RevocationOutlook.Standing) throws {
    // Made on 2030-01-01, and the city lets it count for 15 days.
    let age = 15 * Self.day
    let outlook = try outlook(["fresh"], grace: grace, age: age)
    let moment = CardCity.now + Self.day + offset
    #expect(outlook.standing(at: moment * 1000) == expected)
    let trust = try CardTrust(
      anchors: [city.der("root")], intermediates: [city.der("inter")], revocationLists: [city.der("fresh")],
      rules: PathRules(coverage: .card, staleGraceSeconds: Int(grace), maximumListAgeSeconds: Int(age)))
    let answer =
      switch trust.validate(try city.der("good"), at: moment * 1000) {
      case .valid(let certificate): certificate.revocation.rawValue
      case .refused(let code, _): code.rawValue
      }
    let judged: [RevocationOutlook.Standing: String] = [
      .current: "current", .soon: "current", .late: "withinGrace", .ended: "AP147",
    ]
    #expect(answer == judged[expected])
  }

  @Test("a delta list makes its part as new as itself and has to be renewed too; one from before its base is passed over")
  func deltas() throws {
    let day = Self.day
    let both = try outlook(["fresh", "delta"], age: 15 * day)
    #expect(both.ageSeconds(at: Self.now) == 5 * day)
    #expect(both.dueSeconds(at: Self.now) == 2 * day, "the delta's next")
    let old = try outlook(["fresh", "olddelta"])
    #expect(old.ageSeconds(at: Self.now) == 14 * day)
    #expect(old.dueSeconds(at: Self.now) == (try outlook(["fresh"]).dueSeconds(at: Self.now)))
    let base = try outlook(["stale", "delta"])
    #expect(base.dueSeconds(at: Self.now) == -day, "a delta list does not lengthen what it completes")
  }

  @Test("what is no list is refused by its position")
  func malformed() throws {
    let fresh = try city.der("fresh")
    for wrong in [[], [0x30], Array(fresh.dropLast()), fresh + [0]] {
      #expect(throws: MalformedInput.self) {
        try RevocationOutlook(lists: [fresh, wrong], graceSeconds: 0, maximumAgeSeconds: nil)
      }
    }
    do {
      _ = try RevocationOutlook(lists: [fresh, [0x30]], graceSeconds: 0, maximumAgeSeconds: nil)
    } catch { #expect(error.subject == "revocation list 2") }
  }
}
