import Foundation
import VeinEvaluation

/// Both rates on logarithmic axes, false matches from 1e-6 and false non-matches from 1e-4 to 1.
struct DETPlot {
  private static let (width, height, margin) = (640.0, 360.0, 48.0)
  private static let (least, leastMiss) = (-6.0, -4.0)
  let svg: String

  init(_ evaluation: Evaluation) {
    var curves = [Self.curve(evaluation.ours, "ours")]
    if let beside = evaluation.beside { curves.append(Self.curve(beside.baseline, "baseline")) }
    var axes = ""
    for exponent in Int(Self.least)...0 {
      let x = Self.x(Double(exponent))
      axes += "<path d=\"M\(x) \(Self.y(0))V\(Self.y(Self.leastMiss))\" stroke=\"#ddd\"/>"
      axes += "<text x=\"\(x)\" y=\"\(Self.height - 28)\" text-anchor=\"middle\">1e\(exponent)</text>"
    }
    for exponent in Int(Self.leastMiss)...0 {
      let y = Self.y(Double(exponent))
      axes += "<path d=\"M\(Self.x(Self.least)) \(y)H\(Self.x(0))\" stroke=\"#ddd\"/>"
      axes += "<text x=\"\(Self.margin - 6)\" y=\"\(y + 4)\" text-anchor=\"end\">1e\(exponent)</text>"
    }
    svg = """
      <h3>DET</h3><svg width="\(Self.width)" height="\(Self.height)" role="img" aria-label="DET curve">\(axes)\(curves.joined())
      <text x="\(Self.width / 2)" y="\(Self.height - 8)" text-anchor="middle">false match rate (solid: ours, dashed: baseline)</text>
      <text x="12" y="\(Self.height / 2)" transform="rotate(-90 12 \(Self.height / 2))" text-anchor="middle">false non-match rate</text></svg>
      """
  }

  private static func curve(_ rates: ErrorRates, _ name: String) -> String {
    // Twenty points a decade, as far as false matches were seen; no miss is drawn at the lower edge.
    let points = stride(from: least, through: 0, by: 0.05).compactMap { exponent -> String? in
      let point = rates.operating(atRate: pow(10, exponent))
      guard point.falseMatches > 0 else { return nil }
      let miss = max(point.falseNonMatchRate, pow(10, leastMiss))
      return String(format: "%.1f,%.1f", x(log10(point.falseMatchRate)), y(log10(miss)))
    }
    return "<polyline class=\"\(name)\" fill=\"none\" stroke-width=\"2\" points=\"\(points.joined(separator: " "))\"/>"
  }

  private static func x(_ exponent: Double) -> Double { margin + (exponent - least) / -least * (width - margin - 10) }
  private static func y(_ exponent: Double) -> Double { 10 + exponent / leastMiss * (height - margin - 10) }
}

/// Shares of genuine and impostor transactions by their score.
struct ScoreHistogram {
  private static let (width, height, margin) = (640.0, 260.0, 40.0)
  private static let bins = 100
  let svg: String

  init(_ evaluation: Evaluation) {
    let (genuine, impostor) = (Self.shares(evaluation.ours.genuine), Self.shares(evaluation.ours.impostor))
    let top = max(genuine.max() ?? 0, impostor.max() ?? 0, 1e-9)
    let step = (Self.width - Self.margin - 10) / Double(Self.bins)
    var bars = ""
    for (name, shares) in [("genuine", genuine), ("impostor", impostor)] {
      for (bin, share) in shares.enumerated() where share > 0 {
        let tall = share / top * (Self.height - Self.margin - 10)
        bars += String(
          format: "<rect class=\"%@\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", name,
          Self.margin + Double(bin) * step, Self.height - Self.margin - tall, step, tall)
      }
    }
    for tenth in 0...5 {
      let x = Self.margin + Double(tenth) / 5 * (Self.width - Self.margin - 10)
      bars += String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">0.%d</text>", x, Self.height - 24, tenth)
    }
    svg = """
      <h3>Scores</h3><svg width="\(Self.width)" height="\(Self.height)" role="img" aria-label="score histograms">\(bars)
      <text x="\(Self.width / 2)" y="\(Self.height - 6)" text-anchor="middle">normalised distance (left: genuine, right: impostor; share of each)</text></svg>
      """
  }

  /// From 0 to one half; what lies outside counts in the first and the last bin.
  private static func shares(_ scores: [Float]) -> [Double] {
    var counts = [Int](repeating: 0, count: bins)
    for score in scores { counts[min(max(Int(score * 2 * Float(bins)), 0), bins - 1)] += 1 }
    return counts.map { Double($0) / Double(scores.count) }
  }
}
