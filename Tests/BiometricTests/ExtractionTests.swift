import AuthTerms
import Biometric
import PalmSynthesis
import Testing
import VeinEvaluation

@Suite("from a picture to a template", .serialized)
struct ExtractionTests {
  private static let poses = [-2.5, 0, 2.5].compactMap { ProbePose(degrees: $0) }

  private static func extract(
    _ seed: UInt64, _ number: Int, _ fault: Presentation.Fault? = nil, hand: Hand? = nil, poses: [ProbePose] = []
  ) throws -> VeinExtraction {
    let palm = PalmIdentity(seed: seed)
    var renderer = PalmRenderer()
    let picture = renderer.picture(palm, Presentation(of: seed, number: number, hardness: .guided, fault: fault))
    let extractor = try #require(VeinExtractor(alignmentWindow: 1, poses: poses))
    return extractor.extract(
      picture, try CaptureConditions(hand: hand ?? palm.hand, wavelength: 850, resolution: PalmRenderer.resolution))
  }

  private static func sample(_ seed: UInt64, _ number: Int, poses: [ProbePose] = []) throws -> VeinSample {
    guard case .sample(let sample) = try extract(seed, number, poses: poses) else {
      throw MalformedInput("palm \(seed)", expected: "a sample")
    }
    return sample
  }

  @Test("one palm is nearer to itself than to any other, both hands, in another pose")
  func ownPalm() throws {
    let comparator = ScalarComparator(reach: 5)
    let seeds: [UInt64] = [100, 101, 102, 103]
    let enrolled = try seeds.map { try Self.sample($0, 0).template }
    for (index, seed) in seeds.enumerated() {
      let probes = try Self.sample(seed, 1, poses: Self.poses).poses.map(comparator.probe)
      let scores = enrolled.map { comparator.transaction(probes, [$0]) }
      let others = scores.enumerated().filter { $0.offset != index }.map(\.element)
      #expect(scores[index] < 0.34, "palm \(seed): \(scores[index])")
      #expect(others.allSatisfy { $0 > 0.36 }, "palm \(seed): \(others)")
    }
  }

  @Test("the same picture gives the same bits, and says what it is")
  func deterministic() throws {
    let (first, second) = (try Self.sample(100, 0, poses: Self.poses), try Self.sample(100, 0, poses: Self.poses))
    #expect(first.template.encoded == second.template.encoded)
    #expect(first.poses.map(\.encoded) == second.poses.map(\.encoded))
    // The upright pose among those asked for is the template itself; the others are not.
    #expect(first.poses[1] == first.template && first.poses[0] != first.template)
    #expect(first.template.hand == .right && first.template.filterBank == FilterBank.current.id)
    #expect(first.template.protectionKey == 0 && first.template.quality == first.quality.score)
    #expect(try VeinTemplate(decoding: first.template.encoded) == first.template)
    // Another digest is another filter bank: give it another number, or old templates will not compare.
    let digest = first.template.encoded.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    #expect(String(digest, radix: 16) == "4aa863838a33b5f")
  }

  @Test("a template keeps three quarters of what was seen")
  func mask() throws {
    let sample = try Self.sample(101, 0)
    let share = Float(sample.template.validCells) / (sample.quality.seen * 4096)
    #expect(abs(share - 0.75) < 0.01)
  }

  @Test(
    "what a person does wrong is told",
    arguments: [
      (Presentation.Fault.noHand, [CaptureAdvice.noHand]), (.tooDark, [.tooDark]), (.tooBright, [.tooBright]),
      (.tooNear, [.tooNear]), (.tooFar, [.tooFar]), (.wet, [.wet]), (.blurred, [.blurred]),
      (.partlyOutside, [.notWhole]),
    ])
  func advice(fault: Presentation.Fault, expected: [CaptureAdvice]) throws {
    for seed in [100, 103] as [UInt64] {
      switch try Self.extract(seed, 0, fault) {
      case .sample(let sample): Issue.record("palm \(seed) was accepted with quality \(sample.quality.score)")
      case .refused(let advice): #expect(expected.contains(advice), "palm \(seed): \(advice)")
      }
    }
  }

  @Test("the other hand is seen to be the other hand")
  func otherHand() throws {
    guard case .refused(let advice) = try Self.extract(100, 0, hand: .left) else {
      Issue.record("a right hand was taken for a left one")
      return
    }
    #expect(advice == .otherHand)
  }

