public import FoundationEssentials

// The operator's side of the wire: answers of `/v1/admin/…`, on the operator socket.

public struct InstanceStatus: Codable, Sendable {
  public var instance: String
  public var city: String
  public var segments: [String]
  public var policyVersion: String
  public var people: Int
  public var workstations: Int
  public var liveSessions: Int
  public var watching: Int
  public var auditRows: UInt64
  /// Size of the newest signed checkpoint.
  public var checkpointSize: UInt64
  /// Answers refused because no row could be written, since the last recovery.
  public var unrecordedDenials: Int64
  /// Rows of the vault's own log, and alarms in it; absent while the vault cannot be reached.
  public var vaultRows: UInt64?
  public var vaultAlarms: UInt64?
  public var mainPort: Int
  public var enrolmentPort: Int
  /// SHA-256 of the workstation authority's certificate, for `sanmon-agent enrol --ca-sha256`.
  public var authority: String
  /// Standing warnings about the rules in force: waivers that are used, have ended or are about to.
  public var warningsJa: [String]
  public var warningsEn: [String]
  /// People of segments whose floor is a card's number, with no better card; absent where no segment's is.
  public var numberCardPeople: Int?
  /// People from outside for whom nobody answers, or will not within a week; absent where there are none.
  public var externalPeopleToAnswer: Int?

  public init(
    instance: String, city: String, segments: [String], policyVersion: String, people: Int, workstations: Int,
    liveSessions: Int, watching: Int, auditRows: UInt64, checkpointSize: UInt64, unrecordedDenials: Int64,
    vaultRows: UInt64?, vaultAlarms: UInt64?, mainPort: Int, enrolmentPort: Int, authority: String, warningsJa: [String],
    warningsEn: [String], numberCardPeople: Int? = nil, externalPeopleToAnswer: Int? = nil
  ) {
    self.instance = instance
    self.city = city
    self.segments = segments
    self.policyVersion = policyVersion
    self.people = people
    self.workstations = workstations
    self.liveSessions = liveSessions
    self.watching = watching
    self.auditRows = auditRows
    self.checkpointSize = checkpointSize
    self.unrecordedDenials = unrecordedDenials
    self.vaultRows = vaultRows
    self.vaultAlarms = vaultAlarms
    self.mainPort = mainPort
    self.enrolmentPort = enrolmentPort
    self.authority = authority
    self.warningsJa = warningsJa
    self.warningsEn = warningsEn
    self.numberCardPeople = numberCardPeople
    self.externalPeopleToAnswer = externalPeopleToAnswer
  }
}

/// Body of `POST /v1/admin/people`: a whole snapshot of the embedded directory.
public struct PeopleImport: Codable, Sendable {
  /// `ldif` or `csv`
  public var format: String
  /// The LDIF text, or people.csv.
  public var people: String
  /// groups.csv, with `csv`.
  public var groups: String?
  /// departments.csv, with `csv`.
  public var departments: String?
  /// The number of people who lose access, as the preview told it: says that it is meant.
  public var confirmed: Int?
  /// Only tell what would change.
  public var preview: Bool

  public init(
    format: String, people: String, groups: String?, departments: String?, confirmed: Int?, preview: Bool
  ) {
    self.format = format
    self.people = people
    self.groups = groups
    self.departments = departments
    self.confirmed = confirmed
    self.preview = preview
  }
}

public struct PeopleImported: Codable, Sendable {
  public var added: Int
  public var changed: Int
  public var disabled: Int
  public var losingAccess: Int
  public var unchanged: Int
  public var applied: Bool
  /// Why it was not applied, or what the import noticed (cycles among groups).
  public var notesJa: [String]
  public var notesEn: [String]

  public init(
    added: Int, changed: Int, disabled: Int, losingAccess: Int, unchanged: Int, applied: Bool, notesJa: [String],
    notesEn: [String]
  ) {
    self.added = added
    self.changed = changed
    self.disabled = disabled
    self.losingAccess = losingAccess
    self.unchanged = unchanged
    self.applied = applied
    self.notesJa = notesJa
    self.notesEn = notesEn
  }
}

