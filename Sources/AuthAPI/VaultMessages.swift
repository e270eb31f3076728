public import AuthTerms

/// What may be asked of the vault over its unix socket. Closed: an unknown word is malformed, never ignored.
///
/// untrusted: bytes from a peer; at worst a connection is closed.
public enum VaultRequest: Sendable, Equatable {
  /// Answered `sealed` by a vault that waits for shares of its master key.
  case status
  case unseal(TypedShare)
  case initialise(VaultInitialisation)
  case trustRoots
  case publicKeys
  /// PKCS#10, DER; the host names are the ones fixed at initialisation.
  case signServer(certificateRequest: [UInt8])
  /// Act `workstation.enrol` with parameters `workstation`, `segment`, `access`, `validSeconds`.
  case createEnrolmentCode(SignedAct)
  case signWorkstation(certificateRequest: [UInt8], code: String)
  case renewWorkstation(VaultRenewal)
  case registerOperator(OperatorRegistration)
  case listOperators
  case signCheckpoint(CheckpointRequest)
  /// Act `operator.revoke` (parameter `operator`) or `workstation.revoke` (parameter `workstation`).
  case revoke(SignedAct)
  /// Makes a sealed copy of the vault's state, to be read piece by piece.
  case openBackup
  case readBackup(offset: UInt64)
  /// SHA-256 of the server's `BackupManifest`.
  case signBackup(hash: [UInt8])
  /// SHA-256 of a snapshot of the directory, without its signature.
  case signSnapshot(hash: [UInt8])
  /// Act `restore.approve` with the parameters of `RestoreApproval`.
  case approveRestore(SignedAct)
  /// The ring's half of the key over one person's palms.
  /// - Parameter ring: 1 and above; a new number is a new key.
  case templateKey(person: PersonID, ring: UInt32)
  /// Act `vault.cards` with parameter `cards`: SHA-256 over `VaultCard.canonicalBytes` of these.
  case registerCards(SignedAct, cards: [VaultCard])
  /// The register's keys, ordered by fingerprint, from the one behind `key` on (none: from the first).
  case listCards(after: [UInt8])
  /// Act `vault.application` with parameters `application`, `segments`, `definition`, `freshness`.
  case publishApplication(SignedAct)
  case listApplications
  /// Act `vault.credential` with parameters `person`, `application`, `account` and `sealed`: SHA-256 over the `IntakeMessage`.
  case setCredential(SignedAct, sealed: [UInt8])
  /// What there is, from the one behind `place` on; never what is in it.
  case listCredentials(after: String)
  /// Act `vault.deputies` with parameters `owner`, `application`, `account`, `deputies`, `from`, `until`; or
  /// `vault.deputies.withdraw` with the first four.
  case setDeputies(SignedAct)
  /// Who stands in for whom, from the one behind `place` on; those that ended too, until others take their room.
  case listDeputies(after: String)
  /// Act `vault.credential.pending` with parameters `person`, `application` and `sealed`: SHA-256 over the `IntakeMessage`.
  case keepPending(SignedAct, sealed: [UInt8])
  /// Act `vault.credential.confirm` with parameters `person`, `application`, `version` and `outcome`.
  case confirmPending(SignedAct)
  case sessionAct(SessionActRequest)
  /// Act `vault.resume`: releases go on after an alarm stopped them.
  case resumeReleases(SignedAct)
  /// The head of the vault's own log, and what was released behind its first `from` rows.
  case witness(from: UInt64)
  /// Act `vault.rotate` with parameter `layers`: keys are renewed from then on, while the vault serves.
  case rotateKeys(SignedAct)
  /// How old the keys are, and how far their renewal has come.
  case listKeys
  /// Begins an exchange with a shared-key card.
  /// - Parameters:
  ///   - script: `CardScript.canonicalBytes`, at most 8 KiB.
  ///   - number: what the reader says the card's number is.
  case beginCard(script: [UInt8], number: [UInt8])
  /// - Parameters:
  ///   - exchange: the 16 bytes that the exchange is known by; once for each round.
  ///   - answers: of the card, one for each command of the round, as they came.
  case stepCard(exchange: [UInt8], answers: [[UInt8]])
  /// Act `vault.cardkey` with parameters `script` and `sealed`: SHA-256 over the `CardKeyMessage`.
  case setCardKey(SignedAct, sealed: [UInt8])
  case listCardKeys
  /// About printed one-time look-up codes.
  case lookUp(LookUpRequest)
  /// About alarms that somebody has seen, and keys that are taken away.
  case upkeep(UpkeepRequest)

