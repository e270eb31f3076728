package import AuthPolicy

/// Mutants of a set, each held against the set as it was: by the slow twin, and by what the difference says of it.
package struct MutationRun: Sendable {
  /// Rounds after which it ends at the latest.
  private static let mostRounds = 40

  package private(set) var tried = 0
  /// Of those, the ones that could be put in force.
  package private(set) var loaded = 0
  package private(set) var widening = 0
  package private(set) var narrowing = 0
  /// Somebody may do more, and the difference does not say so.
  package private(set) var silent: [String] = []
  /// Nobody may do more, and the difference says that somebody may.
  package private(set) var needless: [String] = []
  /// Somebody may do less and nobody more, and the difference does not say so; or it says nothing.
  package private(set) var unsaid: [String] = []

  /// - Parameters:
  ///   - tried: mutants at least; a round is finished, so that each place was changed as often as every other.
  ///   - loaded: those that load at least.
  ///   - compile: `nil` for a set that is refused.
  /// - Throws: if the twin does not understand a set that loads.
  package init(
    of sources: [PolicySource], tried leastTried: Int, loaded leastLoaded: Int, compile: ([PolicySource]) -> PolicySet?
  ) throws {
    guard let live = compile(sources) else { throw SlowTwin.Unforeseen(what: "the set itself is refused") }
    let twin = try SlowTwin(sources)
    let mutants = Mutants(sources)
    for round in 0..<Self.mostRounds where tried < leastTried || loaded < leastLoaded {
      for index in 0..<mutants.inRound {
        guard let mutant = mutants.mutant(round: round, index) else { continue }
        tried += 1
        guard let set = compile(mutant) else { continue }
        loaded += 1
        let judged = try SlowTwin(mutant)
        judge(set.changes(from: live), judged, twin, "round \(round), place \(index)")
      }
    }
  }

  private mutating func judge(_ changes: [PolicyChange], _ mutant: SlowTwin, _ twin: SlowTwin, _ name: String) {
    let widens = mutant.allowsMore(than: twin)
    let narrows = twin.allowsMore(than: mutant)
    widening += widens ? 1 : 0
    narrowing += narrows ? 1 : 0
    func named() -> String { "\(name): \(changes.map { "\($0.effect.rawValue) \($0.rule) \($0.en)" })" }
    if widens, !changes.widens { silent.append(named()) }
    if !widens, changes.widens { needless.append(named()) }
    let isTold = changes.allSatisfy { !$0.ja.isEmpty && !$0.en.isEmpty } && !changes.isEmpty
    if !isTold || (narrows && !widens && !changes.contains(where: { $0.effect == .narrowing })) { unsaid.append(named()) }
  }
}
