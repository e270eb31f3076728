import AuthTerms
import Biometric
import PalmSynthesis
import Testing

@Suite("the calibration that ships", .serialized)
struct ShippedCalibrationTests {
  private let standard = Calibration.standard

  @Test(
    "the table is one that the checked initialisers accept, for the standard window, the current filters and three templates")
  func table() throws {
    let window = try AlignmentWindow.standard.conditions(filterBank: FilterBank.current.id, templates: 3)
    #expect(standard.conditions == window)
    let normalisation = try Normalisation(
      impostorMean: standard.normalisation.impostorMean, typicalOverlap: standard.normalisation.typicalOverlap)
    #expect(try Calibration(conditions: window, normalisation: normalisation, points: standard.points) == standard)
    #expect(standard.points.count >= 40)
  }

  @Test("logon and unlock have thresholds, the stricter one nearer; nothing is claimed beyond what was observed")
  func thresholds() throws {
    let (logon, unlock) = (try standard.threshold(for: .logon), try standard.threshold(for: .unlock))
    #expect(unlock.numerator < logon.numerator && logon.denominator == Calibration.millionths)
    // What a policy file is warned of.
    #expect(throws: Never.self) { try standard.threshold(for: FalseMatchRate(exponent: PalmRates.strictestOfOurs)) }
    #expect(throws: ComparisonFault.self) {
      try standard.threshold(for: FalseMatchRate(exponent: PalmRates.strictestOfOurs + 1))
    }
    #expect(Calibration.implausible >= 0 && Calibration.implausible < unlock.numerator / 2)
  }

  @Test("the same picture again is implausibly close, written anew too; another capture of the palm is not, and reaches logon")
  func captures() throws {
    let comparator = try VeinComparator(window: .standard)
    for seed in [100, 101, 102] as [UInt64] {
      let enrolled = try (0..<3).map { try Self.sample(seed, $0).template }
      let probe = try VeinProbe(try Self.sample(seed, 3).poses, window: .standard)
      let found = try comparator.compare(probe, with: enrolled)
      let fused = try standard.fused(found, under: standard.conditions)
      #expect(fused.reaches(.logon), "palm \(seed): \(fused.strength)")
      let value = try #require(found.compactMap(\.self).map(standard.normalisation.value).min())
      #expect(value * 1e6 > Double(Calibration.implausible), "palm \(seed): \(value)")
      for noise in [0, 2] {
        let repeated = try comparator.compare(probe, with: [Self.sample(seed, 3, noise: noise).template])
        let again = try #require(repeated[0])
        let near = standard.normalisation.value(of: again)
        #expect(near * 1e6 < Double(Calibration.implausible), "palm \(seed), noise \(noise): \(near)")
      }
    }
  }

  @Test("a stranger's palm has no strength worth a logon")
  func strangers() throws {
    let comparator = try VeinComparator(window: .standard)
    let enrolled = try (0..<3).map { try Self.sample(100, $0).template }
    for seed in [102, 104] as [UInt64] {
      let probe = try VeinProbe(try Self.sample(seed, 3).poses, window: .standard)
      let fused = try standard.fused(comparator.compare(probe, with: enrolled), under: standard.conditions)
      #expect(try !fused.reaches(FalseMatchRate(exponent: 3)), "palm \(seed): \(fused.strength)")
    }
  }

  /// - Parameter noise: up to so many of 255 levels of grey are added or taken away.
  private static func sample(_ seed: UInt64, _ number: Int, noise: Int = 0) throws -> VeinSample {
    let palm = PalmIdentity(seed: seed)
    var renderer = PalmRenderer()
    var picture = renderer.picture(palm, number: number, hardness: .guided)
    if noise > 0 {
      var random = VeinSamples(seed: seed)
      let samples = picture.withSamples { samples in
        samples.map { UInt16(min(max(Int($0) / 257 + Int.random(in: -noise...noise, using: &random), 0), 255) * 257) }
      }
      picture = try #require(PalmPicture(width: picture.width, height: picture.height, samples: samples))
    }
    let conditions = try CaptureConditions(hand: palm.hand, wavelength: 850, resolution: PalmRenderer.resolution)
    guard case .sample(let sample) = VeinExtractor(window: .standard).extract(picture, conditions) else {
      throw MalformedInput("palm \(seed)", expected: "a sample")
    }
    return sample
  }
}
