import AuthTerms
import Biometric
import PalmSynthesis
import Testing
import VeinEvaluation

@Suite("error rates")
struct ErrorRateTests {
  @Test("Clopper-Pearson bounds as published: 0 of 10, 1 of 10, 5 of 10, 10 of 10; and the rule of three")
  func bounds() {
    for (hits, trials, low, high) in [
      (0, 10, 0, 0.3085), (1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1), (3, 1000, 0.000619, 0.008742),
    ] as [(Int, Int, Double, Double)] {
      let bounds = ClopperPearson.bounds(hits, of: trials)
      #expect(abs(bounds.lowerBound - low) < 1e-4 && abs(bounds.upperBound - high) < 1e-4, "\(hits) of \(trials): \(bounds)")
    }
    // One-sided 95 % for no hit in n is 3/n.
    let rule = ClopperPearson.bounds(0, of: 3_000_000, confidence: 0.90).upperBound
    #expect(abs(rule * 3_000_000 - 2.996) < 0.01)
  }

  @Test("rates count what is at or below the threshold, and ties stay out together")
  func counts() {
    let rates = ErrorRates(genuine: [0.1, 0.2, 0.3, 0.6], impostor: [0.5, 0.5, 0.7, 0.8, 0.9, 0.4, 0.75, 0.85, 0.95, 1])
    let point = rates.operating(at: 0.5)
    #expect(point.falseMatches == 3 && point.falseNonMatches == 1)
    #expect(point.falseMatchRate == 0.3 && point.falseNonMatchRate == 0.25)
    // Room for two false matches, but the second and third score the same.
    #expect(rates.operating(atRate: 0.2).falseMatches == 1)
    #expect(rates.operating(atRate: 0.1).falseMatches == 1)
    #expect(rates.operating(atRate: 0).falseMatches == 0 && rates.operating(atRate: 0).falseNonMatches == 1)
    #expect(rates.operating(atRate: 1).falseMatches == 10)
  }

  @Test("the equal error rate of apart, overlapping and turned scores")
  func equal() {
    #expect(ErrorRates(genuine: [0.1, 0.2], impostor: [0.3, 0.4]).equalErrorRate == 0)
    #expect(abs(ErrorRates(genuine: [1, 2, 3, 6], impostor: [4, 7, 8, 9]).equalErrorRate - 0.25) < 1e-9)
    #expect(ErrorRates(genuine: [0.9, 0.8], impostor: [0.1, 0.2]).equalErrorRate == 1)
  }

  @Test("the scalar comparator finds a palm that was moved, and nothing where there is no overlap")
  func moved() throws {
    let shape = { (dx: Int, dy: Int) -> VeinTemplate? in
      var code = [UInt64](repeating: 0, count: 192)
      var mask = [UInt64](repeating: 0, count: 64)
      var chance = PalmChance(seed: 5, stream: 0)
      for row in 8..<56 {
        let (low, valid) = (chance.next(), UInt64(0x0000_FFFF_FFFF_0000))
        let place = row + dy
        mask[place] = dx >= 0 ? valid << UInt64(dx) : valid >> UInt64(-dx)
        code[place] = (dx >= 0 ? low << UInt64(dx) : low >> UInt64(-dx)) & mask[place]
      }
      return VeinTemplate(
        hand: .left, quality: 50, filterBank: 1, protectionKey: 0, alignmentWindow: 1, code: code, mask: mask)
    }
    let comparator = ScalarComparator(reach: 4)
    let still = try #require(shape(0, 0))
    for (dx, dy) in [(0, 0), (3, -2), (-4, 4), (4, 4)] {
      let moved = try #require(shape(dx, dy))
      let best = try #require(comparator.compare(comparator.probe(still), moved))
      #expect(best.differing == 0 && best.common == 48 * 32 && best.dx == dx && best.dy == dy)
    }
    let strict = ScalarComparator(reach: 4, minimumOverlap: 48 * 32 + 1)
    #expect(strict.compare(strict.probe(still), still) == nil)
    #expect(strict.transaction([strict.probe(still)], [still]) == 1)
  }

  @Test("maximum curvature draws dark lines only, and Miura match finds them moved")
  func baseline() {
    func map(_ dx: Float, _ sign: Float) -> VeinMap {
      let side = 180
      var values = [Float](repeating: 0.5, count: side * side)
      for y in 0..<side {
        for x in 0..<side {
          // Two crossing lines, some three samples wide.
          let (a, b) = (Float(x) - 80 - dx - 0.3 * Float(y - 90), Float(y) - 100 + 0.2 * (Float(x) - dx - 90))
          values[y * side + x] -= sign * (0.1 / (1 + a * a * 0.15) + 0.1 / (1 + b * b * 0.15))
        }
      }
      return MaximumCurvature(sigma: 2).map(
        PalmCutout(side: side, values: values, weights: [Float](repeating: 1, count: side * side)))
    }
    let match = MiuraMatch(border: 8)
    let lines = map(0, 1)
    #expect(match.score(lines, lines) > 0.45)
    #expect(match.score(lines, map(5, 1)) > 0.35)
    #expect(match.score(lines, map(30, 1)) < match.score(lines, map(5, 1)))
    #expect(match.score(lines, VeinMap()) == 0 && match.score(VeinMap(), VeinMap()) == 0)
    #expect(match.transaction([lines, VeinMap()], lines) > match.transaction([lines], lines))
  }
}
