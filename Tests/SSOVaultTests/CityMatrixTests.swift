import AuthAPI
import AuthTerms
import Crypto
import Foundation
import SSOVault
import Testing

@Suite("fifty people and two applications: only the diagonal answers, and who is named beside it", .serialized)
struct CityMatrixTests {
  private static let people = (0..<50).map { "p-\(100 + $0)" }
  private static let applications = [SSOCity.ledger, SSOCity.sanitiser]

  let city: SSOCity
  let cards: [TestCard]
  let sessions: [TestSession]
  let tanaka: Clerk

  init() throws {
    let city = try SSOCity()
    self.city = city
    tanaka = try Clerk("tanaka")
    #expect(city.office.refusal(try city.office.register(tanaka, by: city.sato)) == "answered")
    cards = try Self.people.map { try TestCard($0) }
    try city.expectNoted(city.registration(cards.map { try $0.entry }))
    sessions = try cards.map { try city.session($0, at: city.workstation("PC-\($0.person)")) }
    for person in Self.people {
      for application in Self.applications { try city.set(Self.password(person, application), for: person, application) }
    }
  }

  private static func password(_ person: String, _ application: String) -> String { "\(person) at \(application)" }

  private func everyPair(_ check: (_ one: Int, _ other: Int) throws -> Void) rethrows {
    for one in Self.people.indices { for other in Self.people.indices where one != other { try check(one, other) } }
  }

  @Test("each session against each person's credentials, before, while and after some stand in for others")
  func owners() throws {
    /// Deputy's index, owner's index, application.
    let named: [(Int, Int, String)] = [
      (0, 1, SSOCity.ledger), (1, 0, SSOCity.ledger), (7, 49, SSOCity.sanitiser), (49, 7, SSOCity.ledger),
    ]
    func check(_ isInForce: Bool) throws {
      for (one, session) in sessions.enumerated() {
        for (other, owner) in Self.people.enumerated() {
          for application in Self.applications {
            let isNamed = named.contains { $0.0 == one && $0.1 == other && $0.2 == application }
            let expected = one == other || isInForce && isNamed ? Self.password(owner, application) : "V165"
            let answer = try city.password(session, application, of: owner)
            if answer != expected { Issue.record("\(Self.people[one]) of \(owner) at \(application): \(answer)") }
          }
        }
      }
    }
    try check(false)
    for (deputy, owner, application) in named {
      try city.deputise([Self.people[deputy]], for: Self.people[owner], application, until: 60, approvedBy: [tanaka])
    }
    try check(true)
    city.office.clock.advance(seconds: 60)
    try check(false)
  }

  @Test("each person's key and act with each other's evidence, and at each other's workstation")
  func crossed() throws {
    try everyPair { one, other in
      let (mine, theirs) = (sessions[one], sessions[other])
      let act = try city.sessionAct(.release, mine)
      var elsewhere = act
      elsewhere.workstation = theirs.workstation.id
      let codes = [
        city.office.refusal(try city.request(act, mine, evidence: theirs.evidence)),
        city.office.refusal(try city.request(act, theirs, evidence: mine.evidence)),
        city.office.refusal(try city.request(elsewhere, mine, evidence: mine.evidence)),
        city.office.refusal(try city.request(act, mine, evidence: .some(nil))),
      ]
      if codes != ["V152", "V154", "V154", "V150"] { Issue.record("\(one) \(other): \(codes)") }
    }
    for (person, session) in zip(Self.people, sessions) {
      #expect(try city.password(session) == Self.password(person, SSOCity.ledger))
    }
  }

  @Test("acts sent again, what others were handed, sessions that ended or are old: nothing for anybody")
  func ended() throws {
    var handed: [SealedRelease] = []
    var acts: [VaultRequest] = []
    for session in sessions {
      for application in Self.applications {
        acts.append(try city.release(session, application))
        guard case .released(let release) = city.office.ask(acts[acts.count - 1]) else { throw Office.Unexpected() }
        handed.append(release)
      }
    }
    #expect(acts.allSatisfy { city.office.refusal($0) == "V156" })
    everyPair { one, other in
      if (try? city.open(handed[2 * one], sessions[other])) != nil { Issue.record("\(other) opened what is \(one)'s") }
    }
    // Odd ones lose their card, even ones grow old.
    let lost = try cards.indices.filter { $0 % 2 == 1 }.map {
      VaultCard(key: try cards[$0].fingerprint, person: cards[$0].person, isWithdrawn: true)
    }
    try city.expectNoted(city.registration(lost))
    for (index, session) in sessions.enumerated() {
      for owner in [nil, Self.people[index]] {
        let expected = index % 2 == 1 ? "V151" : Self.password(Self.people[index], SSOCity.ledger)
        #expect(try city.password(session, of: owner) == expected)
      }
    }
    city.office.clock.advance(seconds: 86_401)
    for session in sessions { #expect(try city.password(session) == "V153") }
  }
}
