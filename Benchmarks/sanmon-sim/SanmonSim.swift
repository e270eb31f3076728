import ArgumentParser
import Foundation
import Simulation

/// Whole mornings from a seed.
@main
struct SanmonSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-sim",
    abstract: "Run simulated mornings against the real server code. / 本物のサーバーの処理で、模擬の朝を何度でも動かします。",
    discussion: """
      Each seed is one morning: who logs on where, what fails, when the process falls and what the clock does all follow from
      it. Every answer and every durable row is held against a model of the rules. A morning that breaks an invariant is run
      again with its seed and told step by step.

      EXAMPLES
        sanmon-sim
        sanmon-sim --seed 4711 --verbose
        sanmon-sim --seeds '0..<100000'

      EXIT CODES
        0 every invariant held   1 one did not   64 wrong usage   69 the simulation could not run
      """)

  @Option(help: "One morning.") var seed: UInt64?
  @Option(help: "Mornings from A up to, not including, B: 'A..<B'.") var seeds = "0..<1000"
  @Option(help: "Mornings at once; without it, one a core.") var threads: Int?
  @Option(help: "Stop after so many broken mornings.") var most = 1
  @Flag(help: "Also say what stood in the rows, and how often.") var rows = false
  @Flag(help: "Tell the morning step by step; with --seed.") var verbose = false

  func validate() throws {
    guard range != nil else { throw ValidationError("--seeds 'A..<B'") }
    guard threads.map({ (1...256).contains($0) }) ?? true, most >= 1 else {
      throw ValidationError("--threads 1…256, --most 1…")
    }
  }

  private var range: Range<UInt64>? {
    if let seed { return seed < .max ? seed..<seed + 1 : nil }
    let parts = seeds.components(separatedBy: "..<")
    guard parts.count == 2, let first = UInt64(parts[0]), let end = UInt64(parts[1]), first < end else { return nil }
    return first..<end
  }

  func run() throws {
    guard let range else { throw ExitCode(64) }
    let folder = Mornings.freshFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let mornings = try Mornings(scratch: folder)
      if let seed, verbose {
        let report = try mornings.run(seed: seed, isTraced: true)
        tell(report)
        guard report.broken == nil else { throw ExitCode(1) }
        return
      }
      let start = DispatchTime.now()
      let tally = try mornings.run(
        seeds: range, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, most: most)
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
      for broken in tally.broken { tell(try mornings.run(seed: broken.seed, isTraced: true)) }
      if rows {
        for (what, count) in tally.seen.sorted(by: { ($0.value, $1.key) > ($1.value, $0.key) }) { print("\(count)  \(what)") }
      }
      print(
        "\(tally.mornings) mornings, \(tally.requests) requests, \(tally.grants) grants, \(tally.rows) rows, "
          + "\(tally.falls) falls, \(tally.broken.count) broken, \(String(format: "%.1f", seconds)) s")
      guard tally.broken.isEmpty else { throw ExitCode(1) }
    } catch let code as ExitCode {
      throw code
    } catch {
      print("sanmon-sim: \(error)")
      throw ExitCode(69)
    }
  }

  private func tell(_ report: Morning.Report) {
    for line in report.trace { print(line) }
    if let broken = report.broken {
      print("seed \(report.seed), step \(report.steps): \(broken)")
      print("  again: sanmon-sim --seed \(report.seed) --verbose")
    } else {
      print(
        "seed \(report.seed): \(report.steps) steps, \(report.requests) requests, \(report.grants) grants, \(report.rows) rows, "
          + "\(report.falls) falls; root \(report.root)")
    }
  }
}
