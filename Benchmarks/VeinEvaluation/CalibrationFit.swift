public import Biometric
import Foundation

/// From the scores of strangers to the points of a calibration.
public enum CalibrationFit {
  /// Strengths that are asked for: 1.00 to 6.00 in steps of 0.10.
  public static let strengths = Array(stride(from: 100, through: 600, by: 10))
  /// Fewer observed false matches than this carry no point: beyond it a distance would be a guess about the tail.
  public static let leastFalseMatches = 3

  /// One point for each strength that was observed in every set, distances ascending.
  ///
  /// A point is the largest distance, in whole millionths, up to which the upper Clopper–Pearson bound (95 %, two-sided) of the
  /// false match rate is at most the strength's, in each set by itself: so the rate holds for strangers of the easiest set too.
  ///
  /// - Parameter sets: normalised distances of impostor transactions, each set ascending and not empty.
  public static func points(_ sets: [[Float]], strengths: [Int] = strengths) -> [Calibration.Point] {
    var points: [Calibration.Point] = []
    for strength in strengths.sorted(by: >) {
      let distances = sets.map { distance(in: $0, rate: pow(10, -Double(strength) / 100)) }
      guard distances.allSatisfy({ $0 != nil }), let least = distances.compactMap(\.self).min() else { continue }
      if least > points.last?.distance ?? 0 { points.append(Calibration.Point(distance: least, strength: strength)) }
    }
    return points
  }

  /// Millionths; `nil` if too few strangers were observed for this rate.
  static func distance(in scores: [Float], rate: Double) -> Int? {
    let allowed = falseMatches(within: rate, of: scores.count)
    guard allowed >= leastFalseMatches, allowed < scores.count else { return nil }
    // Just below the next stranger, who must stay out.
    let next = Int((Double(scores[allowed]) * Double(Calibration.millionths)).rounded(.up)) - 1
    return next > 0 && Double(scores[leastFalseMatches - 1]) <= Double(next) / Double(Calibration.millionths) ? next : nil
  }

  /// The largest count of false matches whose upper bound is at most `rate`; -1 if none is.
  static func falseMatches(within rate: Double, of trials: Int) -> Int {
    let expected = rate * Double(trials)
    // The bound lies some two standard deviations above the count: five below the expectation it holds for certain.
    var low = max(-1, Int(expected - 5 * expected.squareRoot()) - 5)
    var high = Int(expected) + 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if ClopperPearson.bounds(middle, of: trials).upperBound <= rate { low = middle } else { high = middle }
    }
    return low
  }
}
