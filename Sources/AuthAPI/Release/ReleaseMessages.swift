public import FoundationEssentials

/// Body of `POST /v1/sessions/{session}/acts`: something that the session's own key asks of the vault.
public struct SessionActMessage: Codable, Sendable {
  /// `SessionAct.canonicalBytes`
  public var act: Data
  /// Ed25519, 64 bytes.
  public var signature: Data
  /// `SessionEvidence.encoded`; with the first act of a session, and after AP171.
  public var evidence: Data?

  public init(act: Data, signature: Data, evidence: Data?) {
    self.act = act
    self.signature = signature
    self.evidence = evidence
  }
}

/// What the vault did.
public struct SessionActAnswer: Codable, Sendable {
  /// `SealedRelease.encoded`, for a release.
  public var sealed: Data?

  public init(sealed: Data?) { self.sealed = sealed }
}

/// Answer to `GET /v1/vault/keys`: what credentials are sealed to, and who signs what comes out.
public struct VaultKeysMessage: Codable, Sendable {
  public var instance: String
  public var checkpointVerifier: String
  /// Ed25519, 32 bytes.
  public var ticket: Data
  public var intakeSuite: String
  public var intake: Data
  /// By the instance's authority over `VaultPublicKeys.message`.
  public var signature: Data
  /// The root of that authority, DER: who knows its SHA-256 from elsewhere can believe the rest.
  public var authority: Data

  public init(instance: String, keys: VaultPublicKeys, authority: [UInt8]) {
    self.authority = Data(authority)
    self.instance = instance
    checkpointVerifier = keys.checkpointVerifier
    ticket = Data(keys.ticket)
    intakeSuite = keys.intakeSuite
    intake = Data(keys.intake)
    signature = Data(keys.signature)
  }

  public var keys: VaultPublicKeys {
    VaultPublicKeys(
      checkpointVerifier: checkpointVerifier, ticket: Array(ticket), intakeSuite: intakeSuite, intake: Array(intake),
      signature: Array(signature))
  }
}

/// Answer to `GET /v1/applications`: those of this workstation's segment.
public struct ApplicationsMessage: Codable, Sendable {
  /// `ApplicationDefinition.canonicalBytes` of each. Only what the vault's statement names by its hash is to be believed.
  public var definitions: [Data]
  /// Whose accounts the person of this workstation's session may use today. A convenience: the vault decides at the release.
  public var owners: [OwnerOffer]?
  /// Of `definitions`, those that administrators have not published as they stand here: nothing is released for them.
  public var unpublished: [String]?

  public init(definitions: [Data], owners: [OwnerOffer]? = nil, unpublished: [String]? = nil) {
    self.definitions = definitions
    self.owners = owners
    self.unpublished = unpublished
  }

  /// Owners that are named at once.
  public static let mostOwners = 256
}

/// That the person who asks stands in for somebody, or shares an account, now.
public struct OwnerOffer: Codable, Sendable, Equatable {
  public var owner: String
  /// Empty where the owner is no person but an account that several share.
  public var displayName: String
  public var application: String
  /// Empty for the owner's first account.
  public var account: String
  /// Milliseconds since 1970-01-01 UTC; the first at which it does not hold any more.
  public var until: Int64

  public init(owner: String, displayName: String, application: String, account: String, until: Int64) {
    self.owner = owner
    self.displayName = displayName
    self.application = application
    self.account = account
    self.until = until
  }
}

// MARK: The desk and the operators

/// A card's key that the server knows and the vault's register does not, or the other way round.
public struct VaultCardMessage: Codable, Sendable, Equatable {
  /// SHA-256 of the key, in hexadecimal.
  public var key: String
  public var person: String
  /// Registered here and not there; or withdrawn here (lost, revoked, removed) and still good there.
  public var isWithdrawn: Bool

  public init(key: String, person: String, isWithdrawn: Bool) {
    self.key = key
    self.person = person
    self.isWithdrawn = isWithdrawn
  }
}

/// Answer to `GET /v1/admin/vault/cards`.
public struct VaultCardsPending: Codable, Sendable {
  /// At most 256.
  public var cards: [VaultCardMessage]
  /// Of all that differ.
  public var count: Int

  public init(cards: [VaultCardMessage], count: Int) {
    self.cards = cards
    self.count = count
  }
}

/// Body of `POST /v1/admin/vault/cards`.
public struct VaultCardsAct: Codable, Sendable {
  public var cards: [VaultCardMessage]
  /// `SignedAct.encoded`, of the kind `vault.cards`.
  public var act: Data

  public init(cards: [VaultCardMessage], act: Data) {
    self.cards = cards
    self.act = act
  }
}

/// Body of `POST /v1/admin/vault/applications`, `…/deputies`, `…/rotation` and `…/resume`.
public struct VaultActMessage: Codable, Sendable {
  /// `SignedAct.encoded`
  public var act: Data

  public init(act: Data) { self.act = act }
}

