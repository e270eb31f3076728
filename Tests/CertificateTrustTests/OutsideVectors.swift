import Foundation

/// Test material that other people made: where it lies, and whether it is there. In CI it must be.
enum OutsideVectors {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

  /// NIST's PKITS data as PyPI's cryptography-vectors carries them; `deploy/test` fetches them.
  static let pkits =
    URL(filePath: ProcessInfo.processInfo.environment["SANMON_VECTORS"] ?? repository.appending(path: ".build-vectors").path)
    .appending(path: "cryptography_vectors/x509/PKITS_data")
  static let hasPKITS = isCI || FileManager.default.fileExists(atPath: pkits.path)

  /// Wycheproof, as swift-crypto keeps it beside its own tests: SwiftPM checks out the version that our package pins.
  static let swiftCrypto = [".build", ".build-thread", ".build-address"].map {
    repository.appending(path: "\($0)/checkouts/swift-crypto/Tests")
  }.first { FileManager.default.fileExists(atPath: $0.path) }
  static let hasWycheproof = isCI || swiftCrypto != nil

  /// A table of ours beside the tests: tab-separated, lines that begin with # left out.
  static func table(_ name: String) throws -> [[String]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: name)
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
  }
}
