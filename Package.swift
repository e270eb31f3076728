// swift-tools-version: 6.2
// The floors of docs/architecture.md, bottom up. A target imports only from floors below its own;
// Tests/PackageTests/ImportTests.swift holds every import in the tree against this file.
import Foundation
import PackageDescription

let strict = ProcessInfo.processInfo.environment["SANMON_STRICT"] == "1"

let house: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

/// Floors 0 to 2: no clock, no file, no socket, no database, and memory safety proven by the compiler.
let pure: [SwiftSetting] = house + [.strictMemorySafety()]

/// Tests are compiled without optimisation, but for those that fuzz: they wait more than they compute, and their compilation is the
/// tail of a build.
let tests: [SwiftSetting] = house + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

extension Target.Dependency {
  static let crypto: Self = .product(name: "Crypto", package: "swift-crypto")
  static let cryptoExtras: Self = .product(name: "CryptoExtras", package: "swift-crypto")
  static let x509: Self = .product(name: "X509", package: "swift-certificates")
  static let asn1: Self = .product(name: "SwiftASN1", package: "swift-asn1")
  static let grdb: Self = .product(name: "GRDB", package: "GRDB.swift")
  static let sqlite: Self = .product(name: "GRDBSQLite", package: "GRDB.swift")
  static let yams: Self = .product(name: "Yams", package: "Yams")
  static let nio: [Self] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
  ]
  static let hummingbird: [Self] = [
    .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
  ]
  static let arguments: Self = .product(name: "ArgumentParser", package: "swift-argument-parser")
}

