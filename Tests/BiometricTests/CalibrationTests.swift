import AuthTerms
import Biometric
import Testing

@Suite("from distances to false match rates")
struct CalibrationTests {
  private func found(_ distance: Int, _ overlap: Int, _ alignment: Int = 0) -> AlignedDistance {
    AlignedDistance(distance: distance, overlap: overlap, alignment: alignment)
  }

  private func conditions(templates: Int = 3) throws -> ComparisonConditions {
    try AlignmentWindow.standard.conditions(filterBank: 1, templates: templates)
  }

  private func calibration(_ points: [(Int, Int)] = [(300_000, 600), (320_000, 500), (340_000, 400)]) throws -> Calibration {
    try Calibration(
      conditions: conditions(), normalisation: Normalisation(impostorMean: 4_500, typicalOverlap: 2_500),
      points: points.map { Calibration.Point(distance: $0.0, strength: $0.1) })
  }

  @Test("with the typical overlap the normalised distance is the distance; fewer cells move it towards the impostors")
  func value() throws {
    let normalisation = try Normalisation(impostorMean: 4_500, typicalOverlap: 2_500)
    #expect(normalisation.value(of: found(2_250, 2_500)) == 0.3)
    // 0.45 - (0.45 - 0.3) * sqrt(625 / 2500)
    #expect(abs(normalisation.value(of: found(1875 * 3 / 10, 625)) - 0.375) < 1e-3)
    #expect(normalisation.value(of: found(0, 2_500)) == 0)
  }

  @Test("the exact order and limits are those of the formula, 20,000 times")
  func exact() throws {
    var random = VeinSamples(seed: 1)
    for _ in 0..<20_000 {
      let normalisation = try Normalisation(
        impostorMean: Int.random(in: 2_000...5_000, using: &random), typicalOverlap: Int.random(in: 256...4096, using: &random))
      let pair = (0..<2).map { _ in
        let overlap = Int.random(in: 1...4096, using: &random)
        return found(Int.random(in: 0...3 * overlap, using: &random), overlap)
      }
      let values = pair.map(normalisation.value)
      if abs(values[0] - values[1]) > 1e-12 {
        #expect(normalisation.isCloser(pair[0], than: pair[1]) == (values[0] < values[1]))
      }
      let threshold = try Threshold(
        rate: .logon, conditions: conditions(), normalisation: normalisation,
        numerator: Int.random(in: 1...499_999, using: &random), denominator: 1_000_000)
      let limit = Double(threshold.numerator) / 1e6
      if abs(values[0] - limit) > 1e-12 {
        #expect(try threshold.accepts(pair[0], under: conditions()) == (values[0] <= limit))
      }
    }
  }

  @Test("equality is decided without rounding")
  func boundary() throws {
    let normalisation = try Normalisation(impostorMean: 4_500, typicalOverlap: 2_500)
    #expect(!normalisation.isCloser(found(2_250, 2_500), than: found(2_250, 2_500)))
    #expect(normalisation.isCloser(found(2_249, 2_500), than: found(2_250, 2_500)))
    // The mean itself is the same for every number of cells.
    #expect(!normalisation.isCloser(found(1_350, 1_000), than: found(2_700, 2_000)))
    #expect(!normalisation.isCloser(found(2_700, 2_000), than: found(1_350, 1_000)))
    let threshold = try Threshold(
      rate: .logon, conditions: conditions(), normalisation: normalisation, numerator: 3, denominator: 10)
    #expect(try threshold.accepts(found(2_250, 2_500), under: conditions()))
    #expect(try !threshold.accepts(found(2_251, 2_500), under: conditions()))
    #expect(try !threshold.accepts(nil, under: conditions()))
    #expect(throws: MalformedInput.self) { try threshold.accepts(found(0, 4096), under: conditions(templates: 2)) }
  }