  @Test("flat and striped pictures are refused, whatever their size", arguments: [(128, 128), (1600, 960), (128, 1600)])
  func strange(width: Int, height: Int) throws {
    let extractor = try #require(VeinExtractor(alignmentWindow: 1, poses: []))
    for (resolution, value) in [(12, 0), (25, 40_000), (80, 65_535)] {
      let conditions = try CaptureConditions(hand: .right, wavelength: 850, resolution: resolution)
      for stripe in [0, 3, 40] {
        let samples = (0..<width * height).map { stripe > 0 && $0 / stripe % 2 == 0 ? 0 : UInt16(value) }
        let picture = try #require(PalmPicture(width: width, height: height, samples: samples))
        guard case .refused = extractor.extract(picture, conditions) else {
          Issue.record("stripes of \(stripe) were taken for a palm")
          continue
        }
      }
    }
  }

  @Test("poses and pictures outside their limits are refused")
  func limits() {
    #expect(ProbePose(degrees: 15.1) == nil && ProbePose(degrees: .nan) == nil && ProbePose(degrees: 0, scale: 1.11) == nil)
    #expect(ProbePose(degrees: 0) == .upright)
    #expect(VeinExtractor(alignmentWindow: 0, poses: []) == nil)
    #expect(VeinExtractor(alignmentWindow: 1, poses: Array(repeating: .upright, count: 33)) == nil)
    #expect(PalmPicture(width: 127, height: 128, samples: [UInt16](repeating: 0, count: 127 * 128)) == nil)
    #expect(PalmPicture(width: 128, height: 128, samples: [UInt16](repeating: 0, count: 128 * 128 - 1)) == nil)
    #expect(PalmPicture(width: 128, height: 128, samples: [UInt16](repeating: 0, count: 128 * 128)) != nil)
  }

  @Test("a sample prints no plane")
  func silent() throws {
    let sample = try Self.sample(100, 0, poses: [.upright])
    var dumped = ""
    dump(sample, to: &dumped)
    #expect(dumped.utf8.count < 80)
  }
}

@Suite("synthetic palms", .serialized)
struct PalmSynthesisTests {
  private static func digest(_ picture: PalmPicture) -> UInt64 {
    // FNV-1a over the samples.
    picture.withSamples { samples in
      samples.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
  }

  @Test("a palm's pictures are the same on every machine, and differ from one another")
  func golden() {
    var renderer = PalmRenderer()
    let palm = PalmIdentity(seed: 100)
    let first = Self.digest(renderer.picture(palm, number: 0, hardness: .guided))
    #expect(String(first, radix: 16) == "96540f56560647c6")
    #expect(String(Self.digest(renderer.picture(palm, number: 0, hardness: .hard)), radix: 16) == "e5fd861b0005f3f8")
    // A used renderer leaves nothing behind.
    #expect(Self.digest(renderer.picture(palm, number: 0, hardness: .guided)) == first)
    #expect(Self.digest(renderer.picture(palm, number: 1, hardness: .guided)) != first)
    #expect(Self.digest(renderer.picture(PalmIdentity(seed: 102), number: 0, hardness: .guided)) != first)
  }

  @Test("the seeds for tuning, for the gate and for tests have none in common")
  func seeds() {
    #expect(!PalmSeeds.tuning.overlaps(PalmSeeds.gate) && !PalmSeeds.tests.overlaps(PalmSeeds.tuning))
    #expect(!PalmSeeds.tests.overlaps(PalmSeeds.gate) && PalmSeeds.gate.count >= 2460)
  }

  @Test("chance is uniform and normal enough")
  func chance() {
    var chance = PalmChance(seed: 1, stream: 2)
    let units = (0..<20_000).map { _ in chance.unit() }
    #expect(units.allSatisfy { (0..<1).contains($0) } && abs(units.reduce(0, +) / 20_000 - 0.5) < 0.01)
    let normals = (0..<20_000).map { _ in chance.normal() }
    let mean = normals.reduce(0, +) / 20_000
    #expect(abs(mean) < 0.03 && abs(normals.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.04)
    let counts = (0..<20_000).map { _ in chance.poisson(0.8) }
    #expect(abs(Double(counts.reduce(0, +)) / 20_000 - 0.8) < 0.03)
    var (one, other) = (PalmChance(seed: 1, stream: 3), PalmChance(seed: 2, stream: 3))
    #expect(one.next() != other.next())
  }
}
