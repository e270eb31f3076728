public import AuthPolicy
public import AuthTerms

public enum SessionPhase: String, Sendable, CaseIterable {
  case open
  case locked
  case ended
}

/// One person on one workstation.
public struct SessionRecord: Sendable, Hashable {
  public var id: SessionID
  public var person: PersonID
  public var workstation: WorkstationID
  public var segment: Segment
  public var scenario: Scenario
  public var card: CardID?
  public var phase: SessionPhase
  /// Set when a lost card, a disabled account or an operator withdrew it: no unlock any more.
  public var isRevoked: Bool
  public var kinds: Set<FactorKind>
  public var assurance: AssuranceLevel
  public var openedAt: Moment
  public var lastActivity: Moment
  public var terms: SessionTerms
  /// Ed25519, 32 bytes.
  public var signingKey: [UInt8]
  /// HPKE public key and its suite.
  public var sealingKey: [UInt8]
  public var sealingSuite: String

  public init(
    id: SessionID, person: PersonID, workstation: WorkstationID, segment: Segment, scenario: Scenario, card: CardID?,
    phase: SessionPhase, isRevoked: Bool, kinds: Set<FactorKind>, assurance: AssuranceLevel, openedAt: Moment,
    lastActivity: Moment, terms: SessionTerms, signingKey: [UInt8], sealingKey: [UInt8],
    sealingSuite: String
  ) {
    self.id = id
    self.person = person
    self.workstation = workstation
    self.segment = segment
    self.scenario = scenario
    self.card = card
    self.phase = phase
    self.isRevoked = isRevoked
    self.kinds = kinds
    self.assurance = assurance
    self.openedAt = openedAt
    self.lastActivity = lastActivity
    self.terms = terms
    self.signingKey = signingKey
    self.sealingKey = sealingKey
    self.sealingSuite = sealingSuite
  }
}
