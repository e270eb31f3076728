import AuthTerms
import DirectorySync
import Foundation
import Fuzzing
import RealDirectory
import Testing

/// With `SANMON_DIRECTORY_SECONDS` (deploy/soak directory): fresh seeds for that long. `SANMON_DIRECTORY_SEED` repeats one.
@Suite(
  "random years of a town, followed and read anew", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct RandomBatchTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let seconds = environment["SANMON_DIRECTORY_SECONDS"].flatMap { Double($0) }
  private static let seed = environment["SANMON_DIRECTORY_SEED"].flatMap { UInt64($0) }
  /// Of a fresh seed.
  private static let manyBatches = 24

  @Test("after each batch of random acts the deltas come to what a full read says, and both to what the domain controller says")
  func followed() async throws {
    if let seed = Self.seed {
      _ = try await TownYear.run(seed: seed, batches: Self.manyBatches)
      return
    }
    guard let seconds = Self.seconds else {
      var done: Set<RandomTown.Act> = []
      for seed in [4711, 4712, 4713] as [UInt64] {
        let year = try await TownYear.run(seed: seed, batches: 6)
        done.formUnion(year.town.done.keys)
        #expect(year.compared > 200 && (0...2).contains(year.readAnew), "seed \(seed)")
      }
      #expect(RandomTown.Act.allCases.filter { !done.contains($0) }.isEmpty)
      return
    }
    let end = ContinuousClock.now + .seconds(seconds)
    var seed = UInt64.random(in: 0...UInt64.max >> 1)
    let first = seed
    var compared = 0
    repeat {
      compared += try await TownYear.run(seed: seed, batches: Self.manyBatches).compared
      seed += 1
    } while ContinuousClock.now < end
    print("directory: \(seed - first) years from seed \(first), \(compared) comparisons")
  }
}
