import AuthTerms
import Biometric
import PalmSynthesis
import Testing
import VeinEvaluation

@Suite("from strangers to a calibration")
struct CalibrationFitTests {
  private static func scores(_ count: Int, from low: Float = 0.2, to high: Float = 0.5) -> [Float] {
    (0..<count).map { low + (high - low) * (Float($0) + 0.5) / Float(count) }
  }

  @Test("a point's upper bound keeps the rate, and one false match more would not")
  func bounds() {
    let scores = Self.scores(5_000)
    let points = CalibrationFit.points([scores], strengths: [100, 130, 170, 220, 270])
    #expect(points.count == 5)
    #expect(points.map(\.strength) == points.map(\.strength).sorted(by: >))
    #expect(points.map(\.distance) == points.map(\.distance).sorted())
    for point in points {
      let matches = scores.filter { Double($0) <= Double(point.distance) / 1e6 }.count
      var rate = 1.0
      for _ in 0..<point.strength { rate *= 0.977_237_220_955_810_7 }  // ten to the power of -1/100
      #expect(ClopperPearson.bounds(matches, of: scores.count).upperBound <= rate * 1.000_001, "\(point)")
      #expect(ClopperPearson.bounds(matches + 1, of: scores.count).upperBound > rate * 0.999_999, "\(point)")
    }
  }

  @Test("what was not observed has no point", arguments: [(20_000, 330), (200_000, 430), (100, 100)])
  func unobserved(count: Int, strongest: Int) {
    // Three false matches have an upper bound of 8.77 of all.
    let points = CalibrationFit.points([Self.scores(count)], strengths: Array(stride(from: strongest, through: 600, by: 10)))
    #expect((points.first?.strength ?? 0) == strongest)
    #expect(CalibrationFit.points([Self.scores(50)]).isEmpty)
  }

  @Test("the rate holds in each of two sets: the nearer strangers decide")
  func sets() {
    let (near, far) = (Self.scores(5_000, from: 0.1), Self.scores(20_000, from: 0.3))
    let both = CalibrationFit.points([near, far], strengths: [150, 200, 250])
    #expect(both.count == 3 && both == CalibrationFit.points([far, near], strengths: [150, 200, 250]))
    for point in both {
      let alone =
        CalibrationFit.points([near], strengths: [point.strength]) + CalibrationFit.points([far], strengths: [point.strength])
      #expect(alone.count == 2 && alone.map(\.distance).min() == point.distance)
    }
  }

  @Test("strangers who score the same stay out together")
  func ties() {
    let scores = [Float](repeating: 0.3, count: 500) + Self.scores(9_500, from: 0.35)
    // 1e-2 of 10,000 has no room for 500.
    #expect(CalibrationFit.points([scores], strengths: [200]).isEmpty)
    #expect(CalibrationFit.points([scores], strengths: [110]).first.map { $0.distance > 300_000 } == true)
  }
}

@Suite("palms drawn again")
struct PalmBootstrapTests {
  private let hands: [Hand] = (0..<40).map { $0 % 2 == 0 ? .right : .left }

  @Test("the bounds hold the observed rate; without a false match they say nothing")
  func contains() {
    let bootstrap = PalmBootstrap(hands: hands, probes: [Int](repeating: 3, count: 40))
    #expect(bootstrap.bounds([], replicates: 200) == 0...0)
    // 10 of 40 x 3 x 19 transactions, spread over many palms.
    let spread = (0..<10).map { PalmBootstrap.FalseMatch(probe: $0, enrolled: $0 + 20) }
    let rate = 10.0 / Double(40 * 3 * 19)
    let bounds = bootstrap.bounds(spread)
    #expect(bounds.contains(rate) && bounds.lowerBound > 0 && bounds.upperBound < 3 * rate, "\(bounds)")
    #expect(bootstrap.bounds(spread) == bounds)
  }

  @Test("false matches of one palm stand or fall together, and widen the bounds")
  func clustered() {
    let bootstrap = PalmBootstrap(hands: hands, probes: [Int](repeating: 3, count: 40))
    let spread = (0..<10).map { PalmBootstrap.FalseMatch(probe: $0, enrolled: $0 + 20) }
    let one = (0..<10).map { PalmBootstrap.FalseMatch(probe: 2 * $0 + 2, enrolled: 0) }
    #expect(bootstrap.bounds(one).upperBound > 1.2 * bootstrap.bounds(spread).upperBound)
    #expect(bootstrap.bounds(one).lowerBound == 0)
  }
}

@Suite("transactions of a set of palms", .serialized)
struct VeinTransactionTests {
  @Test("the fast search gives the scores of one comparison after another, on any number of threads")
  func differential() throws {
    let window = AlignmentWindow.guided
    let set = PalmSet(seeds: 110..<114, hardness: .guided, extractor: VeinExtractor(window: window), baselinePalms: 2)
    let normalisation = Calibration.standard.normalisation
    let one = try VeinTransactions(set, window: window, normalisation: normalisation, limit: 0.5)
    let many = try VeinTransactions(set, window: window, normalisation: normalisation, limit: 0.5, threads: 3)
    #expect(one.genuine == many.genuine && one.impostor == many.impostor && one.leastGenuine == many.leastGenuine)

    let comparator = try VeinComparator(window: window)
    var (genuine, impostor): ([Float], [Float]) = ([], [])
    for hand in [Hand.right, .left] {
      let palms = set.palms.filter { $0.hand == hand }
      for palm in palms {
        for sample in palm.probes {
          for other in palms {
            let found = try comparator.compare(VeinProbe(sample.poses, window: window), with: other.enrolled.map(\.template))
            let score = found.compactMap(\.self).map { Float(normalisation.value(of: $0)) }.min() ?? 1
            if other.seed == palm.seed { genuine.append(score) } else { impostor.append(score) }
          }
        }
      }
    }
    #expect(one.genuine == genuine && one.impostor == impostor && !impostor.isEmpty)
    #expect(one.falseMatches(at: 0.5, replicates: 200).count == impostor.count)
    let nearest = try #require(impostor.min())
    #expect(one.falseMatches(at: nearest, replicates: 200).count == impostor.filter { $0 == nearest }.count)
    #expect(one.falseMatches(at: nearest.nextDown, replicates: 200).count == 0)
    #expect(one.impostorMean > 0.3 && one.impostorMean < 0.5 && one.impostorOverlap > 1024)
    let least = try #require(one.leastGenuine)
    #expect(least <= Double(genuine.min() ?? 0) + 1e-6)

    let some = set.withBaseline
    #expect(some.palms.map(\.seed) == [110, 111] && some.palms.allSatisfy { $0.probeMaps.count == $0.probes.count })
    let baseline = BaselineTransactions(set, threads: 2)
    #expect(baseline.genuine.count == some.palms.reduce(0) { $0 + $1.probes.count } && baseline.impostor.isEmpty)
  }
}