  @Test(
    "between two points the weaker one counts",
    arguments: [
      (0, 600), (2_250, 600), (2_251, 500), (2_400, 500), (2_401, 400), (2_550, 400), (2_551, 0), (7_500, 0),
    ])
  func strength(distance: Int, strength: Int) throws {
    let calibration = try calibration()
    #expect(try calibration.strength(of: found(distance, 2_500), under: conditions()) == strength)
    #expect(try calibration.strength(of: nil, under: conditions()) == 0)
  }

  @Test("other conditions are an error, never an approximation")
  func mismatch() throws {
    let calibration = try calibration()
    let others = [
      try conditions(templates: 2), try AlignmentWindow.guided.conditions(filterBank: 1, templates: 3),
      try AlignmentWindow.standard.conditions(filterBank: 2, templates: 3),
    ]
    for other in others {
      #expect(throws: ComparisonFault.self) { try calibration.strength(of: found(0, 4096), under: other) }
      #expect(throws: ComparisonFault.self) { try calibration.fused([nil, nil, nil], under: other) }
    }
    for count in [0, 1, 2, 4] {
      #expect(throws: ComparisonFault.self) {
        try calibration.fused(Array(repeating: found(0, 4096), count: count), under: conditions())
      }
    }
  }

  @Test("a transaction is its closest reference; of equal ones the first")
  func fusion() throws {
    let calibration = try calibration()
    func fused(_ all: AlignedDistance?...) throws -> FusedResult { try calibration.fused(all, under: conditions()) }
    let result = try fused(found(2_500, 2_500), found(2_300, 2_500, 7), nil)
    #expect(result.reference == 1 && result.distance?.alignment == 7 && result.strength == 500)
    #expect(result.reaches(.logon) && !result.reaches(.unlock))
    // The smaller fraction of few cells says less than the larger one of many.
    #expect(try fused(found(320, 400), found(2_300, 2_500), nil).reference == 1)
    #expect(try fused(nil, found(2_300, 2_500, 1), found(2_300, 2_500, 2)).reference == 1)
    let none = try fused(nil, nil, nil)
    #expect(none.reference == nil && none.distance == nil && none.strength == 0)
    #expect(try !none.reaches(FalseMatchRate(exponent: 3)))
  }

  @Test("a rate has a threshold when it was measured")
  func thresholds() throws {
    let calibration = try calibration([(250_000, 650), (300_000, 520), (310_000, 480)])
    let logon = try calibration.threshold(for: .logon)
    #expect(logon.numerator == 300_000 && logon.rate == .logon && logon.conditions == calibration.conditions)
    #expect(try calibration.threshold(for: .unlock).numerator == 250_000)
    #expect(throws: ComparisonFault.self) { try calibration.threshold(for: FalseMatchRate(exponent: 7)) }
    for distance in [2_249, 2_250, 2_251] {
      let one = found(distance, 2_500)
      let reaches = try calibration.fused([one, nil, nil], under: conditions()).reaches(.logon)
      #expect(try logon.accepts(one, under: conditions()) == reaches)
    }
  }

  @Test(
    "calibrations that are no measurement are refused",
    arguments: [
      [], [(0, 500)], [(500_000, 500)], [(300_000, 0)], [(300_000, 1201)], [(300_000, 500), (300_000, 400)],
      [(300_000, 500), (310_000, 500)], [(300_000, 400), (310_000, 500)], [(310_000, 500), (300_000, 400)],
    ])
  func malformed(points: [(Int, Int)]) {
    #expect(throws: MalformedInput.self) { try calibration(points) }
  }

  @Test("4,096 points are read, one more is not")
  func most() throws {
    // Strengths end long before points do: 1 to 1,200.
    let points = (1...1200).map { ($0 * 100, 1201 - $0) }
    #expect(try calibration(points).points.count == 1200)
    #expect(throws: MalformedInput.self) { try calibration((1...4097).map { ($0 * 100, 4098 - $0) }) }
  }

  @Test(
    "a normalisation outside its limits is refused", arguments: [(1_999, 2_500), (5_001, 2_500), (4_500, 255), (4_500, 4_097)])
  func normalisations(mean: Int, overlap: Int) {
    #expect(throws: MalformedInput.self) { try Normalisation(impostorMean: mean, typicalOverlap: overlap) }
  }
}
