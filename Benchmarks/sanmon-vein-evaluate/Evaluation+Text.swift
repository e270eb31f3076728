import AuthTerms
import Biometric
import Foundation
import LoadClient
import PalmSynthesis
import VeinEvaluation

extension Evaluation {
  /// The thresholds that ship, with their names.
  static var frozen: [(name: String, threshold: Threshold)] {
    [FalseMatchRate.logon, .unlock].compactMap { rate in
      (try? Calibration.standard.threshold(for: rate)).map { ("frozen threshold for \(rate)", $0) }
    }
  }

  /// Rates whose threshold is taken from these palms: those at which at least one false match was seen.
  static func observable(_ rates: ErrorRates) -> [Double] {
    [1e-2, 1e-3, 1e-4, 1e-5, 1e-6].filter { $0 * Double(rates.impostor.count) >= 1 }
  }

  /// For reading.
  func text(seeds: String) -> String {
    let times = palms.extractionTimes.sorted()
    var lines = [
      "\(hardness == nil ? "set" : "\(seeds) seeds,") \(name): \(palms.palms.count) palms, \(palms.pictures) pictures",
      "failure to enrol \(share(palms.failuresToEnrol, palms.palms.count)), failure to acquire \(share(failuresToAcquire, probes))",
    ]
    for (advice, count) in palms.refusals.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      lines.append("  \(advice) \(count)")
    }
    lines.append(
      String(
        format: "extraction: median %.2f ms, 99 of 100 below %.2f ms", times[times.count / 2] * 1e3,
        times[times.count * 99 / 100] * 1e3))
    lines += rows("ours", ours)
    for (name, threshold) in Self.frozen {
      let limit = Float(threshold.numerator) / Float(threshold.denominator)
      let bounds = transactions.falseMatches(at: limit).bounds
      lines.append(
        row(ours.operating(at: limit), name)
          + String(format: ", palms drawn again: FMR %.3g to %.3g", bounds.lowerBound, bounds.upperBound))
    }
    if let beside {
      lines.append("the first palms, by both methods:")
      lines += rows("ours", beside.ours) + rows("baseline", beside.baseline)
    }
    return lines.joined(separator: "\n")
  }

  private func rows(_ name: String, _ rates: ErrorRates) -> [String] {
    let head = String(
      format: "%@: %d genuine, %d impostor transactions, EER %.3f %%", name, rates.genuine.count, rates.impostor.count,
      rates.equalErrorRate * 100)
    return [head] + Self.observable(rates).map { row(rates.operating(atRate: $0), String(format: "FMR %.0e", $0)) }
  }

  private func row(_ point: ErrorRates.Operating, _ name: String) -> String {
    String(
      format: "  %@: threshold %.5f, FMR %.3g (%d; %.3g to %.3g), FNMR %.3f %% (%d; %.3f to %.3f %%)", name, point.threshold,
      point.falseMatchRate, point.falseMatches, point.falseMatchBounds.lowerBound, point.falseMatchBounds.upperBound,
      point.falseNonMatchRate * 100, point.falseNonMatches, point.falseNonMatchBounds.lowerBound * 100,
      point.falseNonMatchBounds.upperBound * 100)
  }

  func share(_ count: Int, _ all: Int) -> String {
    String(format: "%d of %d (%.2f %%)", count, all, Double(count) / Double(max(all, 1)) * 100)
  }

  /// hardness, method, kind, score: a line each.
  var scores: String {
    var methods = [("ours", ours)]
    if let beside { methods.append(("baseline", beside.baseline)) }
    var text = ""
    for (method, rates) in methods {
      for score in rates.genuine { text += "\(name),\(method),genuine,\(score)\n" }
      for score in rates.impostor { text += "\(name),\(method),impostor,\(score)\n" }
    }
    return text
  }

  /// The figures with goals. A rate at 1e-4 has its threshold from these palms, the one at 1e-6 from the tuning palms.
  func show(_ figures: Figures) {
    var note = "synthetic, no claim about people; \(palms.palms.count) palms, \(ours.impostor.count) impostor transactions"
    if let beside {
      note += String(
        format: "; baseline on the first palms: EER %.2f %%, FNMR at 1e-4 %.2f %%", beside.baseline.equalErrorRate * 100,
        beside.baseline.operating(atRate: 1e-4).falseNonMatchRate * 100)
    }
    figures.show(Figure("vein.eer_\(name)_pct", [ours.equalErrorRate * 100], note: note))
    if ours.impostor.count < 10_000 { note += "; too few strangers for 1e-4" }
    let strict = ours.operating(atRate: 1e-4)
    figures.show(Figure("vein.fnmr_\(name)_1e4_pct", [strict.falseNonMatchRate * 100], note: note))
    guard hardness == .guided, let threshold = try? Calibration.standard.threshold(for: .unlock) else { return }
    let limit = Float(threshold.numerator) / Float(threshold.denominator)
    let (count, bounds) = transactions.falseMatches(at: limit)
    let seen = String(
      format: "synthetic, no claim about people; frozen threshold; %d false matches of %d, palms drawn again: FMR %.2g to %.2g",
      count, ours.impostor.count,
      bounds.lowerBound, bounds.upperBound)
    figures.show(Figure("vein.fnmr_guided_1e6_pct", [ours.operating(at: limit).falseNonMatchRate * 100], note: seen))
  }
}