public struct PersonSummary: Codable, Sendable {
  public var id: String
  public var account: String
  public var displayName: String
  public var kana: String
  public var departments: [String]
  public var groups: [String]
  public var isEnabled: Bool
  public var hasPassword: Bool
  public var cards: [CardSummary]

  public init(
    id: String, account: String, displayName: String, kana: String, departments: [String], groups: [String],
    isEnabled: Bool, hasPassword: Bool, cards: [CardSummary]
  ) {
    self.id = id
    self.account = account
    self.displayName = displayName
    self.kana = kana
    self.departments = departments
    self.groups = groups
    self.isEnabled = isEnabled
    self.hasPassword = hasPassword
    self.cards = cards
  }
}

/// Body of `POST /v1/admin/people/{person}/password`.
public struct PasswordSetting: Codable, Sendable {
  /// UTF-8, 8 to 256 bytes.
  public var password: Data
  public init(password: Data) { self.password = password }
}

/// Body of `POST /v1/admin/cards/challenge`.
public struct CardChallengeRequest: Codable, Sendable {
  public var person: String
  public init(person: String) { self.person = person }
}

public struct CardChallenge: Codable, Sendable {
  public var person: String
  public var displayName: String
  /// 32 bytes, single use, 5 minutes.
  public var nonce: Data
  public init(person: String, displayName: String, nonce: Data) {
    self.person = person
    self.displayName = displayName
    self.nonce = nonce
  }
}

/// Body of `POST /v1/admin/cards`: a key that signed `EnrolmentPreimage` is registered on one of this person's cards.
public struct CardEnrolment: Codable, Sendable {
  public var person: String
  public var segment: String
  public var profile: String
  public var slot: String
  public var nonce: Data
  public var certificate: Data
  public var algorithm: String
  public var signature: Data
  /// The desk saw the card refuse this key before its PIN was verified.
  public var refusedWithoutPIN: Bool
  /// The card's own number (CHUID, tag 34), 16 bytes, as the desk read it; absent or all zero: it has none.
  public var guid: Data?
  /// A registered card of this person that gains the key; for cards without a GUID.
  public var card: String?

  public init(
    person: String, segment: String, profile: String, slot: String, nonce: Data, certificate: Data, algorithm: String,
    signature: Data, refusedWithoutPIN: Bool, guid: Data?, card: String?
  ) {
    self.person = person
    self.segment = segment
    self.profile = profile
    self.slot = slot
    self.nonce = nonce
    self.certificate = certificate
    self.algorithm = algorithm
    self.signature = signature
    self.refusedWithoutPIN = refusedWithoutPIN
    self.guid = guid
    self.card = card
  }
}

/// One physical card with the keys registered on it.
public struct CardSummary: Codable, Sendable {
  public var card: String
  /// Whose it is; of a stock card: to whom it is lent, if it is.
  public var person: String?
  public var state: String
  /// The card's own number in hexadecimal, if it has one.
  public var guid: String?
  public var keys: [CardKeySummary]
  public var isStock: Bool
  /// The last day of the loan, `YYYY-MM-DD`, inclusive; it may be over.
  public var lentUntil: String?
  /// `true`: lent, and not used before its holder has set a PIN at the desk.
  public var awaitsPIN: Bool?

  public init(
    card: String, person: String?, state: String, guid: String?, keys: [CardKeySummary], isStock: Bool, lentUntil: String?,
    awaitsPIN: Bool? = nil
  ) {
    self.card = card
    self.person = person
    self.state = state
    self.guid = guid
    self.keys = keys
    self.isStock = isStock
    self.lentUntil = lentUntil
    self.awaitsPIN = awaitsPIN
  }
}

