import Foundation

/// Error rates of a comparator from scores of genuine and impostor transactions, in the terms of ISO/IEC 19795-1. Lower scores are
/// more alike; a transaction is accepted if its score is at or below the threshold.
public struct ErrorRates: Sendable {
  /// Ascending.
  public let genuine: [Float]
  public let impostor: [Float]

  /// - Precondition: neither is empty.
  public init(genuine: [Float], impostor: [Float]) {
    precondition(!genuine.isEmpty && !impostor.isEmpty, "rates of nothing")
    self.genuine = genuine.sorted()
    self.impostor = impostor.sorted()
  }

  /// One point of the DET curve with the counts behind it.
  public struct Operating: Sendable {
    public let threshold: Float
    /// Impostor transactions that were accepted.
    public let falseMatches: Int
    /// Genuine transactions that were not.
    public let falseNonMatches: Int
    public let falseMatchRate: Double
    public let falseNonMatchRate: Double
    /// Clopper-Pearson, 95 %, as if transactions were independent, which those of one palm are not.
    public let falseNonMatchBounds: ClosedRange<Double>
    public let falseMatchBounds: ClosedRange<Double>
  }

  public func operating(at threshold: Float) -> Operating {
    let matches = Self.count(impostor, upTo: threshold)
    let misses = genuine.count - Self.count(genuine, upTo: threshold)
    return Operating(
      threshold: threshold, falseMatches: matches, falseNonMatches: misses,
      falseMatchRate: Double(matches) / Double(impostor.count), falseNonMatchRate: Double(misses) / Double(genuine.count),
      falseNonMatchBounds: ClopperPearson.bounds(misses, of: genuine.count),
      falseMatchBounds: ClopperPearson.bounds(matches, of: impostor.count))
  }

  /// The largest threshold whose observed false match rate is at most `rate`. With fewer than 1/`rate` impostors it lies just below
  /// the nearest impostor, and promises nothing.
  public func operating(atRate rate: Double) -> Operating {
    let allowed = Int((rate * Double(impostor.count)).rounded(.down))
    // Ties stay out together.
    let threshold = allowed < impostor.count ? impostor[allowed].nextDown : impostor[impostor.count - 1]
    return operating(at: threshold)
  }

  /// Where both rates are equal, as the threshold rises through all scores; by linear interpolation where they pass each other
  /// between two of them.
  public var equalErrorRate: Double {
    var (matches, accepted) = (0, 0)
    var last = (match: 0.0, miss: 1.0)
    while matches < impostor.count || accepted < genuine.count {
      let threshold = min(
        matches < impostor.count ? impostor[matches] : .infinity, accepted < genuine.count ? genuine[accepted] : .infinity)
      while matches < impostor.count, impostor[matches] <= threshold { matches += 1 }
      while accepted < genuine.count, genuine[accepted] <= threshold { accepted += 1 }
      let match = Double(matches) / Double(impostor.count)
      let miss = Double(genuine.count - accepted) / Double(genuine.count)
      if match >= miss {
        let (before, after) = (last.miss - last.match, match - miss)
        return last.match + before / (before + after) * (match - last.match)
      }
      last = (match, miss)
    }
    return last.match
  }

  private static func count(_ sorted: [Float], upTo limit: Float) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= limit { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Exact binomial confidence bounds (Clopper and Pearson 1934).
public enum ClopperPearson {
  /// 95 % in the middle, unless another `confidence` is given.
  public static func bounds(_ hits: Int, of trials: Int, confidence: Double = 0.95) -> ClosedRange<Double> {
    precondition(trials > 0 && (0...trials).contains(hits), "a count of trials")
    let tail = (1 - confidence) / 2
    let lower = hits == 0 ? 0 : solve { atMost(hits - 1, of: trials, $0) > 1 - tail }
    let upper = hits == trials ? 1 : solve { atMost(hits, of: trials, $0) > tail }
    return min(lower, upper)...max(lower, upper)
  }

  /// The largest p for which `holds`, which is true at 0 and false at 1.
  private static func solve(_ holds: (Double) -> Bool) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if holds(middle) { low = middle } else { high = middle }
    }
    return low
  }

  /// P(X <= hits) for a binomial X; the sum runs over the shorter side of it, away from the mean, each term from the one before.
  static func atMost(_ hits: Int, of trials: Int, _ p: Double) -> Double {
    if p <= 0 { return 1 }
    if p >= 1 || hits >= trials { return hits >= trials ? 1 : 0 }
    func term(_ k: Int) -> Double {
      let ways = lgamma(Double(trials) + 1) - lgamma(Double(k) + 1) - lgamma(Double(trials - k) + 1)
      return exp(ways + Double(k) * log(p) + Double(trials - k) * log1p(-p))
    }
    let odds = p / (1 - p)
    let isLower = Double(hits) <= Double(trials) * p
    var k = isLower ? hits : hits + 1
    var next = term(k)
    var sum = 0.0
    while next > sum * 1e-17 {
      sum += next
      guard isLower ? k > 0 : k < trials else { break }
      next *= isLower ? Double(k) / Double(trials - k + 1) / odds : Double(trials - k) / Double(k + 1) * odds
      k += isLower ? -1 : 1
    }
    return isLower ? sum : 1 - sum
  }
}
