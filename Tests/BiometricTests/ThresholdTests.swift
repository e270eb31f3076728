import AuthTerms
import Biometric
import Testing

@Suite("thresholds")
struct ThresholdTests {
  private func conditions(templates: Int = 3) throws -> ComparisonConditions {
    try ComparisonConditions(grid: 64, filterBank: 1, alignmentWindow: 1, poses: 13, templates: templates)
  }

  private func normalisation() throws -> Normalisation { try Normalisation(impostorMean: 4_500, typicalOverlap: 2_500) }

  @Test("policies name a rate; the stricter one is the smaller")
  func rates() throws {
    #expect(FalseMatchRate.unlock < FalseMatchRate.logon)
    #expect("\(FalseMatchRate.unlock)" == "1e-6")
    for exponent in [-6, 0, 2, 10] { #expect(throws: MalformedInput.self) { try FalseMatchRate(exponent: exponent) } }
    #expect(try FalseMatchRate(exponent: 5) == .logon)
  }

  @Test("a threshold holds under the conditions it was measured under, and no others")
  func conditionsMatter() throws {
    let threshold = try Threshold(
      rate: .logon, conditions: try conditions(), normalisation: try normalisation(), numerator: 3, denominator: 10)
    #expect(try threshold.applied(under: try conditions()) == threshold)
    #expect(throws: MalformedInput.self) { try threshold.applied(under: try conditions(templates: 1)) }
  }

  @Test(
    "a threshold lies between 0 and one half",
    arguments: [(0, 10), (5, 10), (6, 10), (-1, 10), (1, 0), (1, -3), (1, 1_000_001), (Int.max, 10)])
  func fraction(numerator: Int, denominator: Int) throws {
    let conditions = try conditions()
    let normalisation = try normalisation()
    #expect(throws: MalformedInput.self) {
      try Threshold(
        rate: .logon, conditions: conditions, normalisation: normalisation, numerator: numerator, denominator: denominator)
    }
  }

  @Test("conditions outside the format are refused")
  func wrongConditions() {
    for (grid, bank, window, poses, templates) in [
      (32, 1, 1, 1, 1), (64, 0, 1, 1, 1), (64, 1, 0, 1, 1), (64, 1, 1, 0, 1), (64, 1, 1, 65, 1), (64, 1, 1, 1, 0),
      (64, 1, 1, 1, 17),
    ] as [(Int, UInt16, UInt16, Int, Int)] {
      #expect(throws: MalformedInput.self) {
        try ComparisonConditions(
          grid: grid, filterBank: bank, alignmentWindow: window, poses: poses, templates: templates)
      }
    }
  }
}
