import Simulation
import Testing

/// A simulation that finds nothing proves nothing: each planted fault is found, by the invariant that is there for it.
@Suite("Planted faults", .serialized)
struct PlantedFaultTests {
  @Test("a store with a wrong habit is found within thirty mornings", arguments: WrongHabit.allCases)
  func found(habit: WrongHabit) async throws {
    let report = try await MorningTests.run { mornings -> Morning.Report? in
      for seed in 0..<30 as Range<UInt64> {
        let report = try mornings.run(seed: seed, isTraced: false, source: LosingSource(habit))
        if report.broken != nil { return report }
      }
      return nil
    }
    let broken = try #require(report?.broken, "nobody noticed")
    #expect(habit.finders.contains(broken.invariant), "\(broken)")
  }

  @Test("the seed alone brings a found fault back, at the same step and in the same words")
  func again() async throws {
    let seed = try #require(
      try await MorningTests.run { mornings in
        try (0..<30 as Range<UInt64>).first { seed in
          try mornings.run(seed: seed, isTraced: false, source: LosingSource(.losesTheState)).broken != nil
        }
      })
    let reports = try await MorningTests.run { mornings in
      try (0..<2).map { _ in try mornings.run(seed: seed, isTraced: true, source: LosingSource(.losesTheState)) }
    }
    #expect(reports[0].broken?.description == reports[1].broken?.description)
    #expect(reports[0].steps == reports[1].steps && reports[0].trace == reports[1].trace)
  }
}