/// How old the vault's key of one layer is, and how far its renewal has come.
public struct VaultKeySummary: Codable, Sendable, Equatable {
  /// `credentials`, `registers`, `intake` or `signing`
  public var layer: String
  /// 1 and above.
  public var number: Int64
  /// Milliseconds since 1970-01-01 UTC; 0: it was not written down then.
  public var madeAt: Int64
  /// How often it encrypted, at most; 0 where each encryption has a key of its own.
  public var uses: Int64
  /// At this many its renewal begins by itself; 0: there is no limit.
  public var mostUses: Int64
  public var isUnderWay: Bool
  /// Records that an older key still keeps, or older keys that are still needed.
  public var left: Int64

  public init(_ term: VaultKeyTerm) {
    layer = term.layer.rawValue
    number = Int64(term.number)
    madeAt = term.madeAt
    uses = Int64(clamping: term.uses)
    mostUses = Int64(clamping: term.mostUses)
    isUnderWay = term.isUnderWay
    left = Int64(clamping: term.left)
  }
}

/// An application as the server has it in its files and as the vault has it published.
public struct ApplicationSummary: Codable, Sendable, Equatable {
  public var application: String
  public var nameJa: String
  public var nameEn: String
  public var segments: [String]
  /// SHA-256 over the definition in the files, in hexadecimal; none: published, and no file is there any more.
  public var definition: String?
  public var freshnessSeconds: Int
  /// `published`; `changed`: the vault has another definition; `unpublished`; `orphaned`: no file.
  public var state: String

  public init(
    application: String, nameJa: String, nameEn: String, segments: [String], definition: String?, freshnessSeconds: Int,
    state: String
  ) {
    self.application = application
    self.nameJa = nameJa
    self.nameEn = nameEn
    self.segments = segments
    self.definition = definition
    self.freshnessSeconds = freshnessSeconds
    self.state = state
  }
}

/// Body of `POST /v1/admin/vault/credentials`.
public struct VaultCredentialAct: Codable, Sendable {
  /// `IntakeMessage.encoded`: the server carries it and cannot open it.
  public var sealed: Data
  /// `SignedAct.encoded`, of the kind `vault.credential`.
  public var act: Data

  public init(sealed: Data, act: Data) {
    self.sealed = sealed
    self.act = act
  }
}

/// What the vault tells of one credential: never what is in it.
public struct CredentialSummary: Codable, Sendable, Equatable {
  public var person: String
  public var application: String
  public var account: String
  public var version: Int64
  /// `current`, `unconfirmed`, `refused`, `mustChange` or `pending`
  public var state: String
  /// Milliseconds since 1970-01-01 UTC; of one that was refused, when it was.
  public var setAt: Int64
  /// A newer version that the application refused: `version`, an older one, is handed over in its place.
  public var refusedVersion: Int64?
  /// Milliseconds since 1970-01-01 UTC.
  public var refusedAt: Int64?

  public init(
    person: String, application: String, account: String, version: Int64, state: String, setAt: Int64,
    refusedVersion: Int64? = nil, refusedAt: Int64? = nil
  ) {
    self.refusedVersion = refusedVersion
    self.refusedAt = refusedAt
    self.person = person
    self.application = application
    self.account = account
    self.version = version
    self.state = state
    self.setAt = setAt
  }
}

/// That one person may use another's credential, or one that several share, for a time.
public struct DeputySummary: Codable, Sendable, Equatable {
  public var owner: String
  public var application: String
  public var account: String
  public var deputy: String
  /// Milliseconds since 1970-01-01 UTC; the first at which it holds.
  public var from: Int64
  /// The first at which it does not hold any more.
  public var until: Int64
  /// `planned`, `inForce`, `ended` or `withdrawn`
  public var state: String

  public init(
    owner: String, application: String, account: String, deputy: String, from: Int64, until: Int64, state: String
  ) {
    self.owner = owner
    self.application = application
    self.account = account
    self.deputy = deputy
    self.from = from
    self.until = until
    self.state = state
  }
}

/// Answer to `GET /v1/admin/vault/gaps`.
public struct CredentialGaps: Codable, Sendable {
  /// At most 500 of them, those to be mended first.
  public var gaps: [CredentialGap]
  /// Of all.
  public var count: Int

  public init(gaps: [CredentialGap], count: Int) {
    self.gaps = gaps
    self.count = count
  }
}

/// Somebody who could use an application tomorrow, and cannot sign in to it.
public struct CredentialGap: Codable, Sendable, Equatable {
  /// Or the owner that is no person, where an account is shared.
  public var person: String
  public var displayName: String
  public var department: String
  public var application: String
  /// `missing`, `refused` or `mustChange`
  public var reason: String
  /// When it was refused. Milliseconds since 1970-01-01 UTC.
  public var refusedAt: Int64?

  public init(
    person: String, displayName: String, department: String, application: String, reason: String, refusedAt: Int64? = nil
  ) {
    self.refusedAt = refusedAt
    self.person = person
    self.displayName = displayName
    self.department = department
    self.application = application
    self.reason = reason
  }
}
