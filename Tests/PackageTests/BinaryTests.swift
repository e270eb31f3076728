import Foundation
import Testing

/// The programs of the same build, looked at from outside: what is linked is there whatever the sources say.
///
/// The file is searched as bytes. Names of Swift modules stand in every symbol and in the type records that even a
/// stripped program keeps; names of shared libraries stand in the dynamic section; and a library opened at run time by
/// name would be found too.
struct Binary {
  let name: String
  let bytes: Data

  /// Beside the test bundle, or in `SANMON_BINARIES`.
  init?(_ name: String) throws {
    guard let folder = Self.folder else { return nil }
    let url = folder.appending(path: name)
    guard FileManager.default.isExecutableFile(atPath: url.path) else { return nil }
    self.name = name
    bytes = try Data(contentsOf: url, options: .mappedIfSafe)
  }

  static let folder: URL? = {
    if let said = ProcessInfo.processInfo.environment["SANMON_BINARIES"] { return URL(filePath: said) }
    guard let me = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    return URL(filePath: me).deletingLastPathComponent()
  }()

  /// Where the programs were built, if `program` is among them. Missing, it is an issue where everything must be there, and
  /// elsewhere the end of the test, with the reason.
  static func folder(with program: String) throws -> URL? {
    if let folder, FileManager.default.isExecutableFile(atPath: folder.appending(path: program).path) { return folder }
    guard Tree.mustHaveEverything else { try Test.cancel("\(program) was not built beside the test bundle") }
    Issue.record("\(program) was not built beside the test bundle")
    return nil
  }

  func contains(_ word: String) -> Bool { bytes.range(of: Data(word.utf8)) != nil }

  /// Whether any symbol of a Swift module is inside: its mangled name is its length and itself after `$s`.
  func contains(module: String) -> Bool { contains("$s\(module.utf8.count)\(module)") }
}

@Suite("what the built programs contain")
struct BinaryTests {
  struct Rule: Sendable, CustomTestStringConvertible {
    let program: String
    /// The search is proven to see by something that must be there.
    let has: [String]
    let modules: [String]
    let libraries: [String]
    var testDescription: String { program }
  }

  static let rules = [
    Rule(
      program: "sanmond", has: ["AuthServer", "Storage", "VaultLink"],
      modules: ["SSOVault", "SmartCard", "CardCiphers", "PCSCReader", "Biometric", "MatcherHost", "TokenHost"],
      libraries: ["libpcsclite"]),
    Rule(
      program: "sanmon-agent", has: ["Workstation", "PCSCReader", "TokenHost"],
      modules: [
        "GRDB", "Yams", "Storage", "AuthPolicy", "AuthServer", "DirectorySync", "CertificateTrust", "CardCiphers", "SSOVault",
      ],
      libraries: ["libsqlite3", "libldap", "libyaml", "libcrypto.so", "libssl.so"]),
    Rule(
      program: "sanmon-vault", has: ["SSOVault", "GRDB"],
      modules: [
        "NIOCore", "NIOPosix", "NIOSSL", "Hummingbird", "HummingbirdCore", "Yams", "AuthServer", "AuthClient", "AuthPolicy",
      ],
      libraries: ["libldap", "libpcsclite", "libssl.so"]),
    Rule(
      program: "sanmon-matcher", has: ["MatcherHost", "Isolation", "Biometric"],
      modules: ["SSOVault", "GRDB", "AuthServer", "AuthPolicy", "Yams", "NIOCore", "Hummingbird", "Sealing", "Storage"],
      libraries: ["libsqlite3", "libldap", "libpcsclite", "libssl.so", "libcrypto.so"]),
    Rule(
      program: "sanmon-rotator", has: ["Rotator", "DirectorySync", "VaultLink"],
      modules: [
        "SSOVault", "GRDB", "AuthServer", "AuthClient", "AuthPolicy", "Yams", "NIOCore", "Hummingbird", "Storage", "SmartCard",
      ],
      libraries: ["libsqlite3", "libpcsclite"]),
    Rule(program: "sanmon", has: ["AuthClient"], modules: ["AuthServer", "Hummingbird", "SSOVault"], libraries: []),
    Rule(
      program: "sanmon-cardsim", has: [],
      modules: [
        "AuthTerms", "AuthAPI", "SmartCard", "CardCiphers", "PCSCReader", "CertificateTrust", "AuthServer", "Workstation",
      ],
      libraries: ["libpcsclite", "libsqlite3"]),
    Rule(
      program: "sanmon-palmsim", has: ["PalmSynthesis", "Biometric"],
      modules: ["AuthAPI", "AuthClient", "AuthServer", "MatcherHost", "Storage", "Workstation"],
      libraries: ["libpcsclite", "libsqlite3"]),
  ]

  @Test("each program links what it needs and not what it must not have", arguments: rules)
  func contents(rule: Rule) throws {
    guard try Binary.folder(with: rule.program) != nil else { return }
    let binary = try #require(try Binary(rule.program))
    for module in rule.has { #expect(binary.contains(module: module), "\(rule.program) lacks \(module)") }
    for module in rule.modules { #expect(!binary.contains(module: module), "\(rule.program) contains \(module)") }
    for library in rule.libraries { #expect(!binary.contains(library), "\(rule.program) opens \(library)") }
  }
}
