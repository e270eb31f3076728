import ArgumentParser
import AuthPolicy
import AuthTerms
import CAllocationCount
import Crypto
import Foundation
import LoadClient
import PolicyMutants

/// What needs no server: the policy evaluator by itself.
@main
struct SanmonBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-bench",
    abstract: "Measure a policy decision, the proof of the floor, and mutants of the files. / 規則の判定、最低基準の証明、書き誤りの検査。",
    discussion: """
      EXAMPLE
        sanmon-bench --policies policies
        sanmon-bench --policies policies --part floor --part mutants
      """)

  @Flag(help: "One JSON object a line instead of a table.") var json = false
  @Option(help: "The policy folder.") var policies = "policies"
  @Option(help: "Decisions in one run.") var decisions = 200_000
  @Option(help: "Runs.") var runs = 7
  @Option(help: "decide, floor or mutants. Default: decide and floor.") var part: [Part] = []
  @Option(help: "Mutants at least; of each ten, three have to load.") var mutants = 10_000

  enum Part: String, ExpressibleByArgument, CaseIterable {
    case decide, floor, mutants
  }

  func run() throws {
    let figures = Figures(json: json)
    figures.heading()
    let sources = try read()
    let policy = try Self.compile(sources)
    let parts = part.isEmpty ? [.decide, .floor] : part
    if parts.contains(.decide) { try decide(policy, figures) }
    if parts.contains(.floor) { try proveFloor(policy, figures) }
    if parts.contains(.mutants) { try mutate(sources, figures) }
  }

  /// The proof alone: every state of every segment, decided by the evaluator.
  private func proveFloor(_ policy: PolicySet, _ figures: Figures) throws {
    var times: [Double] = []
    for _ in 0..<runs {
      let start = ContinuousClock.now
      let faults = FloorProof(policy).faults()
      times.append(start.duration(to: .now).inSeconds * 1e3)
      guard faults.isEmpty else { throw ExitCode(1) }
    }
    figures.show(Figure("policy.floor_proof_ms", times))
  }

  /// Slips of the keyboard in the files: none may widen access without a word.
  private func mutate(_ sources: [PolicySource], _ figures: Figures) throws {
    let run = try MutationRun(of: sources, tried: mutants, loaded: mutants * 3 / 10) { try? Self.compile($0) }
    figures.show(
      Figure(
        "policy.mutants_widening", [Double(run.silent.count)],
        note: say(
          "書き誤り \(run.tried) 件、使えるもの \(run.loaded) 件、広げるもの \(run.widening) 件",
          "\(run.tried) mutants, \(run.loaded) load, \(run.widening) widen and say so")))
    guard run.silent.isEmpty else {
      for name in run.silent.prefix(5) { figures.note("sanmon-bench: \(name)") }
      throw ExitCode(1)
    }
  }

  private func decide(_ policy: PolicySet, _ figures: Figures) throws {
    let requests = try Self.requests()
    // A policy that refuses is quick too: only right decisions are worth a time.
    guard requests.allSatisfy({ Self.isGrant(policy.decide($0)) }) else {
      figures.note("sanmon-bench: a decision was not the right one")
      throw ExitCode(1)
    }
    var times: [Double] = []
    var allocations: [Double] = []
    for _ in 0..<runs {
      let before = sanmon_allocations()
      let start = ContinuousClock.now
      var granted = 0
      for number in 0..<decisions where Self.isGrant(policy.decide(requests[number % requests.count])) { granted += 1 }
      times.append(start.duration(to: .now).inSeconds / Double(decisions) * 1e6)
      if before != .max { allocations.append(Double(sanmon_allocations() - before) / Double(decisions)) }
      guard granted == decisions else { throw ExitCode(1) }
    }
    let perDecision = Distribution(allocations).median
    figures.show(
      Figure(
        "policy.decide_us", times, limit: (Self.copying(requests, decisions), say("要求を写すだけ", "copying the request alone")),
        note: allocations.isEmpty
          ? nil : say("メモリー確保 \(Figures.short(perDecision)) 回", "\(Figures.short(perDecision)) allocations a decision")))
    if !allocations.isEmpty { figures.show(Figure("policy.decide_allocations", allocations, unit: "allocations")) }
  }

  private func read() throws -> [PolicySource] {
    let names = try FileManager.default.contentsOfDirectory(atPath: policies).filter { $0.hasSuffix(".yaml") }.sorted()
    return try names.map { name in
      PolicySource(name: name, bytes: Array(try Data(contentsOf: URL(fileURLWithPath: policies + "/" + name))))
    }
  }

  private static func compile(_ sources: [PolicySource]) throws -> PolicySet {
    try PolicySet.compile(sources, digest: { Array(SHA256.hash(data: $0)) }, today: 20_680)
  }

  /// A logon by card and PIN, one by card and password, and an unlock, as the server asks them.
  private static func requests() throws -> [DecisionRequest] {
    let now = Moment(wallMilliseconds: 1_786_752_000_000, boot: "boot-1", monotonicMilliseconds: 10_000_000)
    let person = try PersonID(parsing: "p-000042")
    let session = try SessionID(parsing: "s-1")
    let card = try CardID(parsing: "card-1")
    var logon = DecisionRequest(
      ceremony: try CeremonyID(parsing: "c-1"), scenario: .logon,
      workstation: WorkstationFacts(id: try WorkstationID(parsing: "LGWAN-PC-0042"), segment: .lgwan, isRevoked: false),
      person: PersonFacts(
        id: person, groups: ["seg-lgwan", "bu-04", "ka-0401"], isEnabled: true, firstDay: nil, lastDay: nil,
        hasManagedPassword: false),
      proofs: [.card(card, .publicKeyWithPIN, .active)],
      authenticators: AuthenticatorFacts(hasPassword: true, hasPalm: false), session: nil, sessionsElsewhere: 0,
      throttledUntil: nil, now: now, local: LocalTime(weekday: 1, minuteOfDay: 510, day: 20_682))
    let byPIN = logon
    logon.proofs = [.card(card, .publicKey, .active), .password]
    let byPassword = logon
    logon.scenario = .unlock
    logon.proofs = [.card(card, .publicKeyWithPIN, .active), .sessionKey(session)]
    logon.session = SessionFacts(
      id: session, person: person, isLocked: true, openedAt: now.advanced(bySeconds: -3600),
      lastActivity: now.advanced(bySeconds: -600), kinds: [.have, .know], isRevoked: false)
    return [byPIN, byPassword, logon]
  }

  private static func isGrant(_ decision: Decision) -> Bool { if case .grant = decision { true } else { false } }

  /// Microseconds.
  private static func copying(_ requests: [DecisionRequest], _ count: Int) -> Double {
    var kept = requests
    let start = ContinuousClock.now
    for number in 0..<count { kept[number % kept.count] = requests[(number + 1) % requests.count] }
    let taken = start.duration(to: .now).inSeconds / Double(count) * 1e6
    return kept.isEmpty ? 0 : taken
  }
}
