import AuthTerms
public import FoundationEssentials

/// Answer to `POST /v1/ceremonies`: a challenge bound to this workstation, segment, scenario and expiry.
public struct CeremonyOpened: Codable, Sendable {
  public var ceremony: String
  /// 32 bytes, single use.
  public var nonce: Data
  public var scenario: String
  public var segment: String
  public var workstation: String
  /// Milliseconds since 1970-01-01 UTC.
  public var expiresAt: Int64
  /// Sets of factor names, any one of which would be accepted.
  public var combinations: [[String]]
  /// For an unlock: the session that waits.
  public var session: String?
  /// `CardScript.canonicalBytes` of each shared-key card that reaches this segment's floor; at most 8.
  public var cardScripts: [Data]?
  /// Whether a card that tells a number alone is taken for one, under a waiver in force; absent: no.
  public var takesCardNumbers: Bool?
  /// Whether a My Number Card's user-authentication key is taken here; absent: no, and the workstation reads nothing of one.
  public var takesMyNumberCards: Bool?

  public init(
    ceremony: String, nonce: Data, scenario: String, segment: String, workstation: String, expiresAt: Int64,
    combinations: [[String]], session: String?, cardScripts: [Data]? = nil, takesCardNumbers: Bool? = nil,
    takesMyNumberCards: Bool? = nil
  ) {
    self.ceremony = ceremony
    self.nonce = nonce
    self.scenario = scenario
    self.segment = segment
    self.workstation = workstation
    self.expiresAt = expiresAt
    self.combinations = combinations
    self.session = session
    self.cardScripts = cardScripts
    self.takesCardNumbers = takesCardNumbers
    self.takesMyNumberCards = takesMyNumberCards
  }
}

/// The public keys an agent made for one session; they live in its memory and die with it.
public struct SessionKeys: Codable, Sendable, Equatable {
  /// `SealingSuite` of `sealing`.
  public var suite: String
  /// Public key of that suite.
  public var sealing: Data
  /// Ed25519 public key, 32 bytes: signs unlocks and, later, releases.
  public var signing: Data

  public init(suite: String, sealing: Data, signing: Data) {
    self.suite = suite
    self.sealing = sealing
    self.signing = signing
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/session-keys/1")
    writer.field(suite)
    writer.field(Array(sealing))
    writer.field(Array(signing))
    return writer.bytes
  }
}

public struct CardProofMessage: Codable, Sendable {
  /// `piv`, `jpki` or `certificate`
  public var profile: String
  /// `9a` or `9e` of `piv`, `jpki`, `cert` of `certificate`
  public var slot: String
  /// DER, at most 8 KiB.
  public var certificate: Data
  /// `ecdsa-p256-sha256`, `ecdsa-p384-sha384` (DER ECDSA-Sig-Value) or `rsa-pkcs1-sha256`
  public var algorithm: String
  public var signature: Data

  public init(profile: String, slot: String, certificate: Data, algorithm: String, signature: Data) {
    self.profile = profile
    self.slot = slot
    self.certificate = certificate
    self.algorithm = algorithm
    self.signature = signature
  }
}

/// Body of `POST /v1/ceremonies/{ceremony}/proofs`. Several proofs may come at once or one after the other.
public struct ProofsMessage: Codable, Sendable {
  public var sessionKeys: SessionKeys?
  public var card: CardProofMessage?
  /// Looked at only after a valid card proof, or beside a session signature at unlock.
  public var palm: PalmProofMessage?
  /// UTF-8 of the password as typed; checked only after a valid card proof or code.
  public var password: Data?
  /// UTF-8; becomes the password in the directory, if `password` is right or has to be changed (AP151).
  public var newPassword: Data?
  /// Ed25519 over `SessionPreimage`, at unlock.
  public var sessionSignature: Data?
  /// A printed one-time code in the place of a card.
  public var code: LookUpProofMessage?
  /// Instead of `card`, where the ceremony says that numbers are taken.
  public var number: CardNumberMessage?

  public init(
    sessionKeys: SessionKeys?, card: CardProofMessage?, palm: PalmProofMessage? = nil, password: Data?,
    newPassword: Data? = nil, sessionSignature: Data?, code: LookUpProofMessage? = nil, number: CardNumberMessage? = nil
  ) {
    self.sessionKeys = sessionKeys
    self.card = card
    self.palm = palm
    self.password = password
    self.newPassword = newPassword
    self.sessionSignature = sessionSignature
    self.code = code
    self.number = number
  }
}

/// Answer to proofs that were not refused.
public struct CeremonyAnswer: Codable, Sendable {
  /// `granted` or `stillNeeded`
  public var outcome: String
  /// With `stillNeeded`: what would complete the ceremony, beyond what was shown.
  public var combinations: [[String]]?
  public var session: SessionOpened?
  /// With `stillNeeded`: why the palm that was shown did not count.
  public var palm: PalmTry?

  public init(outcome: String, combinations: [[String]]?, session: SessionOpened?, palm: PalmTry? = nil) {
    self.outcome = outcome
    self.combinations = combinations
    self.session = session
    self.palm = palm
  }
}

public struct SessionOpened: Codable, Sendable {
  public var session: String
  public var person: String
  public var displayName: String
  public var segment: String
  public var scenario: String
  public var assurance: String
  /// Seconds a workstation may go on without renewing; then it locks itself.
  public var leaseSeconds: Int
  /// `nothing`, `lock` or `logoff`
  public var onCardRemoval: String
  /// Milliseconds since 1970-01-01 UTC: the end of the session's overall limit.
  public var endsAt: Int64
  public var rule: String
  public var policyVersion: String

  public init(
    session: String, person: String, displayName: String, segment: String, scenario: String, assurance: String,
    leaseSeconds: Int, onCardRemoval: String, endsAt: Int64, rule: String, policyVersion: String
  ) {
    self.session = session
    self.person = person
    self.displayName = displayName
    self.segment = segment
    self.scenario = scenario
    self.assurance = assurance
    self.leaseSeconds = leaseSeconds
    self.onCardRemoval = onCardRemoval
    self.endsAt = endsAt
    self.rule = rule
    self.policyVersion = policyVersion
  }
}
