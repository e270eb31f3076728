public import AuthTerms

/// Everything a decision may depend on. The caller read it inside the deciding transaction; nothing else is consulted.
public struct DecisionRequest: Sendable {
  public var ceremony: CeremonyID
  public var scenario: Scenario
  public var workstation: WorkstationFacts
  /// `nil` while no registered card has been shown.
  public var person: PersonFacts?
  /// Verified proofs of this ceremony, and only these.
  public var proofs: [Proof]
  public var authenticators: AuthenticatorFacts
  /// The session open or locked on this workstation.
  public var session: SessionFacts?
  /// Live sessions of this person on other workstations of this segment.
  public var sessionsElsewhere: Int
  /// Set while person, card or workstation is throttled.
  public var throttledUntil: Moment?
  /// `nil` where people come from files.
  public var directory: DirectoryFacts?
  /// Waivers whose approvals hold now; a waiver that is not here is not there.
  public var approvedWaivers: Set<WaiverHash>
  public var now: Moment
  public var local: LocalTime
  /// Of the card that was shown, if it is one of the stock.
  public var loan: LoanFacts?

  public init(
    ceremony: CeremonyID, scenario: Scenario, workstation: WorkstationFacts, person: PersonFacts?, proofs: [Proof],
    authenticators: AuthenticatorFacts, session: SessionFacts?, sessionsElsewhere: Int, throttledUntil: Moment?,
    directory: DirectoryFacts? = nil, approvedWaivers: Set<WaiverHash> = [], now: Moment, local: LocalTime
  ) {
    self.ceremony = ceremony
    self.scenario = scenario
    self.workstation = workstation
    self.person = person
    self.proofs = proofs
    self.authenticators = authenticators
    self.session = session
    self.sessionsElsewhere = sessionsElsewhere
    self.throttledUntil = throttledUntil
    self.directory = directory
    self.approvedWaivers = approvedWaivers
    self.now = now
    self.local = local
  }
}

/// What the directory that people come from says now.
public struct DirectoryFacts: Sendable, Hashable {
  /// Seconds since it last answered: as old may be what is known of anybody.
  public var silentSeconds: Int64
  /// Asked about the person in this ceremony, it said that the account is disabled.
  public var saysDisabled: Bool

  public init(silentSeconds: Int64, saysDisabled: Bool = false) {
    self.silentSeconds = silentSeconds
    self.saysDisabled = saysDisabled
  }
}

public struct WorkstationFacts: Sendable, Hashable {
  public var id: WorkstationID
  public var segment: Segment
  public var isRevoked: Bool

  public init(id: WorkstationID, segment: Segment, isRevoked: Bool) {
    self.id = id
    self.segment = segment
    self.isRevoked = isRevoked
  }
}

public struct PersonFacts: Sendable, Hashable {
  public var id: PersonID
  /// Transitive closure, canonical group names.
  public var groups: Set<String>
  public var isEnabled: Bool
  /// Local days (`LocalTime.day`), both inclusive.
  public var firstDay: Int?
  public var lastDay: Int?
  /// The directory password is managed: nobody knows it.
  public var hasManagedPassword: Bool
  /// As the directory says; `nil`: any hour.
  public var logonHours: LogonHours?
  /// Names of workstations in small letters, as the directory says; empty: any.
  public var workstations: Set<String>
  /// What dated accesses add here and now; looked at only when the groups above are not enough.
  public var dated: [DatedGroups] = []
  /// `false` of somebody from outside for whom no member of staff answers now.
  public var isAnswered = true

  public init(
    id: PersonID, groups: Set<String>, isEnabled: Bool, firstDay: Int?, lastDay: Int?, hasManagedPassword: Bool,
    logonHours: LogonHours? = nil, workstations: Set<String> = []
  ) {
    self.id = id
    self.groups = groups
    self.isEnabled = isEnabled
    self.firstDay = firstDay
    self.lastDay = lastDay
    self.hasManagedPassword = hasManagedPassword
    self.logonHours = logonHours
    self.workstations = workstations
  }
}

/// What the desk knows of a card, whoever it belongs to.
public enum CardState: String, Sendable, CaseIterable {
  case active
  /// For a while: a desk restores it.
  case suspended
  /// Left at home: it comes back when it is shown with its PIN at a desk, and in no other way.
  case forgotten
  /// For good, as all that follow.
  case lost
  case revoked
  /// Taken in by a desk.
  case collected
  case destroyed

  /// A desk makes it good again, without the card.
  public var isRestorable: Bool { self == .suspended }
  /// It never comes back.
  public var isFinal: Bool {
    switch self {
    case .active, .suspended, .forgotten: false
    case .lost, .revoked, .collected, .destroyed: true
    }
  }

  /// Why a card in this state is refused; `nil` for one that is active.
  public var denial: (code: DenialCode, note: String)? {
    switch self {
    case .active: nil
    case .suspended: (.cardSuspended, "suspended")
    case .forgotten: (.cardForgotten, "forgotten")
    case .lost: (.cardLost, "lost")
    case .revoked, .collected, .destroyed: (.cardWithdrawn, rawValue)
    }
  }
}

/// How a card of the stock stands.
public struct LoanFacts: Sendable, Hashable {
  /// The last day of the loan (`LocalTime.day`), inclusive; `nil`: it is lent to nobody.
  public var lastDay: Int?
  /// Its holder has set no PIN at the desk since it was lent.
  public var awaitsPIN: Bool

  public init(lastDay: Int?, awaitsPIN: Bool = false) { (self.lastDay, self.awaitsPIN) = (lastDay, awaitsPIN) }

  /// Why a card of the stock is refused on this day; `nil` while it is lent.
  public func denial(on day: Int) -> (code: DenialCode, note: String)? {
    guard let lastDay else { return (.cardInStock, "of the stock, and lent to nobody") }
    if day > lastDay { return (.loanOver, "the last day of the loan is over") }
    return awaitsPIN ? (.loanWithoutPIN, "no PIN was set at the desk since it was lent") : nil
  }
}

/// What was shown and verified in this ceremony.
public enum Proof: Sendable, Hashable {
  /// `proofClass` is already the weaker of exchange and enrolment; `publicKeyWithPIN` also counts as the factor `pin`.
  case card(CardID, ProofClass, CardState)
  case password
  /// - Parameter falseMatchExponent: the threshold's FMR as a power of ten, 5 for 1e-5.
  case palm(falseMatchExponent: Int)
  case code
  /// The session key of the waiting session signed this ceremony.
  case sessionKey(SessionID)
}

/// What is registered for the person, shown this time or not.
public struct AuthenticatorFacts: Sendable, Hashable {
  public var hasPassword: Bool
  public var hasPalm: Bool

  public init(hasPassword: Bool, hasPalm: Bool) {
    self.hasPassword = hasPassword
    self.hasPalm = hasPalm
  }
}

public struct SessionFacts: Sendable, Hashable {
  public var id: SessionID
  public var person: PersonID
  public var isLocked: Bool
  public var openedAt: Moment
  public var lastActivity: Moment
  /// Kinds of factor that opened it.
  public var kinds: Set<FactorKind>
  public var isRevoked: Bool

  public init(
    id: SessionID, person: PersonID, isLocked: Bool, openedAt: Moment, lastActivity: Moment, kinds: Set<FactorKind>,
    isRevoked: Bool
  ) {
    self.id = id
    self.person = person
    self.isLocked = isLocked
    self.openedAt = openedAt
    self.lastActivity = lastActivity
    self.kinds = kinds
    self.isRevoked = isRevoked
  }
}
