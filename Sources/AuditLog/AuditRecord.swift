public import AuthTerms

/// What kind of thing a row tells; retention is set per class.
public enum EventClass: String, CaseIterable, Sendable {
  /// A ceremony was decided: granted, refused, or an unlock.
  case ceremony
  /// Lock, logoff, lease, revocation of a session.
  case session
  /// Something a workstation reported (wrong PIN, reader lost).
  case workstation
  /// Cards, passwords, palms, workstations, people: registered, changed, lost.
  case enrolment
  /// Operators, approvals, policy sets, start and stop.
  case administration
  /// A stored credential was handed over to a session, or kept for one; or not.
  case release
  /// Reading the log is in the log.
  case auditRead
}

public enum AuditOutcome: String, CaseIterable, Sendable {
  case granted
  case denied
  case stillNeeded
  case done
  case refused
}

/// One row. Every field that is not known is absent, never guessed; text is stored byte for byte.
public struct AuditRecord: Sendable, Hashable {
  /// Milliseconds since 1970-01-01 UTC, the deciding server's clock. The order of rows is the tree's, not the clock's.
  public var time: Int64
  public var eventClass: EventClass
  /// A stable word: `logon`, `unlock`, `lock`, `card.lost`, `policy.loaded` …
  public var action: String
  public var outcome: AuditOutcome
  public var person: PersonID?
  public var workstation: WorkstationID?
  public var workstationCertificate: CertificateFingerprint?
  public var segment: Segment?
  public var scenario: Scenario?
  public var session: SessionID?
  public var card: CardID?
  public var operatorID: OperatorID?
  /// Factor names that were verified, in canonical order.
  public var factors: [String] = []
  public var proofClass: ProofClass?
  public var assurance: AssuranceLevel?
  public var code: DenialCode?
  public var rule: RuleID?
  public var policyVersion: PolicyVersion?
  public var reference: Reference?
  /// Milliseconds from the first byte of the request to the decision.
  public var latencyMilliseconds: Int64?
  /// How many like events this row stands for (refusals of one source are coalesced).
  public var count: Int64 = 1
  public var waivers: [String] = []
  /// For the auditor, free text; never a secret, never quoted input.
  public var note: String = ""

  public init(time: Int64, eventClass: EventClass, action: String, outcome: AuditOutcome) {
    self.time = time
    self.eventClass = eventClass
    self.action = action
    self.outcome = outcome
  }
}
