public import AuthTerms

/// A view of a directory and the plan that follows from it, with all that both were made of. Whatever is asked again of the very same
/// things is answered without working it out anew; what is held is looked at twice at least, and concerns hundreds.
public struct JudgedView: Sendable {
  /// With what names were found to mean before this view.
  public let rules: DirectoryRules
  public let view: DirectoryView
  public let plan: ImportPlan
  private let replica: DirectoryReplica
  private let known: [DirectoryIdentity]
  private let current: [ResolvedPerson]
  private let adopts: Bool
  /// Milliseconds since 1970-01-01 UTC.
  private let madeAt: Int64

  /// - Parameters:
  ///   - known: all identities.
  ///   - current: everybody a store has.
  ///   - adopts: as `DirectoryView` has it.
  ///   - now: milliseconds since 1970-01-01 UTC.
  ///   - former: taken as it is if it was made of the same things on the same day, and nobody's time has come since.
  public init(
    of replica: DirectoryReplica, rules: DirectoryRules, known: [DirectoryIdentity], current: [ResolvedPerson],
    adopts: Bool, now: Int64, former: JudgedView? = nil
  ) {
    if let former, former.isGood(for: replica, rules, known, current, adopts, now) {
      self = former
      return
    }
    self.rules = rules
    self.replica = replica
    self.known = known
    self.current = current
    self.adopts = adopts
    madeAt = now
    view = DirectoryView(of: replica, rules: rules, known: known, current: current, adopts: adopts, now: now)
    plan = ImportPlan(current: current, named: view.people)
  }

  private func isGood(
    for replica: DirectoryReplica, _ rules: DirectoryRules, _ known: [DirectoryIdentity], _ current: [ResolvedPerson],
    _ adopts: Bool, _ now: Int64
  ) -> Bool {
    adopts == self.adopts && now >= madeAt && rules.day(now) == rules.day(madeAt) && now < view.nextEnd ?? .max
      && replica == self.replica && rules == self.rules && known == self.known
      && current.elementsEqual(self.current) { $0.id == $1.id && $0.differences(from: $1).isEmpty }
  }
}
