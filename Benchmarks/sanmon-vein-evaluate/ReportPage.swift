import AuthTerms
import Biometric
import Foundation
import LoadClient
import PalmSynthesis
import VeinEvaluation

/// One self-contained page in the order of a test report of ISO/IEC 19795-1: what was tested, failures, rates, curves, what is not claimed.
struct ReportPage {
  private let evaluations: [Evaluation]
  private let seeds: String

  init(_ evaluations: [Evaluation], seeds: String) {
    self.evaluations = evaluations
    self.seeds = seeds
  }

  private var isSynthetic: Bool { evaluations.allSatisfy { $0.hardness != nil } }

  private var title: (ja: String, en: String) {
    isSynthetic ? ("合成した手のひら", "synthetic palms") : ("公開データセット", "public sets")
  }

  private var claim: String {
    isSynthetic
      ? """
      <p><strong>Synthetic figures are no claim about people. No presentation-attack claim is made.</strong>
      / 合成画像での値であり、人についての主張ではありません。なりすまし（提示攻撃）への強さは測っていません。</p>
      """
      : """
      <p><strong>Sets of one laboratory are no claim about a city's people. No presentation-attack claim is made.</strong>
      / 特定の研究機関が集めた画像での値であり、市の職員についての主張ではありません。なりすまし（提示攻撃）への強さは測っていません。</p>
      """
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Palm vein: error rates on \(title.en)</title>
    <style>body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;margin:1em 0}
    td,th{border:1px solid #999;padding:.2em .6em;text-align:right}td:first-child,th:first-child{text-align:left}
    svg text{font:11px sans-serif}.ours{stroke:#05a}.baseline{stroke:#c50;stroke-dasharray:5 3}
    rect.genuine{fill:#0a58}rect.impostor{fill:#c508}</style></head><body>
    <h1>Palm vein: error rates on \(title.en) / 手のひら静脈：\(title.ja)での誤り率</h1>
    \(claim)
    <p>Comparator: SVT1/CC6x64, \(AlignmentWindow.standard.count) alignments, three templates a palm, closest counts (\(KernelPath.fastest)).
    \(isSynthetic ? "Seeds: \(seeds)." : "") A genuine transaction is one probe against its palm, an impostor transaction one probe against another palm of the same hand;
    all pairs are taken. Bounds are Clopper–Pearson, 95 %, as if transactions were independent; those of one palm are not, so palms are drawn again
    with repetition for the false match rates at frozen thresholds (1,000 times, middle 95 %). A rate after a failure to acquire counts no probe that gave no template.</p>
    \(evaluations.map(section).joined(separator: "\n"))
    </body></html>

    """
  }

  private func section(_ evaluation: Evaluation) -> String {
    let palms = evaluation.palms
    let refusals = palms.refusals.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
    var methods = [("ours", evaluation.ours)]
    if let beside = evaluation.beside {
      methods += [("ours, baseline's palms", beside.ours), ("baseline, same palms", beside.baseline)]
    }
    return """
      <h2>\(evaluation.name)</h2>
      <p>\(palms.palms.count) palms, \(palms.pictures) pictures. Failure to enrol \(evaluation.share(palms.failuresToEnrol, palms.palms.count)),
      failure to acquire \(evaluation.share(evaluation.failuresToAcquire, evaluation.probes)); pictures refused: \(refusals.isEmpty ? "none" : refusals.joined(separator: ", ")).</p>
      <table><tr><th>method</th><th>genuine</th><th>impostor</th><th>EER</th><th>threshold of</th><th>FMR</th><th>false matches</th><th>95 %</th>
      <th>FNMR</th><th>false non-matches</th><th>95 %</th></tr>
      \(methods.flatMap { rows($0.0, $0.1) }.joined(separator: "\n"))
      \(frozenRows(evaluation).joined(separator: "\n"))
      </table>
      \(DETPlot(evaluation).svg)
      \(ScoreHistogram(evaluation).svg)
      """
  }

  private func rows(_ name: String, _ rates: ErrorRates) -> [String] {
    Evaluation.observable(rates).map { rate in
      row(name, rates, String(format: "FMR %.0e here", rate), rates.operating(atRate: rate), bounds: nil)
    }
  }

  private func frozenRows(_ evaluation: Evaluation) -> [String] {
    Evaluation.frozen.map { name, threshold in
      let limit = Float(threshold.numerator) / Float(threshold.denominator)
      return row(
        "ours", evaluation.ours, name, evaluation.ours.operating(at: limit),
        bounds: evaluation.transactions.falseMatches(at: limit).bounds)
    }
  }

  private func row(
    _ name: String, _ rates: ErrorRates, _ origin: String, _ point: ErrorRates.Operating, bounds: ClosedRange<Double>?
  ) -> String {
    let drawn = bounds.map { String(format: "; palms drawn again %.2g – %.2g", $0.lowerBound, $0.upperBound) } ?? ""
    return String(
      format: "<tr><td>%@</td><td>%d</td><td>%d</td><td>%.3f %%</td><td>%@</td><td>%.2g</td><td>%d</td><td>%.2g – %.2g%@</td>"
        + "<td>%.3f %%</td><td>%d</td><td>%.3f – %.3f %%</td></tr>",
      name, rates.genuine.count, rates.impostor.count, rates.equalErrorRate * 100, origin, point.falseMatchRate,
      point.falseMatches, point.falseMatchBounds.lowerBound, point.falseMatchBounds.upperBound, drawn,
      point.falseNonMatchRate * 100, point.falseNonMatches, point.falseNonMatchBounds.lowerBound * 100,
      point.falseNonMatchBounds.upperBound * 100)
  }
}
