import Foundation
import Simulation
import Testing

/// Whole mornings from seeds. A failure names its seed: `sanmon-sim --seed N --verbose` tells that morning step by step.
@Suite("Simulated mornings", .serialized)
struct MorningTests {
  /// 1,000 where the build is optimised; `SANMON_SEEDS` says another number.
  static var count: UInt64 {
    ProcessInfo.processInfo.environment["SANMON_SEEDS"].flatMap(UInt64.init) ?? (isOptimised ? 1000 : 100)
  }
  static var isOptimised: Bool {
    var isOptimised = true
    assert(
      {
        isOptimised = false; return true
      }())
    return isOptimised
  }

  @Test("no morning breaks an invariant, and between them they see everything that can be said")
  func mornings() async throws {
    let tally = try await Self.run { try $0.run(seeds: 0..<Self.count, threads: 2, most: 3) }
    for report in tally.broken {
      Issue.record("seed \(report.seed), step \(report.steps): \(report.broken?.description ?? "")")
    }
    #expect(tally.mornings == Int(Self.count))
    guard Self.count >= 1000 else { return }
    let missing = Self.expected.filter { tally.seen[$0, default: 0] == 0 }
    #expect(missing == [], "the mornings never came to this: they prove nothing about it")
    #expect(tally.grants > 5 * tally.mornings && tally.falls > tally.mornings)
  }

  /// What a thousand mornings have to come to.
  static let expected: [String] = {
    let codes = ["AP102", "AP103", "AP104", "AP105", "AP106", "AP107", "AP108", "AP109", "AP111", "AP114"]
    let proofs = ["AP120", "AP122", "AP141", "AP142", "AP143", "AP144", "AP145", "AP148", "AP149"]
    return (codes + proofs).map { "logon denied \($0)" }
      + ["AP103", "AP105", "AP106", "AP107", "AP109", "AP111", "AP115", "AP116", "AP117"].map { "unlock denied \($0)" }
      + ["AP110", "AP113", "AP114", "AP127"].map { "remote denied \($0)" }
      + [
        "logon granted", "unlock granted", "remote granted", "logon stillNeeded", "session.displaced done",
        "audit.recovered done AP190", "refusals.coalesced denied AP120", "people.imported refused", "policy.refused refused",
        "policy.loaded done", "workstation.revoked done", "lease refused AP115", "lease refused AP117",
      ]
  }()

  @Test(
    "the same seed is the same morning: on either store the log ends with the same root",
    arguments: [1, 7, 16, 99, 260] as [UInt64])
  func sameSeed(seed: UInt64) async throws {
    let reports = try await Self.run { mornings in
      [
        try mornings.run(seed: seed, isTraced: true, source: MemorySource()),
        try mornings.run(seed: seed, isTraced: true, source: MemorySource()),
        try mornings.run(seed: seed, isTraced: true, source: FileSource(folder: Mornings.freshFolder())),
      ]
    }
    for report in reports {
      #expect(report.broken == nil && report.rows > 0)
      #expect(report.root == reports[0].root && report.trace == reports[0].trace)
    }
  }

  @Test("another seed is another morning")
  func otherSeed() async throws {
    let roots = try await Self.run { mornings in try (1...20).map { try mornings.run(seed: $0, isTraced: false).root } }
    #expect(Set(roots).count == 20)
  }

  /// On a thread of its own: a morning blocks the thread it runs on.
  static func run<R: Sendable>(_ work: @escaping @Sendable (Mornings) throws -> R) async throws -> R {
    let folder = Mornings.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try work(Mornings(scratch: folder)) }) }.start()
    }
  }
}
