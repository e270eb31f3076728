import ArgumentParser
import Biometric
import Foundation
import LoadClient
import PalmSynthesis
import VeinEvaluation

/// Error rates of the palm vein comparison on synthetic palms.
@main
struct VeinEvaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-vein-evaluate",
    abstract: "Error rates on synthetic palms. / 合成した手のひらで誤り率を測ります。",
    discussion: """
      Every palm is enrolled with three pictures and shown three more times. A genuine transaction compares one probe, in all its
      poses, with the three templates of its palm; an impostor transaction with those of another palm of the same hand. Thresholds
      are those that ship. Synthetic figures are no claim about people, and no presentation-attack claim is made.

      EXAMPLES
        sanmon-vein-evaluate --palms 200
        sanmon-vein-evaluate --palms 200 --hardness hard --baseline-palms 200 --csv scores.csv
        sanmon-vein-evaluate --seeds gate --palms 2450 --hard-palms 800 --baseline-palms 400 --html report.html
        sanmon-vein-evaluate --palms 2450 --calibrate
        sanmon-vein-evaluate --set vera=/data/vera --set tongji=/data/tongji@45 --html report.html

      EXIT CODES
        0 measured   64 wrong usage   69 no palm could be compared, or every set is absent
      """)

  @Option(help: "How many palms.") var palms = 200
  @Option(help: "How many of the hard ones; without it as many.") var hardPalms: Int?
  @Option(help: "guided, hard or both.") var hardness = "both"
  @Option(help: "tuning or gate. The gate was opened once, after the thresholds were frozen.") var seeds = "tuning"
  @Option(help: "So many of the first palms also by the published baseline: maximum curvature and Miura match.")
  var baselinePalms = 0
  @Option(help: "Write every score: hardness, method, kind, score.") var csv: String?
  @Option(help: "Write a report as one page.") var html: String?
  @Flag(help: "One JSON object a line for each figure with a goal.") var json = false
  @Flag(help: "Print the points of a calibration instead of rates; on tuning seeds only.") var calibrate = false
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      """
      A public set in place of synthetic palms, several times: \(PublicLayout.allCases.map(\.rawValue).joined(separator: ", ")); \
      pictures as PNG or PGM under their names, @ and pixels per centimetre if other than estimated.
      """, valueName: "name=folder[@px]"))
  var sets: [String] = []
  @Option(help: "Threads; without it, one a core.") var threads: Int?

  func validate() throws {
    guard (4...100_000).contains(palms), (4...100_000).contains(hardPalms ?? palms), baselinePalms >= 0 else {
      throw ValidationError("--palms and --hard-palms 4…100000, --baseline-palms 0…")
    }
    guard ["guided", "hard", "both"].contains(hardness) else { throw ValidationError("--hardness guided|hard|both") }
    guard ["tuning", "gate"].contains(seeds) else { throw ValidationError("--seeds tuning|gate") }
    guard !calibrate || seeds == "tuning" else { throw ValidationError("--calibrate: thresholds never come from gate seeds") }
    guard sets.isEmpty || (!calibrate && !json) else {
      throw ValidationError("--set: neither with --calibrate nor with --json")
    }
    guard sets.allSatisfy({ SetChoice($0) != nil }) else {
      throw ValidationError("--set NAME=FOLDER[@12…80]: \(PublicLayout.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard (1...256).contains(threads ?? 1) else { throw ValidationError("--threads 1…256") }
  }

  func run() throws {
    if !sets.isEmpty { return try runSets() }
    let first = (seeds == "gate" ? PalmSeeds.gate : PalmSeeds.tuning).lowerBound
    var evaluations: [Evaluation] = []
    for level in [Hardness.guided, .hard] where hardness == "both" || hardness == level.name {
      let count = UInt64(level == .hard ? hardPalms ?? palms : palms)
      let evaluation = try Evaluation(
        seeds: first..<first + count, hardness: level, normalisation: Calibration.standard.normalisation,
        baselinePalms: baselinePalms, threads: threads ?? Machine.cores)
      guard let evaluation else { throw ExitCode(69) }
      evaluations.append(evaluation)
    }
    if calibrate {
      printPoints(evaluations)
    } else if json {
      let figures = Figures(json: true)
      for evaluation in evaluations { evaluation.show(figures) }
    } else {
      for evaluation in evaluations { print(evaluation.text(seeds: seeds)) }
    }
    if let csv { try write(evaluations.map(\.scores).joined(), to: csv, heading: "hardness,method,kind,score\n") }
    if let html { try write(ReportPage(evaluations, seeds: seeds).html, to: html) }
  }

  private func runSets() throws {
    var evaluations: [Evaluation] = []
    let choices = sets.compactMap(SetChoice.init)
    for choice in choices {
      guard let set = PublicSet(choice.layout, in: choice.folder) else {
        print("set \(choice.layout.rawValue): absent (\(choice.folder.path))")
        continue
      }
      print(
        "set \(choice.layout.rawValue): \(set.palms.count) palms, taken at \(choice.resolution) px/cm; "
          + "\(set.unconverted) pictures to be converted, \(set.foreign) other files")
      let evaluation = try Evaluation(
        set, resolution: choice.resolution, normalisation: Calibration.standard.normalisation, baselinePalms: baselinePalms,
        threads: threads ?? Machine.cores)
      if let evaluation {
        print(evaluation.text(seeds: seeds))
        evaluations.append(evaluation)
      } else {
        print("set \(choice.layout.rawValue): no palm could be compared")
      }
    }
    for layout in PublicLayout.allCases where !choices.contains(where: { $0.layout == layout }) {
      print("set \(layout.rawValue): absent (not given)")
    }
    guard !evaluations.isEmpty else { throw ExitCode(69) }
    if let csv { try write(evaluations.map(\.scores).joined(), to: csv, heading: "set,method,kind,score\n") }
    if let html { try write(ReportPage(evaluations, seeds: seeds).html, to: html) }
  }

  /// As they stand in `Calibration.standard`.
  private func printPoints(_ evaluations: [Evaluation]) {
    for evaluation in evaluations {
      let all = evaluation.transactions
      print(
        String(
          format:
            "// %@: %d palms, %d impostor transactions; mean distance %.5f over %.1f cells; closest captures of one palm %.5f",
          evaluation.name, evaluation.palms.palms.count, all.impostor.count, all.impostorMean, all.impostorOverlap,
          all.leastGenuine ?? .nan))
    }
    for point in CalibrationFit.points(evaluations.map(\.ours.impostor)) { print("(\(point.distance), \(point.strength)),") }
  }

  private func write(_ text: String, to path: String, heading: String = "") throws {
    try Data((heading + text).utf8).write(to: URL(filePath: path))
  }
}
