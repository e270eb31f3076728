public import AuthTerms

/// What normalised distances were worth in one evaluation: at which of them strangers matched how often, per transaction (a probe
/// against all templates of a person). Valid for the conditions it was measured under, and an error for all others.
public struct Calibration: Hashable, Sendable {
  /// Up to this distance strangers matched at this rate.
  public struct Point: Hashable, Sendable {
    /// Largest normalised distance, in millionths.
    public let distance: Int
    /// −log10 of the false match rate, in hundredths: 500 for 1e-5.
    public let strength: Int

    public init(distance: Int, strength: Int) {
      self.distance = distance
      self.strength = strength
    }
  }

  public static let millionths = 1_000_000
  public static let mostPoints = 4096

  public let conditions: ComparisonConditions
  public let normalisation: Normalisation
  /// By distance, ascending.
  public let points: [Point]

  /// Accepts 1 to 4,096 points; distances strictly ascending, above 0 and below one half; strengths strictly descending, 1 to 1,200.
  public init(
    conditions: ComparisonConditions, normalisation: Normalisation, points: [Point]
  ) throws(MalformedInput) {
    guard (1...Self.mostPoints).contains(points.count),
      points.allSatisfy({ (1..<Self.millionths / 2).contains($0.distance) && (1...1200).contains($0.strength) }),
      zip(points, points.dropFirst()).allSatisfy({ $0.distance < $1.distance && $0.strength > $1.strength })
    else {
      throw MalformedInput("calibration", expected: "1 to \(Self.mostPoints) points, distances below 1/2 up, strengths down")
    }
    self.conditions = conditions
    self.normalisation = normalisation
    self.points = points
  }

  /// For tables that a test puts through the initialiser above.
  init(known conditions: ComparisonConditions, _ normalisation: Normalisation, _ points: [(distance: Int, strength: Int)]) {
    self.conditions = conditions
    self.normalisation = normalisation
    self.points = points.map { Point(distance: $0.distance, strength: $0.strength) }
  }

  /// −log10 of the rate at which strangers come as close, in hundredths; 0 for no result and beyond the last point.
  ///
  /// Between two points the weaker one counts: nothing is claimed that was not measured.
  ///
  /// - Throws: `mismatch` when the distance comes from other conditions.
  public func strength(
    of found: AlignedDistance?, under conditions: ComparisonConditions
  ) throws(ComparisonFault) -> Int {
    guard conditions == self.conditions else { throw .mismatch(expected: "the conditions of the calibration") }
    guard let found else { return 0 }
    // Whether a point is far enough is false up to some point and true from there on.
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if normalisation.isWithin(found, points[middle].distance, Self.millionths) { high = middle } else { low = middle + 1 }
    }
    return low < points.count ? points[low].strength : 0
  }

  /// Whether a distance, normalised as it is here, is at most so many millionths; exact.
  public func isWithin(_ found: AlignedDistance, millionths: Int) -> Bool {
    normalisation.isWithin(found, millionths, Self.millionths)
  }

  /// The fused result of one transaction: the closest reference.
  ///
  /// - Parameter found: one for each reference, as `VeinComparator.compare` gives them.
  /// - Throws: `mismatch` when there are more or fewer references than the calibration was measured with, or in other conditions.
  public func fused(
    _ found: [AlignedDistance?], under conditions: ComparisonConditions
  ) throws(ComparisonFault) -> FusedResult {
    guard found.count == self.conditions.templates else {
      throw .mismatch(expected: "\(self.conditions.templates) references")
    }
    var best: (reference: Int, distance: AlignedDistance)?
    for case (let index, let distance?) in found.enumerated() {
      if best.map({ normalisation.isCloser(distance, than: $0.distance) }) ?? true { best = (index, distance) }
    }
    return FusedResult(
      reference: best?.reference, distance: best?.distance, strength: try strength(of: best?.distance, under: conditions))
  }

  /// The threshold for a rate that a policy names.
  ///
  /// - Throws: `mismatch` when no point was measured at that rate or a stricter one.
  public func threshold(for rate: FalseMatchRate) throws(ComparisonFault) -> Threshold {
    guard let point = points.last(where: { $0.strength >= 100 * rate.exponent }),
      let threshold = try? Threshold(
        rate: rate, conditions: conditions, normalisation: normalisation, numerator: point.distance,
        denominator: Self.millionths)
    else { throw .mismatch(expected: "a calibration measured down to \(rate)") }
    return threshold
  }
}

/// What one transaction came to.
public struct FusedResult: Hashable, Sendable {
  /// Index of the closest reference; the first of equally close ones. `nil` when none overlapped enough.
  public let reference: Int?
  public let distance: AlignedDistance?
  /// −log10 of the false match rate, in hundredths; 0 without a result.
  public let strength: Int

  /// Whether strangers come as close at most at this rate.
  public func reaches(_ rate: FalseMatchRate) -> Bool { strength >= 100 * rate.exponent }
}