public struct CardKeySummary: Codable, Sendable {
  /// `9a`, `9e`, `jpki`, or the kind of a shared-key card or of a number.
  public var slot: String
  public var proofClass: String
  /// SHA-256 of its SubjectPublicKeyInfo; of a shared-key card, of its `SharedCardPreimage`; of a number, of its `CardNumber`.
  public var key: String
  public var enrolledBy: String

  public init(slot: String, proofClass: String, key: String, enrolledBy: String) {
    self.slot = slot
    self.proofClass = proofClass
    self.key = key
    self.enrolledBy = enrolledBy
  }
}

/// Body of `POST /v1/admin/cards/{card}/state`.
public struct CardStateChange: Codable, Sendable {
  /// `lost`, `suspended`, `active` (a suspended card is good again), `forgotten`, `revoked`, `collected` or `destroyed`
  public var state: String
  public var reason: String
  public init(state: String, reason: String) {
    self.state = state
    self.reason = reason
  }
}

public struct CardStateChanged: Codable, Sendable {
  public var card: CardSummary
  /// Sessions that were told to lock.
  public var sessionsLocked: Int
  public init(card: CardSummary, sessionsLocked: Int) {
    self.card = card
    self.sessionsLocked = sessionsLocked
  }
}

/// Body of `POST /v1/admin/workstations/codes`.
public struct WorkstationCodeRequest: Codable, Sendable {
  /// `SignedAct.encoded` of the act `workstation.enrol`.
  public var act: Data
  public init(act: Data) { self.act = act }
}

public struct EnrolmentCode: Codable, Sendable {
  public var code: String
  public var workstation: String
  public var segment: String
  /// Milliseconds since 1970-01-01 UTC.
  public var expiresAt: Int64
  public init(code: String, workstation: String, segment: String, expiresAt: Int64) {
    self.code = code
    self.workstation = workstation
    self.segment = segment
    self.expiresAt = expiresAt
  }
}

public struct WorkstationSummary: Codable, Sendable {
  public var workstation: String
  public var segment: String
  public var access: String
  public var certificates: [String]
  public var isRevoked: Bool
  public var isWatching: Bool
  /// Where it stands, as the organisation file names its sites.
  public var site: String?
  /// People whose own it is.
  public var owners: [String]
  public init(
    workstation: String, segment: String, access: String, certificates: [String], isRevoked: Bool, isWatching: Bool,
    site: String?, owners: [String]
  ) {
    self.workstation = workstation
    self.segment = segment
    self.access = access
    self.certificates = certificates
    self.isRevoked = isRevoked
    self.isWatching = isWatching
    self.site = site
    self.owners = owners
  }
}

/// Body of `POST /v1/admin/explain`.
public struct ExplainRequest: Codable, Sendable {
  public var person: String
  public var workstation: String
  /// `logon`, `unlock` or `remote`; absent: what the server would decide now.
  public var scenario: String?
  /// Milliseconds since 1970-01-01 UTC; absent: now.
  public var at: Int64?
  public init(person: String, workstation: String, scenario: String?, at: Int64?) {
    self.person = person
    self.workstation = workstation
    self.scenario = scenario
    self.at = at
  }
}

public struct ExplainedStep: Codable, Sendable {
  public var rule: String
  public var ja: String
  public var en: String
  public init(rule: String, ja: String, en: String) {
    self.rule = rule
    self.ja = ja
    self.en = en
  }
}

public struct ExplainedTry: Codable, Sendable {
  /// Factor names that this try assumes were shown.
  public var factors: [String]
  /// `granted`, `stillNeeded` or `denied`
  public var outcome: String
  public var code: String?
  public var rule: String
  public var steps: [ExplainedStep]
  public init(factors: [String], outcome: String, code: String?, rule: String, steps: [ExplainedStep]) {
    self.factors = factors
    self.outcome = outcome
    self.code = code
    self.rule = rule
    self.steps = steps
  }
}

