public import AuthTerms

public enum Decision: Sendable {
  case grant(Grant)
  /// The proofs so far are right and not enough; any one of these would complete the ceremony.
  case stillNeeded([Combination], rule: RuleID)
  case deny(Denial)
}

/// A set of factors a rule accepts.
public struct Combination: Sendable, Hashable {
  public var factors: FactorSet
  public var rule: RuleID

  public init(factors: FactorSet, rule: RuleID) {
    self.factors = factors
    self.rule = rule
  }

  public var kinds: Set<FactorKind> { Set(factors.map(\.kind)) }
  /// In the order card, pin, password, palm, code.
  public var names: [String] { factors.sorted().map(\.rawValue) }
}

/// Only `AuthPolicy` can make one; opening a session takes a `Grant`, so nothing else can open it.
public struct Grant: Sendable {
  public let ceremony: CeremonyID
  public let person: PersonID
  public let workstation: WorkstationID
  public let segment: Segment
  public let scenario: Scenario
  public let rule: RuleID
  public let policy: PolicyVersion
  /// The factors that were counted.
  public let factors: FactorSet
  public let assurance: AssuranceLevel
  public let session: SessionTerms
  /// Time-limited exceptions that were needed; each is marked in the row.
  public let waivers: [UsedWaiver]
  /// Dated accesses without which it would have been a refusal.
  public let dated: [AccessID]

  init(
    ceremony: CeremonyID, person: PersonID, workstation: WorkstationID, segment: Segment, scenario: Scenario, rule: RuleID,
    policy: PolicyVersion, factors: FactorSet, assurance: AssuranceLevel, session: SessionTerms, waivers: [UsedWaiver],
    dated: [AccessID]
  ) {
    self.ceremony = ceremony
    self.person = person
    self.workstation = workstation
    self.segment = segment
    self.scenario = scenario
    self.rule = rule
    self.policy = policy
    self.factors = factors
    self.assurance = assurance
    self.session = session
    self.waivers = waivers
    self.dated = dated
  }
}

public enum CardRemoval: String, Sendable, CaseIterable {
  case nothing
  case lock
  case logoff
}

/// What the segment's policy says about a session once it is open.
public struct SessionTerms: Sendable, Hashable {
  /// Seconds a workstation may go on without renewing its lease.
  public var leaseSeconds: Int
  /// Seconds without activity after which an unlock needs a full logon.
  public var idleSeconds: Int
  /// Seconds after which the session ends whatever happens.
  public var overallSeconds: Int
  public var onCardRemoval: CardRemoval

  public init(leaseSeconds: Int, idleSeconds: Int, overallSeconds: Int, onCardRemoval: CardRemoval) {
    self.leaseSeconds = leaseSeconds
    self.idleSeconds = idleSeconds
    self.overallSeconds = overallSeconds
    self.onCardRemoval = onCardRemoval
  }
}

public struct Denial: Sendable {
  public let code: DenialCode
  public let rule: RuleID
  public let policy: PolicyVersion
  /// For the auditor; not shown at the keyboard, never quotes input.
  public let note: String

  public init(code: DenialCode, rule: RuleID, policy: PolicyVersion, note: String) {
    self.code = code
    self.rule = rule
    self.policy = policy
    self.note = note
  }
}

extension Denial: Equatable {
  public static func == (a: Self, b: Self) -> Bool { a.code == b.code && a.rule == b.rule }
}