  /// A stable word for logs and answers.
  public var kind: Kind {
    switch self {
    case .status: .status
    case .unseal: .unseal
    case .initialise: .initialise
    case .trustRoots: .trustRoots
    case .publicKeys: .publicKeys
    case .signServer: .signServer
    case .createEnrolmentCode: .createEnrolmentCode
    case .signWorkstation: .signWorkstation
    case .renewWorkstation: .renewWorkstation
    case .registerOperator: .registerOperator
    case .listOperators: .listOperators
    case .signCheckpoint: .signCheckpoint
    case .revoke: .revoke
    case .openBackup: .openBackup
    case .readBackup: .readBackup
    case .signBackup: .signBackup
    case .signSnapshot: .signSnapshot
    case .approveRestore: .approveRestore
    case .templateKey: .templateKey
    case .registerCards: .registerCards
    case .listCards: .listCards
    case .publishApplication: .publishApplication
    case .listApplications: .listApplications
    case .setCredential: .setCredential
    case .listCredentials: .listCredentials
    case .keepPending: .keepPending
    case .confirmPending: .confirmPending
    case .sessionAct: .sessionAct
    case .resumeReleases: .resumeReleases
    case .witness: .witness
    case .setDeputies: .setDeputies
    case .listDeputies: .listDeputies
    case .rotateKeys: .rotateKeys
    case .listKeys: .listKeys
    case .beginCard: .beginCard
    case .stepCard: .stepCard
    case .setCardKey: .setCardKey
    case .listCardKeys: .listCardKeys
    case .lookUp(let request): request.kind
    case .upkeep(let request): request.kind
    }
  }

  public enum Kind: String, Sendable, CaseIterable {
    case status, unseal, initialise, trustRoots, publicKeys, signServer, createEnrolmentCode, signWorkstation, renewWorkstation
    case registerOperator, listOperators, signCheckpoint, revoke, openBackup, readBackup, signBackup, signSnapshot,
      approveRestore, templateKey
    case registerCards, listCards, publishApplication, listApplications, setCredential, listCredentials, sessionAct,
      resumeReleases, witness, setDeputies, listDeputies, keepPending, confirmPending, rotateKeys, listKeys
    case beginCard, stepCard, setCardKey, listCardKeys
    case issueCodes, withdrawCodes, listCodes, showCode
    case listAlarms, seeAlarm, removeCardKey
  }
}

/// What one instance is, fixed once.
public struct VaultInitialisation: Sendable, Equatable {
  public var instance: InstanceID
  /// 1 to 8, the segments this instance serves.
  public var segments: [Segment]
  /// 1 to 16 DNS names or IP addresses of the server; no server certificate ever names another.
  public var hosts: [String]

  public init(instance: InstanceID, segments: [Segment], hosts: [String]) {
    self.instance = instance
    self.segments = segments
    self.hosts = hosts
  }
}

/// How people reach a workstation, as the administrator fixed it in the enrolment code.
public enum EnrolledAccess: String, Sendable, CaseIterable {
  case console, remote
}

public struct VaultRenewal: Sendable, Equatable {
  public static let label = "sanmon/renewal/1"
  /// PKCS#10, DER.
  public var certificateRequest: [UInt8]
  /// The certificate that is renewed, DER.
  public var current: [UInt8]
  /// ECDSA P-256 (DER) by the current key over `message`; may be empty when the request is for the same key, which its own
  /// signature then proves.
  public var proof: [UInt8]

  public init(certificateRequest: [UInt8], current: [UInt8], proof: [UInt8] = []) {
    self.certificateRequest = certificateRequest
    self.current = current
    self.proof = proof
  }

  /// What the current key signs to hand over to a new one.
  public static func message(certificateRequest: [UInt8]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(certificateRequest)
    return writer.bytes
  }
}

