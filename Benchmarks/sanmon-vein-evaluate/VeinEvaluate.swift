import ArgumentParser
import AuthTerms
import Biometric
import Foundation
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
      poses, with the three templates of its palm; an impostor transaction with those of another palm of the same hand. Synthetic
      figures are no claim about people, and nothing here says how well forged hands are told from real ones.

      EXAMPLES
        sanmon-vein-evaluate --palms 200 --hardness guided
        sanmon-vein-evaluate --palms 200 --hardness hard --baseline --csv scores.csv
      """)

  @Option(help: "How many palms.") var palms = 200
  @Option(help: "guided or hard.") var hardness = "guided"
  @Option(help: "Seeds: tuning or gate. The gate is opened once, after thresholds were frozen.") var seeds = "tuning"
  @Option(help: "A threshold that was frozen before, to be held against these palms.") var threshold: Float?
  @Option(help: "Cells to each side that a probe is moved; without it as in the standard window.") var reach: Int?
  @Option(help: "Write every score: kind, method, score.") var csv: String?
  @Flag(help: "Also the published baseline: maximum curvature and Miura match.") var baseline = false

  func validate() throws {
    guard (4...100_000).contains(palms) else { throw ValidationError("--palms 4…100000") }
    guard ["guided", "hard"].contains(hardness) else { throw ValidationError("--hardness guided|hard") }
    guard (0...16).contains(reach ?? 0) else { throw ValidationError("--reach 0…16") }
    guard ["tuning", "gate"].contains(seeds) else { throw ValidationError("--seeds tuning|gate") }
  }

  func run() throws {
    let level: Hardness = hardness == "hard" ? .hard : .guided
    let window = try self.window()
    let extractor = VeinExtractor(window: window)
    var renderer = PalmRenderer()
    var set = PalmSet(baseline: baseline ? MaximumCurvature() : nil)
    let first = (seeds == "gate" ? PalmSeeds.gate : PalmSeeds.tuning).lowerBound
    for number in 0..<UInt64(palms) {
      set.add(seed: first + number, hardness: level, renderer: &renderer, extractor: extractor)
    }
    tell(set)
    let comparator = try VeinComparator(window: window)
    // As good as any while scores are only put in order: 0.45 and 1,800 cells are near what strangers have in these windows.
    let normalisation = try Normalisation(impostorMean: 4500, typicalOverlap: 1800)
    let ours = try Transactions(set) { probe in
      let sample = try VeinProbe(probe.sample.poses, window: window)
      return { palm in
        try comparator.compare(sample, with: palm.enrolled.map(\.template)).compactMap(\.self)
          .map { Float(normalisation.value(of: $0)) }.min() ?? 1
      }
    }
    try tell("ours", ours)
    var methods = [("ours", ours)]
    if baseline {
      let miura = MiuraMatch(border: 8)
      let theirs = try Transactions(set) { probe in { palm in miura.transaction(palm.enrolledMaps, probe.map ?? VeinMap()) } }
      try tell("baseline", theirs)
      methods.append(("baseline", theirs))
    }
    if let csv {
      var text = "method,kind,score\n"
      for (method, scores) in methods {
        for score in scores.genuine { text += "\(method),genuine,\(score)\n" }
        for score in scores.impostor { text += "\(method),impostor,\(score)\n" }
      }
      try Data(text.utf8).write(to: URL(filePath: csv))
    }
  }

  private func window() throws -> AlignmentWindow {
    let usual = AlignmentWindow.standard
    guard let reach else { return usual }
    return try AlignmentWindow(
      id: 32_768 + UInt16(reach), horizontal: reach, vertical: reach, poses: usual.poses,
      minimumOverlap: usual.minimumOverlap)
  }

  private func tell(_ set: PalmSet) {
    let times = set.extractionTimes.sorted()
    let probes = set.palms.count * PalmSet.probes
    let refused = set.palms.reduce(0) { $0 + $1.refused.count }
    print("\(seeds) seeds, \(hardness): \(set.palms.count) palms, \(set.pictures) pictures")
    print("failure to enrol \(share(set.failuresToEnrol, set.palms.count)), failure to acquire \(share(refused, probes))")
    for (advice, count) in set.refusals.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      print("  \(advice) \(count)")
    }
    print(
      String(
        format: "extraction: median %.2f ms, 99 of 100 below %.2f ms", times[times.count / 2] * 1e3,
        times[times.count * 99 / 100] * 1e3))
  }

  private func tell(_ name: String, _ scores: Transactions) throws {
    guard !scores.genuine.isEmpty, !scores.impostor.isEmpty else { throw ExitCode(69) }
    let rates = ErrorRates(genuine: scores.genuine, impostor: scores.impostor)
    print(
      String(
        format: "%@: %d genuine, %d impostor transactions, EER %.3f %%", name, scores.genuine.count, scores.impostor.count,
        rates.equalErrorRate * 100))
    for exponent in 2...6 {
      let rate = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6][exponent - 2]
      // Fewer than one false match allowed: what is observed says nothing about such a rate.
      guard rate * Double(scores.impostor.count) >= 1 else { continue }
      tell(rates.operating(atRate: rate), "FMR 1e-\(exponent)")
    }
    if name == "ours", let threshold { tell(rates.operating(at: threshold), "at the frozen threshold") }
  }

  private func tell(_ point: ErrorRates.Operating, _ name: String) {
    print(
      String(
        format: "  %@: threshold %.5f, FMR %.3g (%d; %.3g to %.3g), FNMR %.3f %% (%d; %.3f to %.3f %%)", name, point.threshold,
        point.falseMatchRate, point.falseMatches, point.falseMatchBounds.lowerBound, point.falseMatchBounds.upperBound,
        point.falseNonMatchRate * 100, point.falseNonMatches, point.falseNonMatchBounds.lowerBound * 100,
        point.falseNonMatchBounds.upperBound * 100))
  }

  private func share(_ count: Int, _ all: Int) -> String {
    String(format: "%d of %d (%.2f %%)", count, all, Double(count) / Double(max(all, 1)) * 100)
  }
}

/// The scores of all transactions of one method.
private struct Transactions {
  struct Probe {
    let sample: VeinSample
    let map: VeinMap?
  }

  private(set) var genuine: [Float] = []
  private(set) var impostor: [Float] = []

  /// - Parameter prepare: does once for a probe what all its comparisons share.
  init(_ set: PalmSet, _ prepare: (Probe) throws -> (PalmSet.Palm) throws -> Float) throws {
    let enrolled = set.palms.filter { $0.enrolled.count == PalmSet.enrolments }
    for palm in enrolled {
      for (number, sample) in palm.probes.enumerated() {
        let score = try prepare(Probe(sample: sample, map: number < palm.probeMaps.count ? palm.probeMaps[number] : nil))
        genuine.append(try score(palm))
        // One probe of each palm against everybody else's hand of the same side.
        guard number == 0 else { continue }
        for other in enrolled where other.seed != palm.seed && other.hand == palm.hand { impostor.append(try score(other)) }
      }
    }
  }
}
