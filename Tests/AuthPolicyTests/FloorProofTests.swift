import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Testing

/// Rules that no file can express, because the compiler refuses them first: the proof must refuse them again by trying.
@Suite("the proof of the floor")
struct FloorProofTests {
  private func faults(
    _ segment: Segment = .lgwan, _ change: (inout SegmentRules) -> Void
  ) throws -> [String] {
    let set = try Samples.compile(Samples.shipped())
    var rules = try #require(set.rules[segment])
    change(&rules)
    return FloorProof(set.replacing(rules)).faults().map {
      "\($0.code) \($0.en.components(separatedBy: "like this: ").last ?? "")"
    }
  }

  private func accepting(_ factors: FactorSet) -> AcceptedCombination {
    AcceptedCombination(combination: Combination(factors: factors, rule: RuleID(file: "lgwan.yaml", line: 9)))
  }

  @Test func theShippedSetIsProven() throws { #expect(try faults { _ in } == []) }

  @Test("one kind of factor", arguments: [[Factor.card], [.password], [.palm], [.code], [.card, .code], []] as [FactorSet])
  func oneKind(factors: FactorSet) throws {
    #expect(try faults { $0.accepted[.logon]?.append(accepting(factors)) }.map { $0.prefix(12) } == ["PF414 logon:"])
    #expect(try faults { $0.accepted[.remote]?.append(accepting(factors)) }.map { $0.prefix(13) } == ["PF414 remote:"])
  }

  @Test("two kinds without a possession")
  func noPossession() throws {
    #expect(try faults { $0.accepted[.logon]?.append(accepting([.password, .palm])) }.count == 1)
  }

  @Test("an unlock by what an absent person leaves behind", arguments: [[Factor.card], [.code], []] as [FactorSet])
  func unlock(factors: FactorSet) throws {
    #expect(try faults { $0.accepted[.unlock]?.append(accepting(factors)) }.map { $0.prefix(13) } == ["PF414 unlock:"])
  }

  @Test func palmWithoutAlternative() throws {
    #expect(try faults { $0.accepted[.logon] = [accepting([.card, .palm])] }.count == 1)
    #expect(try faults { $0.accepted[.unlock] = [accepting([.palm])] }.count == 1)
  }

  @Test func weakCards() throws {
    #expect(try faults(.mynumber) { $0.proofFloor = .symmetricAES }.count == 2)
    #expect(try faults { $0.proofFloor = .symmetricAES } == [])
  }

  @Test func sessionsWithoutEnd() throws {
    #expect(try faults { $0.terms.idleSeconds = 3601 } == ["PF414 unlock: palm (1e-6) + idle."])
    let strict = try PalmRates(besideAnother: 7, alone: 7)
    #expect(
      try faults {
        $0.palmRates = strict
        $0.terms.idleSeconds = 3601
      } == ["PF414 unlock: palm (1e-7) + idle."])
    #expect(try faults { $0.terms.overallSeconds = 86_401 } == ["PF414 unlock: palm (1e-6) + overall."])
  }

  @Test("a line for one group below the floor, or with a palm and nothing else for that group")
  func groups() throws {
    var weak = accepting([.card])
    weak.groups = ["night-watch"]
    #expect(try faults { $0.accepted[.logon]?.append(weak) } == ["PF414 logon: card (pk) + group (night-watch)."])
    var palm = accepting([.card, .palm])
    palm.groups = ["night-watch"]
    #expect(try faults { $0.accepted[.remote]?.append(palm) }.count == 1, "the other line is for telework only")
    var other = accepting([.card, .password])
    other.groups = ["night-watch", "telework"]
    #expect(
      try faults {
        $0.accepted[.remote]?.append(palm); $0.accepted[.remote]?.append(other)
      } == [])
  }

  @Test("many groups in many lines are proven in a moment")
  func manyGroups() throws {
    let started = ContinuousClock.now
    let found = try faults { rules in
      rules.people = Set((0..<64).map { "people-\($0)" })
      rules.accepted[.remote] = (0..<32).map { line in
        var entry = accepting([.card, .password])
        entry.groups = Set((0..<16).map { "group-\(line)-\($0)" })
        return entry
      }
    }
    #expect(found == [])
    #expect(ContinuousClock.now - started < .seconds(20))
  }

  @Test("a rule that claims to need no waiver does not hide behind one, signed or not")
  func unmarkedWaiver() throws {
    let waiver = try Waiver(
      segment: .lgwan, name: .introductionPhase, from: 100, until: 110, approvers: [OperatorID(parsing: "yamada")],
      reason: "R", rule: RuleID(file: "lgwan.yaml", line: 30), digest: { Array(SHA256.hash(data: $0)) })
    var marked = accepting([.card])
    marked.needs = .introductionPhase
    #expect(
      try faults {
        $0.waivers = [waiver]; $0.accepted[.logon]?.append(marked)
      } == [])
    #expect(try faults { $0.accepted[.logon]?.append(marked) } == [])
    #expect(
      try faults {
        $0.waivers = [waiver]; $0.accepted[.logon]?.append(accepting([.card]))
      }.count == 1)
    #expect(
      try faults {
        $0.waivers = [waiver]; $0.proofFloor = .identifier
      } == [], "a waiver of another name does not lower the floor of cards")
  }
}
