import Foundation
import LoadClient
import RealDirectory
import Testing

/// The directory's figures in a tiny size, on a real domain controller. No time is asserted.
@Suite(
  "benchmarks of the directory run", .serialized,
  .enabled(if: Programs.isBuilt && DomainController.mayRun, "no programs, or no domain controller can run here"))
struct DirectoryRunTests {
  @Test("every part prints its figure, its answers are right, and nothing of the domain is left")
  func all() throws {
    let ran = try Programs.run(
      "sanmon-load",
      [
        "directory", "--runs", "1", "--changes", "4", "--chains", "1", "--import-people", "300", "--silent-seconds", "2",
      ])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(
      ran.figures.map(\.name) == [
        "directory.paged_ratio", "directory.closure_times", "directory.full_ratio", "directory.tick_ratio",
        "directory.april_ratio", "directory.freshness_p99_s", "directory.silent_p99_ratio", "directory.import30k_s",
        "directory.import_peak_mb",
      ])
    #expect(ran.figures.allSatisfy { $0.value.isFinite && $0.value > 0 })
    #expect(ran.figure("directory.paged_ratio")?.runs == 3 && ran.figure("directory.paged_ratio")?.goal == 1.1)
    let left = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { name in
      // Folders are named by the process that made them; ours, the test's, may be among them.
      name.wholeMatch(of: /sanmon-ad-tests-([0-9]+)/).map { !FileManager.default.fileExists(atPath: "/proc/\($0.1)") } ?? false
    }
    #expect(left.isEmpty)
  }

  @Test("an import alone asks no domain controller; wrong numbers are wrong usage")
  func alone() throws {
    let ran = try Programs.run("sanmon-load", ["directory", "--part", "import", "--import-people", "1300", "--runs", "1"])
    #expect(ran.code == 0 && ran.figure("directory.import_peak_mb")?.limit ?? 0 > 0, "\(ran.errors)")
    for wrong in [
      ["--changes", "0"], ["--import-people", "9"], ["--import-people", "34001"], ["--chains", "1201"],
      ["--silent-seconds", "0"],
    ] {
      #expect(try Programs.run("sanmon-load", ["directory"] + wrong).code == 64)
    }
  }
}
