/// How objects of a directory become people, and how often it is looked at; the same for domain controllers and snapshots.
public struct DirectoryManner: Sendable, Hashable {
  /// Names of OUs, the outermost first, below which the staff stand; empty: anywhere.
  public var base: [String]
  /// The attribute with the staff number, in small letters.
  public var numberAttribute: String
  /// The attribute with the day from which a transfer holds, in small letters; `nil`: at once.
  public var effectiveAttribute: String?
  /// Seconds between two looks; 1 to 3,600.
  public var tickSeconds: Int

  public init(
    base: [String] = [], numberAttribute: String = "employeenumber", effectiveAttribute: String? = nil, tickSeconds: Int = 2
  ) {
    self.base = base
    self.numberAttribute = numberAttribute
    self.effectiveAttribute = effectiveAttribute
    self.tickSeconds = tickSeconds
  }
}

/// The Active Directory that people come from.
public struct DirectoryConnection: Sendable, Hashable {
  public enum Protection: String, Sendable, CaseIterable {
    case ldaps, starttls
  }

  /// Who knows whether a typed password is right.
  public enum Passwords: String, Sendable, CaseIterable {
    /// The passwords that were set with Sanmon.
    case sanmon
    /// The directory, for everybody whose account is there and whose password somebody knows.
    case directory
  }

  public struct Server: Sendable, Hashable {
    /// As its certificate names it.
    public var host: String
    /// `nil`: the usual one, 636 or 389.
    public var port: Int?
    public var protection: Protection

    public init(host: String, port: Int? = nil, protection: Protection = .ldaps) {
      self.host = host
      self.port = port
      self.protection = protection
    }
  }

  /// Asked in this order; 1 to 8.
  public var servers: [Server]
  /// PEM file of the one authority that vouches for them.
  public var authorities: String
  /// The account that reads, as name@domain.
  public var account: String
  /// File with its password and nothing else; a line feed at the end does not count.
  public var passwordFile: String
  public var passwords: Passwords
  /// Unix user who may have signed snapshots written over the operators' socket, and nothing else; `nil`: administrators alone.
  public var snapshotUser: String?
  public var manner: DirectoryManner

  public init(
    servers: [Server], authorities: String, account: String, passwordFile: String, passwords: Passwords = .sanmon,
    snapshotUser: String? = nil, manner: DirectoryManner = DirectoryManner()
  ) {
    self.servers = servers
    self.authorities = authorities
    self.account = account
    self.passwordFile = passwordFile
    self.passwords = passwords
    self.snapshotUser = snapshotUser
    self.manner = manner
  }
}

/// Where signed snapshots of another instance's Active Directory arrive, for a segment that reaches no domain controller.
public struct SnapshotConnection: Sendable, Hashable {
  /// Absolute path of the file, or of a folder whose last file by name, of those that end in `.txt`, is the one.
  public var path: String
  /// The public half of the key that signs them, `snapshot-1-…`; read in full where it is used.
  public var key: String
  /// The one domain that is taken, `S-1-5-21-…`; `nil`: that of the first snapshot. Read in full where it is used.
  public var domain: String?
  /// Hours after which a snapshot in force is told to be old; 1 to 744.
  public var maximumAgeHours: Int
  public var manner: DirectoryManner

  public init(
    path: String, key: String, domain: String? = nil, maximumAgeHours: Int = 26, manner: DirectoryManner = DirectoryManner()
  ) {
    self.path = path
    self.key = key
    self.domain = domain
    self.maximumAgeHours = maximumAgeHours
    self.manner = manner
  }
}