/// A new operator: the act `operator.register` with parameters `operator`, `person`, `role` and `key` (DER
/// SubjectPublicKeyInfo in hexadecimal).
public struct OperatorRegistration: Sendable, Equatable {
  /// Who lets the newcomer in.
  public enum Authority: Sendable, Equatable {
    /// The one-time code printed at initialisation; the act is the newcomer's own.
    case firstAdministratorCode(String)
    /// The act is signed by an administrator.
    case administrator
  }

  public var authority: Authority
  /// With a code: signed by the newcomer. Otherwise: signed by an administrator.
  public var act: SignedAct
  /// The newcomer's signature over `Approval.message(actHash:operatorID:)`: she holds the key. Empty with a code, where the
  /// act's own signature proves it.
  public var possession: [UInt8]
  public var possessionScheme: SignatureScheme

  public init(authority: Authority, act: SignedAct, possession: [UInt8] = [], possessionScheme: SignatureScheme = .ecdsaP256) {
    self.authority = authority
    self.act = act
    self.possession = possession
    self.possessionScheme = possessionScheme
  }
}

/// The next checkpoint of the audit log, with the proof that it extends the last one signed.
public struct CheckpointRequest: Sendable, Equatable {
  public var size: UInt64
  /// 32 bytes
  public var root: [UInt8]
  /// Size of the last checkpoint signed; 0 at the first one.
  public var oldSize: UInt64
  /// RFC 6962 §2.1.2 consistency proof from `oldSize` to `size`: at most 64 hashes of 32 bytes.
  public var proof: [[UInt8]]

  public init(size: UInt64, root: [UInt8], oldSize: UInt64, proof: [[UInt8]]) {
    self.size = size
    self.root = root
    self.oldSize = oldSize
    self.proof = proof
  }
}

public enum VaultAnswer: Sendable, Equatable {
  case status(VaultStatus)
  /// Shares are awaited: nothing else is answered until then.
  case sealed(VaultSealing)
  case initialised(firstAdministratorCode: String)
  /// DER certificates
  case trustRoots([[UInt8]])
  case publicKeys(VaultPublicKeys)
  /// DER
  case serverCertificate([UInt8])
  case enrolmentCode(String)
  case workstationCertificate(IssuedWorkstation)
  case operatorRegistered(OperatorID)
  case operators([KnownOperator])
  /// The signed note, C2SP tlog-checkpoint text.
  case checkpoint(String)
  case revoked
  case backup(VaultBackup)
  /// Empty at the end.
  case backupPiece([UInt8])
  /// The signed note of `BackupSignature`.
  case backupSignature(String)
  /// 64 bytes, by the key of the checkpoints.
  case snapshotSignature([UInt8])
  /// The number of the epoch that begins.
  case restoreApproved(epoch: UInt64)
  case templateKey(RingHalf)
  /// At most `VaultCard.mostAtOnce`; fewer: these are the last.
  case cards([VaultCard])
  case applications([VaultApplication])
  /// At most `CredentialEntry.mostAtOnce`; fewer: these are the last.
  case credentials([CredentialEntry])
  /// At most `VaultDeputy.mostAtOnce`; fewer: these are the last.
  case deputies([VaultDeputy])
  case released(SealedRelease)
  case witness(VaultWitness)
  /// One for each layer, in their order.
  case keys([VaultKeyTerm])
  case cardExchange(CardExchangeAnswer)
  /// In the order of their scripts' names.
  case cardKeys([VaultCardKey])
  case lookUp(LookUpAnswer)
  /// At most `VaultAlarm.mostAtOnce`; fewer: these are the last.
  case alarms([VaultAlarm])
  /// The number under which a credential is kept now, 1 and above.
  case kept(version: UInt64)
  /// Done and written, and there is nothing to hand over.
  case noted
  case refused(VaultRefusal)
}

/// The half of a key over palms that the ring gives, 32 bytes; the other half is kept with the person.
public struct RingHalf: Sendable, Equatable {
  public static let bytes = 32
  public let half: Secret<KeyMaterial>

  public init(_ half: Secret<KeyMaterial>) throws(MalformedInput) {
    guard half.count == Self.bytes else { throw MalformedInput("half of a key", expected: "\(Self.bytes) bytes") }
    self.half = half
  }

  /// In a time that tells nothing of the bytes.
  public static func == (one: Self, other: Self) -> Bool {
    let difference = unsafe one.half.withBytes { a in
      unsafe other.half.withBytes { b in unsafe zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } }
    }
    return difference == 0
  }
}

