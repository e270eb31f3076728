public import AuthTerms

/// An address and a port.
public struct Listener: Sendable, Hashable {
  public var address: String
  /// 1 … 65535, or 0 for a free port that the system chooses.
  public var port: Int

  public init(address: String, port: Int) {
    self.address = address
    self.port = port
  }
}

public enum TLSMinimum: String, Sendable, CaseIterable {
  /// For Windows versions without 1.3, with ECDHE and AEAD only; said explicitly for each listener.
  case v12 = "1.2"
  case v13 = "1.3"
}

public struct TLSListener: Sendable, Hashable {
  public var listener: Listener
  public var minimum: TLSMinimum

  public init(listener: Listener, minimum: TLSMinimum = .v13) {
    self.listener = listener
    self.minimum = minimum
  }
}

/// The network door of operators: mutual TLS with the certificates on their cards.
public struct OperatorListener: Sendable, Hashable {
  public var listen: TLSListener
  /// PEM files of the authorities whose certificates may stand at this door; 1 to 16. Never the workstations' authority.
  public var roots: [String]
  /// PEM files of revocation lists; with any, a certificate whose issuer has no list in force is refused.
  public var crls: [String]

  public init(listen: TLSListener, roots: [String], crls: [String] = []) {
    self.listen = listen
    self.roots = roots
    self.crls = crls
  }
}

/// Where palms are compared: the sockets of two processes of ours, or of one that is a vendor's.
public struct PalmMatcher: Sendable, Hashable {
  /// Makes templates of samples.
  public var extractSocket: String
  /// Compares them; a vendor's process does both and has one socket.
  public var compareSocket: String
  /// Unix users under which they run; somebody else who listens there is not asked. `nil`: anybody.
  public var extractUser: String?
  public var compareUser: String?

  public init(extractSocket: String, compareSocket: String, extractUser: String? = nil, compareUser: String? = nil) {
    self.extractSocket = extractSocket
    self.compareSocket = compareSocket
    self.extractUser = extractUser
    self.compareUser = compareUser
  }
}

/// A witness that cosigns the log's checkpoints from another machine (C2SP tlog-witness).
public struct CheckpointWitness: Sendable, Hashable {
  /// Its submission prefix, `http://HOST:PORT/`: without TLS, since what is asked is public and what is answered is signed.
  public var address: ListAddress
  /// Its public key, `name+hex8+base64`; read in full where it is used.
  public var key: String

  public init(address: ListAddress, key: String) {
    self.address = address
    self.key = key
  }
}

/// The start-up file of one server instance.
///
/// *Trusted: who can change it can point the instance at other policies, roots and sockets.*
public struct InstanceFile: Sendable, Hashable {
  public var instance: String
  public var segments: [Segment]
  public var listen: TLSListener
  public var enrolmentListen: TLSListener
  public var metricsListen: Listener?
  /// Absolute path of the unix socket for operators.
  public var operatorSocket: String
  /// Unix user names that may use it.
  public var operatorUsers: [String]
  /// `nil`: operators come through the unix socket alone.
  public var operatorListen: OperatorListener?
  public var vaultSocket: String
  /// Absolute path of the folder that holds the database.
  public var state: String
  /// Absolute path of the policy folder.
  public var policies: String
  /// PEM files of the card authorities of each segment.
  public var cardRoots: [Segment: [String]]
  public var cardCRLs: [Segment: [String]]
  /// Hours for which a CRL past its next update is still used; 0 = not at all.
  public var staleGraceHours: Int
  /// Hours after which a CRL is due whatever it says itself; `nil`: as it says.
  public var maximumListAgeHours: Int?
  /// Whether the authorities above a card need a CRL too.
  public var listsForWholePath: Bool
  /// Of which a card of the segment must have one along its whole path; none: nothing is asked for.
  public var cardPolicies: [Segment: [CertificatePolicy]]
  /// 2,048 or 3,072.
  public var minimumRSABits: Int
  /// Names and addresses in the server's certificate.
  public var hosts: [String]
  /// Seconds between two signed checkpoints of the log.
  public var checkpointSeconds: Int
  /// Connections that one address may hold to the workstations' listener: more than 1 where many workstations share an
  /// address (a telework gateway).
  public var connectionsPerSource: Int
  /// How many administrators have to sign a policy set before it is put in force here, and two at least if it widens access;
  /// 0: none.
  public var policySignatures: Int
  /// Absolute path of a checkpoint, or of a folder of them, that the log is compared with at start.
  public var witness: String?
  /// The public half of the key that backups are sealed to, `recovery-1-…`; read in full where it is used.
  public var recoveryKey: String?
  /// `nil`: people come from snapshots, or are imported from files.
  public var directory: DirectoryConnection?
  /// Never together with `directory`.
  public var snapshot: SnapshotConnection?
  /// The first one enrols; a second one still knows the palms of a former sensor. Empty: no palm is looked at.
  public var palmMatchers: [PalmMatcher]
  /// Where `sanmon pki fetch` finds lists for the folder under `cardCRLs`; the server itself fetches nothing.
  public var cardCRLSources: [Segment: [ListAddress]]
  /// PEM files of the authorities of My Number Cards' user-authentication certificates; without any for a segment, such a card
  /// is known by its key alone.
  public var jpkiRoots: [Segment: [String]]
  /// Their revocation lists; only for segments that have roots.
  public var jpkiCRLs: [Segment: [String]]
  /// Policies of authorities that promise a PIN: a certificate card of the segment that has one along its whole path is `pk-pin`.
  public var cardPINPolicies: [Segment: [CertificatePolicy]]
  /// Whom each checkpoint is shown to, and whom the log is compared with at start where they can be reached; at most 4.
  public var witnesses: [CheckpointWitness]
  /// Where the log is sent to; at most four. Empty: nowhere.
  public var forward: [ForwardDestination]

