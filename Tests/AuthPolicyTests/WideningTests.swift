import AuthPolicy
import AuthTerms
import Foundation
import PolicyMutants
import Testing

/// No slip in the shipped files lets anybody do more without a word: the set is refused, or its difference says that it widens.
@Suite("mutants that widen")
struct WideningTests {
  /// Two minutes in whole: `SANMON_POLICY_MUTANTS=10000` in `deploy/soak`; of fewer, as big a part has to load.
  @Test("of the mutants of the shipped files that load none silently widens; the difference is the slow twin's word")
  func mutants() throws {
    let least = ProcessInfo.processInfo.environment["SANMON_POLICY_MUTANTS"].flatMap { Int($0) } ?? 2000
    let run = try MutationRun(of: Samples.shipped(), tried: least, loaded: least * 3 / 10) { try? Samples.compile($0) }
    print("\(run.tried) mutants: \(run.loaded) load, \(run.widening) widen, \(run.narrowing) narrow")
    #expect(run.silent.prefix(5) == [])
    #expect(run.needless.prefix(5) == [])
    #expect(run.unsaid.prefix(5) == [])
    #expect(run.tried >= least && run.loaded >= least * 3 / 10)
    #expect(run.widening > 20 && run.narrowing > 20)
  }

  @Test("the slow twin and the evaluator agree in every case of the shipped files, and of files that were changed")
  func twin() throws {
    let shipped = try Samples.shipped()
    var sets = [shipped]
    let mutants = Mutants(shipped)
    for index in stride(from: 0, to: mutants.inRound, by: 37) {
      if let mutant = mutants.mutant(round: 7, index), (try? Samples.compile(mutant)) != nil { sets.append(mutant) }
    }
    var wrong: [String] = []
    for sources in sets {
      let (set, twin) = (try Samples.compile(sources), try SlowTwin(sources))
      for (segment, rules) in twin.segments {
        for one in SlowTwin.cases(rules.groups) {
          let request = try request(one, segment)
          if set.decide(request).isGrant != twin.allows(one, in: segment) { wrong.append("\(segment): \(one)") }
        }
      }
    }
    #expect(wrong.prefix(5) == [])
    #expect(sets.count > 3)
  }

  private func request(_ one: SlowTwin.Case, _ segment: String) throws -> DecisionRequest {
    let scenario = try #require(Scenario(rawValue: one.scenario))
    var request = try Situation(scenario, segment: Segment(parsing: segment), groups: one.groups).request
    // Young enough for any limit.
    request.session?.openedAt = Situation.moment(-30)
    request.session?.lastActivity = Situation.moment(-10)
    if let card = one.card { request.proofs.append(try Situation.card(try #require(ProofClass(rawValue: card)))) }
    if one.password { request.proofs.append(.password) }
    if one.palm > 0 { request.proofs.append(.palm(falseMatchExponent: one.palm)) }
    if one.code { request.proofs.append(.code) }
    return request
  }
}