/// The vault's sealed part of a backup, ready to be read.
public struct VaultBackup: Sendable, Equatable {
  public var length: UInt64
  /// SHA-256 of the sealed bytes.
  public var hash: [UInt8]
  /// The recovery key it is sealed to: X25519, 32 bytes.
  public var recipient: [UInt8]

  public init(length: UInt64, hash: [UInt8], recipient: [UInt8]) {
    self.length = length
    self.hash = hash
    self.recipient = recipient
  }
}

/// Where an epoch of the log began: from this size on its rows are other ones than those of the epoch before.
public struct EpochBase: Sendable, Equatable {
  public var epoch: UInt64
  public var size: UInt64

  public init(epoch: UInt64, size: UInt64) {
    self.epoch = epoch
    self.size = size
  }
}

public struct VaultStatus: Sendable, Equatable {
  public var isInitialised: Bool
  /// Empty before initialisation.
  public var instance: String
  public var segments: [String]
  public var hosts: [String]
  public var operators: UInt64
  public var checkpointSize: UInt64
  /// Root of the last checkpoint signed; empty before the first one.
  public var checkpointRoot: [UInt8]
  /// How often something was raised that nobody has seen yet (`VaultAlarm`).
  public var alarms: UInt64
  public var logSize: UInt64
  /// 1 until a restore is approved for the first time.
  public var epoch: UInt64
  /// This state was copied back from a backup and nobody has approved that yet.
  public var isRestored: Bool
  /// Of epochs 2 and later, in order; at most 64, the newest.
  public var bases: [EpochBase]
  /// How many people's shares each start takes; 0: the master key is on the machine.
  public var sharesNeeded: UInt64

  public init(
    isInitialised: Bool, instance: String, segments: [String], hosts: [String], operators: UInt64, checkpointSize: UInt64,
    checkpointRoot: [UInt8], alarms: UInt64, logSize: UInt64, epoch: UInt64 = 1, isRestored: Bool = false,
    bases: [EpochBase] = [], sharesNeeded: UInt64 = 0
  ) {
    self.isInitialised = isInitialised
    self.instance = instance
    self.segments = segments
    self.hosts = hosts
    self.operators = operators
    self.checkpointSize = checkpointSize
    self.checkpointRoot = checkpointRoot
    self.alarms = alarms
    self.logSize = logSize
    self.epoch = epoch
    self.isRestored = isRestored
    self.bases = bases
    self.sharesNeeded = sharesNeeded
  }
}

public struct VaultPublicKeys: Sendable, Equatable {
  /// The note verifier key of the checkpoints, `NAME+HASH+KEY` (C2SP signed-note).
  public var checkpointVerifier: String
  /// Ed25519, 32 bytes: signs what is released.
  public var ticket: [UInt8]
  /// The key that credentials are sealed to on their way in, and its suite.
  public var intakeSuite: String
  /// At most 2,048 bytes.
  public var intake: [UInt8]
  /// By the instance's authority over `message`: who trusts its root, trusts these keys. DER ECDSA-Sig-Value, P-256.
  public var signature: [UInt8]

  public init(
    checkpointVerifier: String, ticket: [UInt8], intakeSuite: String = "", intake: [UInt8] = [], signature: [UInt8] = []
  ) {
    self.checkpointVerifier = checkpointVerifier
    self.ticket = ticket
    self.intakeSuite = intakeSuite
    self.intake = intake
    self.signature = signature
  }

  /// What the authority signs: the label `sanmon/vault-keys/1`, the instance and the keys, length-prefixed.
  public func message(instance: InstanceID) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/vault-keys/1")
    writer.field(instance.text)
    writer.field(checkpointVerifier)
    writer.field(ticket)
    writer.field(intakeSuite)
    writer.field(intake)
    return writer.bytes
  }
}

public struct IssuedWorkstation: Sendable, Equatable {
  /// DER
  public var certificate: [UInt8]
  public var workstation: WorkstationID
  public var segment: Segment
  public var access: EnrolledAccess

  public init(certificate: [UInt8], workstation: WorkstationID, segment: Segment, access: EnrolledAccess) {
    self.certificate = certificate
    self.workstation = workstation
    self.segment = segment
    self.access = access
  }
}
