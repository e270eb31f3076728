/// The floors of docs/architecture.md as data: who may stand on whom, and who owns which foreign library.
struct House {
  /// Bottom up. A target imports only from floors below its own.
  var floors: [[String]] = [
    ["AuthTerms"],
    ["AuthPolicy", "AuthAPI"],
    ["AuditLog", "Sealing", "SmartCard", "Biometric"],
    [
      "DirectorySync", "CertificateTrust", "CardCiphers", "PCSCReader", "AuthClient", "Isolation", "DurableSQLite",
      "PalmSynthesis", "PolicyMutants",
    ],
    ["Storage", "VaultLink", "SSOVault", "MatcherLink", "MatcherHost", "TokenHost", "VeinEvaluation"],
    ["AuthServer", "Console", "Workstation", "Rotator", "LoadClient"],
    [
      "sanmond", "sanmon", "sanmon-agent", "sanmon-vault", "sanmon-matcher", "sanmon-rotator", "sanmon-cardsim", "sanmon-load",
      "sanmon-bench", "sanmon-vein-bench", "sanmon-vein-evaluate", "sanmon-palmsim", "Simulation",
      "sanmon-card-bench",
    ],
    ["sanmon-sim"],
  ]

  /// Foreign module to the targets that may import it. Tests may import what their manifest entry names.
  var owners: [String: Set<String>] = {
    let http: Set<String> = ["AuthServer", "Console"]
    let certificates: Set<String> = ["CertificateTrust", "AuthServer", "sanmon-cardsim", "LoadClient", "Simulation"]
    let executables: Set<String> = [
      "sanmond", "sanmon", "sanmon-agent", "sanmon-vault", "sanmon-matcher", "sanmon-rotator", "sanmon-cardsim", "sanmon-load",
      "sanmon-bench", "sanmon-vein-bench", "sanmon-vein-evaluate", "sanmon-palmsim", "sanmon-sim",
      "sanmon-card-bench",
    ]
    var owners: [String: Set<String>] = [
      "Yams": ["AuthPolicy", "PolicyMutants"],
      "GRDB": ["DurableSQLite", "Storage", "SSOVault"],
      "GRDBSQLite": ["DurableSQLite"],
      "CPCSC": ["PCSCReader", "CBareCard"],
      "CBareCard": ["sanmon-card-bench"],
      "CArgon2": ["Sealing"],
      "COpenSSL": ["CertificateTrust", "CardCiphers", "sanmon-cardsim"],
      "CIsolation": ["Isolation"],
      "CMatcherABI": ["MatcherHost"],
      // Loaded as libraries of vendors are: nobody links them.
      "CExamplePictureMatcher": [],
      "CExampleBlobMatcher": [],
      "CHostileMatcher": [],
      "CHostileModule": [],
      "CPKCS11": ["TokenHost"],
      "CLDAP": ["DirectorySync", "sanmon-load"],
      "CVeinKernel": ["Biometric", "sanmon-vein-bench"],
      "CVeinLimits": ["sanmon-vein-bench"],
      // Tests only: a disk that fails on purpose must never be linked into a program.
      "CFaultyDisk": ["FaultyDisk"],
      "FaultyDisk": [],
      "Fuzzing": [],
      "CardsInMemory": [],
      "CPrograms": ["Programs"],
      "Programs": ["RealDirectory"],
      "RealDirectory": ["sanmon-load"],
      "CAllocationCount": ["sanmon-bench"],
      "Crypto": [
        "AuditLog", "Sealing", "Biometric", "DirectorySync", "CertificateTrust", "AuthClient", "Storage", "SSOVault",
        "AuthServer",
        "Workstation", "Rotator", "sanmon", "sanmon-cardsim", "LoadClient", "sanmon-bench", "Simulation",
        "sanmon-card-bench",
      ],
      "CryptoExtras": ["CertificateTrust", "sanmon-cardsim", "LoadClient"],
      "X509": certificates,
      "SwiftASN1": certificates,
      "ArgumentParser": executables,
    ]
    for module in ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "NIOTLS", "NIOSSL"] {
      owners[module] = http.union(["AuthClient"])
    }
    for module in ["Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging", "ServiceLifecycle", "UnixSignals"] {
      owners[module] = http
    }
    return owners
  }()

  /// What must not be inside a program, through however many targets, and why.
  var kept: [(program: String, without: Set<String>, why: String)] = [
    (
      "sanmond",
      [
        "SSOVault", "SmartCard", "CardCiphers", "PCSCReader", "CPCSC", "Biometric", "CVeinKernel", "MatcherHost", "CMatcherABI",
        "TokenHost",
      ],
      "the server holds no keys, reads no cards and decodes no pictures"
    ),
    (
      "sanmon-agent",
      [
        "Storage", "SSOVault", "GRDB", "DirectorySync", "CLDAP", "AuthPolicy", "Yams", "CertificateTrust", "CardCiphers",
        "COpenSSL",
      ],
      "the agent on a clerk's PC needs no SQL, LDAP, YAML or OpenSSL"
    ),
    (
      "sanmon-vault",
      ["AuthServer", "AuthClient", "NIOCore", "NIOPosix", "NIOSSL", "NIOHTTP1", "Hummingbird", "AuthPolicy", "Yams", "CLDAP"],
      "untrusted bytes are not parsed where keys live"
    ),
    (
      "sanmon-matcher",
      [
        "Storage", "SSOVault", "GRDB", "AuthServer", "AuthClient", "NIOCore", "NIOSSL", "AuthPolicy", "Yams", "CLDAP",
        "Sealing",
      ],
      "a process that runs a vendor's code holds nothing else"
    ),
    (
      "sanmon-rotator",
      ["Storage", "SSOVault", "GRDB", "AuthServer", "AuthClient", "NIOCore", "NIOSSL", "AuthPolicy", "Yams", "SmartCard"],
      "a process that may reset passwords listens to nobody"
    ),
    ("sanmon", ["AuthServer"], "the operator's tool is a client"),
    ("sanmon-load", ["AuthServer", "SSOVault"], "what loads a server is outside it"),
  ]

  /// Below deploy/plugin, where a vendor looks.
  static let plugin: Set<String> = ["CMatcherABI", "CExamplePictureMatcher", "CExampleBlobMatcher", "CHostileMatcher"]

  /// Programs that share no line with us, so that an error of ours cannot cancel itself out.
  var strangers: Set<String> = ["sanmon-cardsim"]

  /// Comes with the toolchain or the system.
  static let system: Set<String> = [
    "Swift", "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Musl", "Synchronization", "_Concurrency",
  ]
  static let systemForTests = system.union(["Testing"])

  func floor(of target: String) -> Int? { floors.firstIndex { $0.contains(target) } }
}