public struct ExplainAnswer: Codable, Sendable {
  public var person: String
  public var workstation: String
  public var scenario: String
  public var policyVersion: String
  public var tries: [ExplainedTry]
  public init(person: String, workstation: String, scenario: String, policyVersion: String, tries: [ExplainedTry]) {
    self.person = person
    self.workstation = workstation
    self.scenario = scenario
    self.policyVersion = policyVersion
    self.tries = tries
  }
}

public struct PolicyReloaded: Codable, Sendable {
  public var policyVersion: String
  public var changed: Bool
  /// Rendered faults, `file:line:column: …`, when the set in the folder was refused; the old set stays in force.
  public var faultsJa: [String]
  public var faultsEn: [String]
  /// Rendered warnings of the set that is in force now, also those that only the directory shows.
  public var warningsJa: [String]
  public var warningsEn: [String]
  /// What the set in the folder changes, or changed, in comparison with the one before; `nil`: it could not be read.
  public var changes: [PolicyChangeShown]?
  public init(
    policyVersion: String, changed: Bool, faultsJa: [String], faultsEn: [String], warningsJa: [String], warningsEn: [String],
    changes: [PolicyChangeShown]? = nil
  ) {
    self.policyVersion = policyVersion
    self.changed = changed
    self.faultsJa = faultsJa
    self.faultsEn = faultsEn
    self.warningsJa = warningsJa
    self.warningsEn = warningsEn
    self.changes = changes
  }
}

/// One row of the log as it is shown; absent means not known.
public struct AuditEntry: Codable, Sendable {
  public var sequence: UInt64
  public var time: Int64
  public var eventClass: String
  public var action: String
  public var outcome: String
  public var person: String?
  public var personName: String?
  public var workstation: String?
  public var segment: String?
  public var scenario: String?
  public var session: String?
  public var card: String?
  public var operatorID: String?
  public var factors: [String]
  public var proofClass: String?
  public var assurance: String?
  public var code: String?
  public var rule: String?
  public var policyVersion: String?
  /// Waivers that were needed, each with the first 16 digits of its hash: `identifier-as-possession@0123456789abcdef`.
  public var waivers: [String]
  public var reference: String?
  public var latencyMilliseconds: Int64?
  public var count: Int64
  public var note: String

  public init(
    sequence: UInt64, time: Int64, eventClass: String, action: String, outcome: String, person: String?,
    personName: String?, workstation: String?, segment: String?, scenario: String?, session: String?, card: String?,
    operatorID: String?, factors: [String], proofClass: String?, assurance: String?, code: String?, rule: String?,
    policyVersion: String?, waivers: [String], reference: String?, latencyMilliseconds: Int64?, count: Int64, note: String
  ) {
    self.sequence = sequence
    self.time = time
    self.eventClass = eventClass
    self.action = action
    self.outcome = outcome
    self.person = person
    self.personName = personName
    self.workstation = workstation
    self.segment = segment
    self.scenario = scenario
    self.session = session
    self.card = card
    self.operatorID = operatorID
    self.factors = factors
    self.proofClass = proofClass
    self.assurance = assurance
    self.code = code
    self.rule = rule
    self.policyVersion = policyVersion
    self.waivers = waivers
    self.reference = reference
    self.latencyMilliseconds = latencyMilliseconds
    self.count = count
    self.note = note
  }
}

public struct AuditPage: Codable, Sendable {
  public var entries: [AuditEntry]
  /// Rows in the whole log.
  public var size: UInt64
  public init(entries: [AuditEntry], size: UInt64) {
    self.entries = entries
    self.size = size
  }
}

/// Answer to `GET /v1/admin/audit/checkpoint`: the signed note and the key that verifies it.
public struct CheckpointAnswer: Codable, Sendable {
  public var note: String
  public var verifierKey: String
  /// The newest note that a witness of the start-up file cosigned since the server was started or just before; mostly a few
  /// seconds older than `note`.
  public var witnessed: String?
  public init(note: String, verifierKey: String, witnessed: String? = nil) {
    self.note = note
    self.verifierKey = verifierKey
    self.witnessed = witnessed
  }
}