  public init(
    instance: String, segments: [Segment], listen: TLSListener, enrolmentListen: TLSListener, metricsListen: Listener?,
    operatorSocket: String, operatorUsers: [String], operatorListen: OperatorListener? = nil, vaultSocket: String,
    state: String, policies: String, cardRoots: [Segment: [String]], cardCRLs: [Segment: [String]] = [:],
    staleGraceHours: Int = 0, maximumListAgeHours: Int? = nil, listsForWholePath: Bool = false,
    cardPolicies: [Segment: [CertificatePolicy]] = [:], minimumRSABits: Int = 2048, hosts: [String],
    checkpointSeconds: Int = 60, connectionsPerSource: Int = 32,
    policySignatures: Int = 0, witness: String? = nil, recoveryKey: String? = nil,
    directory: DirectoryConnection? = nil, snapshot: SnapshotConnection? = nil, palmMatchers: [PalmMatcher] = [],
    cardCRLSources: [Segment: [ListAddress]] = [:],
    jpkiRoots: [Segment: [String]] = [:], jpkiCRLs: [Segment: [String]] = [:],
    cardPINPolicies: [Segment: [CertificatePolicy]] = [:], witnesses: [CheckpointWitness] = [],
    forward: [ForwardDestination] = []
  ) {
    self.instance = instance
    self.segments = segments
    self.listen = listen
    self.enrolmentListen = enrolmentListen
    self.metricsListen = metricsListen
    self.operatorSocket = operatorSocket
    self.operatorUsers = operatorUsers
    self.operatorListen = operatorListen
    self.vaultSocket = vaultSocket
    self.state = state
    self.policies = policies
    self.cardRoots = cardRoots
    self.cardCRLs = cardCRLs
    self.staleGraceHours = staleGraceHours
    self.maximumListAgeHours = maximumListAgeHours
    self.listsForWholePath = listsForWholePath
    self.cardPolicies = cardPolicies
    self.minimumRSABits = minimumRSABits
    self.hosts = hosts
    self.checkpointSeconds = checkpointSeconds
    self.connectionsPerSource = connectionsPerSource
    self.policySignatures = policySignatures
    self.witness = witness
    self.recoveryKey = recoveryKey
    self.directory = directory
    self.snapshot = snapshot
    self.palmMatchers = palmMatchers
    self.cardCRLSources = cardCRLSources
    self.jpkiRoots = jpkiRoots
    self.jpkiCRLs = jpkiCRLs
    self.cardPINPolicies = cardPINPolicies
    self.witnesses = witnesses
    self.forward = forward
  }

  /// - Throws: every fault of the file.
  public static func parse(_ source: PolicySource) throws(PolicyFaults) -> InstanceFile {
    let log = FaultLog(file: source.name)
    let file = MarkedTree.parse(source.bytes, log).flatMap { InstanceReader(log: log).read($0) }
    guard log.isClean, let file else { throw PolicyFaults(log.inOrder) }
    return file
  }
}