let package = Package(
  name: "sanmon",
  products: [
    .executable(name: "sanmond", targets: ["sanmond"]),
    .executable(name: "sanmon", targets: ["sanmon"]),
    .executable(name: "sanmon-agent", targets: ["sanmon-agent"]),
    .executable(name: "sanmon-vault", targets: ["sanmon-vault"]),
    .executable(name: "sanmon-matcher", targets: ["sanmon-matcher"]),
    .executable(name: "sanmon-rotator", targets: ["sanmon-rotator"]),
    .executable(name: "sanmon-cardsim", targets: ["sanmon-cardsim"]),
    // How libraries of vendors look; for tests.
    .library(name: "ExamplePictureMatcher", type: .dynamic, targets: ["CExamplePictureMatcher"]),
    .library(name: "ExampleBlobMatcher", type: .dynamic, targets: ["CExampleBlobMatcher"]),
    .library(name: "HostileMatcher", type: .dynamic, targets: ["CHostileMatcher"]),
    // A PKCS#11 library that does its host harm; for tests.
    .library(name: "HostileModule", type: .dynamic, targets: ["CHostileModule"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    // MARK: System libraries
    .systemLibrary(name: "CPCSC", pkgConfig: "libpcsclite", providers: [.apt(["libpcsclite-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLDAP", providers: [.apt(["libldap2-dev"])]),
    .target(name: "CIsolation"),
    .systemLibrary(name: "CMatcherABI", path: "deploy/plugin"),
    .target(
      name: "CExamplePictureMatcher", path: "deploy/plugin/examples/pictures", publicHeadersPath: ".",
      linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CExampleBlobMatcher", path: "deploy/plugin/examples/blobs", publicHeadersPath: "."),
    .target(name: "CHostileMatcher", path: "deploy/plugin/examples/hostile", publicHeadersPath: "."),
    .target(name: "CVeinKernel"),
    .systemLibrary(name: "CPKCS11"),

    // MARK: 0 terms
    .target(name: "AuthTerms", swiftSettings: pure),

    // MARK: 1 rules | wire
    .target(name: "AuthPolicy", dependencies: ["AuthTerms", .yams], swiftSettings: pure),
    .target(name: "AuthAPI", dependencies: ["AuthTerms"], swiftSettings: pure),

    // MARK: 2 capabilities
    .target(name: "AuditLog", dependencies: ["AuthTerms", .crypto], swiftSettings: pure),
    .target(name: "Sealing", dependencies: ["AuthTerms", "CArgon2", .crypto], swiftSettings: pure),
    .target(name: "SmartCard", dependencies: ["AuthTerms"], swiftSettings: pure),
    .target(name: "Biometric", dependencies: ["AuthTerms", "CVeinKernel", .crypto], swiftSettings: pure),

    // MARK: 3 adapters
    .target(name: "DirectorySync", dependencies: ["AuthTerms", "Sealing", "CLDAP", .crypto], swiftSettings: house),
    .target(
      name: "CertificateTrust", dependencies: ["AuthTerms", "COpenSSL", .crypto, .cryptoExtras, .x509, .asn1],
      swiftSettings: house),
    .target(name: "CardCiphers", dependencies: ["AuthTerms", "SmartCard", "COpenSSL"], swiftSettings: house),
    .target(name: "PCSCReader", dependencies: ["AuthTerms", "SmartCard", "CPCSC"], swiftSettings: house),
    .target(name: "AuthClient", dependencies: ["AuthTerms", "AuthAPI", .crypto] + Target.Dependency.nio, swiftSettings: house),
    .target(name: "Isolation", dependencies: ["AuthTerms", "CIsolation"], swiftSettings: house),
    .target(name: "DurableSQLite", dependencies: [.grdb, .sqlite], swiftSettings: house),

    // MARK: 4 state
    .target(
      name: "Storage", dependencies: ["AuthTerms", "AuthPolicy", "AuditLog", "DurableSQLite", .crypto, .grdb],
      swiftSettings: house),
    .target(name: "VaultLink", dependencies: ["AuthTerms", "AuthAPI", "Isolation"], swiftSettings: house),
    .target(name: "TokenHost", dependencies: ["AuthTerms", "Isolation", "SmartCard", "CPKCS11"], swiftSettings: house),
    .target(name: "MatcherLink", dependencies: ["AuthTerms", "AuthAPI", "Isolation"], swiftSettings: house),
    .target(
      name: "MatcherHost", dependencies: ["AuthTerms", "AuthAPI", "Biometric", "Isolation", "CMatcherABI"], swiftSettings: house
    ),
    .target(
      name: "SSOVault",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuditLog", "CardCiphers", "CertificateTrust", "DurableSQLite", "Isolation", "Sealing",
        "SmartCard", .crypto, .grdb,
      ],
      swiftSettings: house),

    // MARK: 5 application
    .target(
      name: "AuthServer",
      dependencies: [
        "AuthTerms", "AuthPolicy", "AuthAPI", "AuditLog", "Sealing", "CertificateTrust", "DirectorySync", "Isolation",
        "MatcherLink", "Storage", "VaultLink", .crypto, .x509, .asn1,
      ] + Target.Dependency.nio + Target.Dependency.hummingbird,
      swiftSettings: house),
    .target(
      name: "Workstation",
      dependencies: ["AuthTerms", "AuthAPI", "Sealing", "SmartCard", "PCSCReader", "AuthClient", "Isolation", .crypto],
      swiftSettings: house),

    .target(
      name: "Rotator", dependencies: ["AuthTerms", "AuthAPI", "Sealing", "DirectorySync", "VaultLink", .crypto],
      swiftSettings: house),

    // MARK: 6 executables
    .executableTarget(
      name: "sanmond", dependencies: ["AuthServer", "AuthPolicy", "AuthTerms", "Isolation", .arguments], swiftSettings: house),
    .executableTarget(
      name: "sanmon",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuthPolicy", "AuditLog", "Sealing", "CertificateTrust", "DirectorySync", "AuthClient",
        "Isolation", "Storage", "VaultLink", "Workstation", "SmartCard", "PCSCReader", "TokenHost", .crypto, .arguments,
      ], swiftSettings: house),
    .executableTarget(
      name: "sanmon-agent",
      dependencies: ["AuthTerms", "AuthAPI", "AuthClient", "SmartCard", "Isolation", "TokenHost", "Workstation", .arguments],
      swiftSettings: house),
    .executableTarget(
      name: "sanmon-vault", dependencies: ["AuthTerms", "AuthAPI", "Isolation", "SSOVault", .arguments], swiftSettings: house),
    .executableTarget(
      name: "sanmon-matcher", dependencies: ["AuthAPI", "Isolation", "MatcherHost", .arguments], swiftSettings: house),
    .executableTarget(
      name: "sanmon-rotator", dependencies: ["AuthTerms", "Isolation", "Rotator", "VaultLink", .arguments],
      swiftSettings: house),
    .executableTarget(
      name: "sanmon-cardsim", dependencies: ["COpenSSL", .crypto, .cryptoExtras, .x509, .asn1, .arguments], swiftSettings: house
    ),

    // MARK: Benchmarks: targets of this package, so that one build serves them too; never installed
    .target(name: "CAllocationCount", path: "Benchmarks/CAllocationCount"),
    .target(
      name: "LoadClient",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuthClient", "CertificateTrust", "Sealing", "VaultLink", .crypto, .cryptoExtras, .x509, .asn1,
      ], path: "Benchmarks/LoadClient", swiftSettings: house),
    .executableTarget(
      name: "sanmon-load",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuthClient", "AuditLog", "CLDAP", "DirectorySync", "RealDirectory", "Storage", "LoadClient",
        .arguments,
      ], path: "Benchmarks/sanmon-load", swiftSettings: house),
    .target(
      name: "PolicyMutants", dependencies: ["AuthPolicy", .yams], path: "Benchmarks/PolicyMutants", swiftSettings: house),
    .executableTarget(
      name: "sanmon-bench",
      dependencies: ["AuthTerms", "AuthPolicy", "CAllocationCount", "LoadClient", "PolicyMutants", .crypto, .arguments],
      path: "Benchmarks/sanmon-bench", swiftSettings: house),
    .target(name: "CVeinLimits", path: "Benchmarks/CVeinLimits"),
    .executableTarget(
      name: "sanmon-vein-bench",
      dependencies: ["AuthTerms", "Biometric", "CVeinKernel", "CVeinLimits", "LoadClient", .arguments],
      path: "Benchmarks/sanmon-vein-bench", swiftSettings: house),

    .target(name: "CBareCard", dependencies: ["CPCSC"], path: "Benchmarks/CBareCard"),
    .executableTarget(
      name: "sanmon-card-bench",
      dependencies: [
        "AuthTerms", "AuthAPI", "CBareCard", "LoadClient", "PCSCReader", "SmartCard", "Workstation", .crypto, .arguments,
      ], path: "Benchmarks/sanmon-card-bench", swiftSettings: house),

    .target(
      name: "PalmSynthesis", dependencies: ["AuthTerms", "Biometric"], path: "Benchmarks/PalmSynthesis", swiftSettings: house),
    .target(
      name: "VeinEvaluation", dependencies: ["AuthTerms", "Biometric", "PalmSynthesis"], path: "Benchmarks/VeinEvaluation",
      swiftSettings: house),
    .executableTarget(
      name: "sanmon-vein-evaluate",
      dependencies: ["AuthTerms", "Biometric", "LoadClient", "PalmSynthesis", "VeinEvaluation", .arguments],
      path: "Benchmarks/sanmon-vein-evaluate", swiftSettings: house),
    .executableTarget(
      name: "sanmon-palmsim", dependencies: ["AuthTerms", "Biometric", "PalmSynthesis", .arguments],
      path: "Benchmarks/sanmon-palmsim", swiftSettings: house),

    // MARK: Simulation: whole mornings from a seed, for tests; never installed
    .target(
      name: "Simulation",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuthPolicy", "AuditLog", "AuthServer", "CertificateTrust", "Sealing", "Storage", "VaultLink",
        .crypto, .x509, .asn1,
      ], path: "Benchmarks/Simulation", swiftSettings: house),
    .executableTarget(
      name: "sanmon-sim", dependencies: ["Simulation", .arguments], path: "Benchmarks/sanmon-sim", swiftSettings: house),

    // MARK: Tests
    .target(name: "CFaultyDisk", path: "Tests/CFaultyDisk", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(name: "FaultyDisk", dependencies: ["CFaultyDisk"], path: "Tests/FaultyDisk", swiftSettings: house),
    .target(name: "Fuzzing", path: "Tests/Fuzzing", swiftSettings: house),
    .target(name: "CPrograms", path: "Tests/CPrograms"),
    .target(name: "CHostileModule", path: "Tests/CHostileModule", publicHeadersPath: "."),
    .target(name: "Programs", dependencies: ["CPrograms"], path: "Tests/Programs", swiftSettings: house),
    .target(
      name: "RealDirectory", dependencies: ["AuthTerms", "DirectorySync", "Programs"], path: "Tests/RealDirectory",
      swiftSettings: house),
    .target(
      name: "CardsInMemory", dependencies: ["AuthTerms", "CardCiphers", "SmartCard"], path: "Tests/CardsInMemory",
      swiftSettings: house),
    .testTarget(name: "PackageTests", dependencies: ["Programs"], swiftSettings: tests),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuthPolicy", "AuditLog", "Biometric", "CardCiphers", "CertificateTrust", "DirectorySync",
        "Fuzzing", "Sealing", "SmartCard", "Workstation", .crypto,
      ], swiftSettings: house),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation", "AuditLog", "AuthTerms", "Storage"], swiftSettings: tests),
    .testTarget(name: "BenchmarkTests", dependencies: ["LoadClient", "RealDirectory"], swiftSettings: tests),
    .testTarget(name: "AuthTermsTests", dependencies: ["AuthTerms"], swiftSettings: tests),
    .testTarget(name: "AuthAPITests", dependencies: ["AuthTerms", "AuthAPI", .crypto], swiftSettings: tests),
    .testTarget(
      name: "AuthPolicyTests", dependencies: ["AuthTerms", "AuthPolicy", "PolicyMutants", .crypto], swiftSettings: tests),
    .testTarget(name: "AuditLogTests", dependencies: ["AuthTerms", "AuditLog", .crypto], swiftSettings: tests),
    .testTarget(name: "SealingTests", dependencies: ["AuthTerms", "Sealing", .crypto], swiftSettings: tests),
    .testTarget(
      name: "SmartCardTests",
      dependencies: [
        "AuthTerms", "AuthPolicy", "CardCiphers", "SmartCard", "PCSCReader", "Programs", "Workstation", .crypto, .cryptoExtras,
      ], swiftSettings: tests),
    .testTarget(
      name: "CardCiphersTests", dependencies: ["AuthTerms", "AuthPolicy", "CardCiphers", "CardsInMemory", "SmartCard"],
      exclude: ["golden.py"],
      swiftSettings: tests),
    .testTarget(
      name: "MatcherTests",
      dependencies: [
        "AuthTerms", "AuthAPI", "Biometric", "Fuzzing", "Isolation", "MatcherHost", "MatcherLink", "PalmSynthesis", "Programs",
      ], swiftSettings: tests),
    .testTarget(
      name: "BiometricTests", dependencies: ["AuthTerms", "Biometric", "CVeinKernel", "PalmSynthesis", "VeinEvaluation"],
      swiftSettings: tests),
    .testTarget(
      name: "DirectorySyncTests",
      dependencies: ["AuthTerms", "DirectorySync", "Fuzzing", "Programs", "RealDirectory", "Sealing", .crypto],
      swiftSettings: tests
    ),
    .testTarget(
      name: "CertificateTrustTests",
      dependencies: ["AuthTerms", "CertificateTrust", "Programs", .crypto, .cryptoExtras, .x509, .asn1],
      exclude: ["pkits.tsv", "pkits-deviations.tsv"], swiftSettings: tests),
    .testTarget(
      name: "StorageTests",
      dependencies: [
        "AuthTerms", "AuthPolicy", "AuditLog", "DurableSQLite", "FaultyDisk", "Programs", "Storage", .crypto, .grdb,
      ],
      swiftSettings: tests),
    .testTarget(
      name: "SSOVaultTests",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuditLog", "CardCiphers", "CardsInMemory", "CertificateTrust", "DirectorySync", "FaultyDisk",
        "Isolation", "Programs", "RealDirectory", "Rotator", "Sealing", "SmartCard", "SSOVault", "VaultLink", .crypto, .x509,
        .asn1,
      ], swiftSettings: tests),
    .testTarget(
      name: "AuthServerTests",
      dependencies: [
        "AuthTerms", "AuthAPI", "AuthPolicy", "AuditLog", "AuthServer", "AuthClient", "CertificateTrust", "DirectorySync",
        "CardCiphers", "CardsInMemory", "Fuzzing", "MatcherHost", "Programs", "RealDirectory", "Sealing", "SmartCard",
        "Storage",
        "VaultLink", "SSOVault", "Isolation", "Workstation",
        .crypto,
        .cryptoExtras, .x509,
        .asn1,
      ] + Target.Dependency.nio + Target.Dependency.hummingbird, exclude: ["foreign-note.py"], swiftSettings: tests),
    .testTarget(
      name: "WorkstationTests",
      dependencies: [
        "AuthTerms", "AuthAPI", "Sealing", "SmartCard", "PCSCReader", "Workstation", "AuthClient", .crypto, .x509, .asn1,
      ]
        + Target.Dependency.nio, swiftSettings: tests),
  ],
  swiftLanguageModes: [.v6]
)
