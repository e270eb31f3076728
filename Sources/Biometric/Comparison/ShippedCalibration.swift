extension Calibration {
  /// Provisional, until the synthetic tuning palms are evaluated: no rate was measured at these distances.
  public static let standard = Calibration(
    provisional: [(290_000, 600), (310_000, 500), (330_000, 400), (350_000, 300), (370_000, 200), (390_000, 100)])

  /// Normalised distance, in millionths: closer than that no two captures of one palm are.
  public static let implausible = 120_000

  private init(provisional points: [(distance: Int, strength: Int)]) {
    guard
      let conditions = try? AlignmentWindow.standard.conditions(filterBank: FilterBank.current.id, templates: 3),
      let normalisation = try? Normalisation(impostorMean: 4_300, typicalOverlap: 2_300),
      let calibration = try? Calibration(
        conditions: conditions, normalisation: normalisation,
        points: points.map { Point(distance: $0.distance, strength: $0.strength) })
    else {
      // Cannot happen: the numbers above are within their limits.
      preconditionFailure("a calibration outside its limits")
    }
    self = calibration
  }
}
