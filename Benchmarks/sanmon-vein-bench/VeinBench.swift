import ArgumentParser
import Biometric
import CVeinKernel
import CVeinLimits
import Foundation
import LoadClient

/// The comparator beside what the machine can do at most: register-only steps, and reading memory.
@main
struct VeinBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-vein-bench",
    abstract: "Measure the palm comparator against the machine's limits. / 手のひら静脈の照合の速さ。",
    discussion: """
      In each round everything is tried several times in turns and its quickest trial counts; a figure is the median of the
      rounds. / 各回で交互に数回ずつ測り、最も速いものを採ります。値は各回の中央値です。

      EXAMPLE
        sanmon-vein-bench --rounds 7
      """)

  @Flag(help: "One JSON object a line instead of a table.") var json = false
  @Flag(help: "Answer the line protocol of peers/vein.py.") var serve = false
  @Option(help: "Rounds.") var rounds = 7
  @Option(help: "Trials of each thing in a round.") var trials = 12

  @Option(help: "So many times fewer templates, for a trial that measures nothing.") var shrink = 1

  func validate() throws {
    guard rounds > 0, trials > 0, shrink > 0 else { throw ValidationError("rounds, trials and shrink are 1 or more") }
  }

  func run() throws {
    if serve { return try LineProtocol().answer() }
    let figures = Figures(json: json)
    figures.heading()
    let isJudged = KernelPath.fastest == .avx512
    if !isJudged {
      figures.note(
        say(
          "この CPU には VPOPCNTDQ がありません（\(KernelPath.fastest)）。限界との比は出しません。",
          "No VPOPCNTDQ here (\(KernelPath.fastest)): no ratios to the limits."))
    }
    try PathAgreement.check()
    let limits = try RowLimits(rounds: rounds, trials: trials, shrink: shrink)
    limits.show(figures, isJudged: isJudged)
    try Verification(rounds: rounds, trials: trials, shrink: shrink).show(figures)
  }
}

/// A wrong answer is quick too.
enum PathAgreement {
  static func check() throws {
    for kind in VeinRow.Kind.allCases {
      let row = try VeinRow(kind, bits: 12_288, count: 20, shifts: 6)
      let sums = KernelPath.available.map { path in
        _ = row.run(sanmon_vein_path(rawValue: path.rawValue))
        return row.checksum
      }
      guard sums.allSatisfy({ $0 == sums[0] }), sums[0].distance > 0 else { throw ExitCode(1) }
    }
  }
}
