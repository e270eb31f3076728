public import AuthTerms
public import Biometric
public import PalmSynthesis

/// The samples of many palms, synthetic or of a public set: three enrolled and some probes of each.
public struct PalmSet: Sendable {
  public struct Palm: Sendable {
    public let seed: UInt64
    public let hand: Hand
    /// Three, or fewer if the palm could not be enrolled.
    public var enrolled: [VeinSample] = []
    public var probes: [VeinSample] = []
    /// The same pictures by the baseline, if it was asked for.
    public var enrolledMaps: [VeinMap] = []
    public var probeMaps: [VeinMap] = []
    /// Probes that were refused.
    public var refused: [CaptureAdvice] = []
  }

  public static let enrolments = 3
  public static let probes = 3
  /// Pictures that may be taken for one enrolment before the palm counts as a failure to enrol.
  public static let attempts = 9

  public private(set) var palms: [Palm] = []
  public private(set) var failuresToEnrol = 0
  public private(set) var refusals: [CaptureAdvice: Int] = [:]
  /// Pictures in all.
  public private(set) var pictures = 0
  /// Extraction alone, seconds a picture.
  public private(set) var extractionTimes: [Double] = []

  /// Takes the pictures of many palms.
  ///
  /// - Parameters:
  ///   - baselinePalms: so many of the first palms are also extracted by the baseline.
  ///   - threads: each with a renderer of its own; the set does not depend on their number.
  public init(
    seeds: Range<UInt64>, hardness: Hardness, extractor: VeinExtractor, baselinePalms: Int = 0, threads: Int = 1
  ) {
    let baseline = MaximumCurvature()
    let sets = Threads.run(Threads.split(Array(seeds), threads)) { part in
      var set = PalmSet()
      var renderer = PalmRenderer()
      for seed in part {
        set.add(
          seed: seed, hardness: hardness, renderer: &renderer, extractor: extractor,
          baseline: seed - seeds.lowerBound < UInt64(baselinePalms) ? baseline : nil)
      }
      return set
    }
    for set in sets { append(set) }
  }

  /// No palm.
  public init() {}

  /// The palms that the baseline was asked for, alone: what both methods are held against each other on.
  public var withBaseline: PalmSet {
    var set = PalmSet()
    set.palms = palms.filter { !$0.enrolledMaps.isEmpty }
    return set
  }

  /// Several sets as one.
  init(joining sets: [PalmSet]) {
    for set in sets { append(set) }
  }

  private mutating func append(_ other: PalmSet) {
    palms += other.palms
    failuresToEnrol += other.failuresToEnrol
    refusals.merge(other.refusals) { $0 + $1 }
    pictures += other.pictures
    extractionTimes += other.extractionTimes
  }

  /// Takes one palm's pictures: enrolment numbers from 0, probes from 100.
  public mutating func add(
    seed: UInt64, hardness: Hardness, renderer: inout PalmRenderer, extractor: VeinExtractor, baseline: MaximumCurvature? = nil
  ) {
    let identity = PalmIdentity(seed: seed)
    var palm = Palm(seed: seed, hand: identity.hand)
    guard
      let conditions = try? CaptureConditions(hand: identity.hand, wavelength: 850, resolution: PalmRenderer.resolution)
    else { return }
    for number in 0..<Self.attempts where palm.enrolled.count < Self.enrolments {
      let (result, map) = take(identity, number, hardness, &renderer, extractor, conditions, baseline)
      switch result {
      case .sample(let sample):
        palm.enrolled.append(sample)
        if let map { palm.enrolledMaps.append(map) }
      case .refused(let advice): refusals[advice, default: 0] += 1
      }
    }
    if palm.enrolled.count < Self.enrolments { failuresToEnrol += 1 }
    for number in 100..<100 + Self.probes {
      let (result, map) = take(identity, number, hardness, &renderer, extractor, conditions, baseline)
      switch result {
      case .sample(let sample):
        palm.probes.append(sample)
        if let map { palm.probeMaps.append(map) }
      case .refused(let advice):
        palm.refused.append(advice)
        refusals[advice, default: 0] += 1
      }
    }
    palms.append(palm)
  }

  /// Adds a palm whose pictures are there already.
  ///
  /// - Parameters:
  ///   - enrolment: each gives a picture, or nil if it cannot be read; the first three good ones are enrolled.
  ///   - probes: all of them are shown.
  mutating func add(
    seed: UInt64, hand: Hand, enrolment: [() -> PalmPicture?], probes: [() -> PalmPicture?], conditions: CaptureConditions,
    extractor: VeinExtractor, baseline: MaximumCurvature?
  ) {
    var palm = Palm(seed: seed, hand: hand)
    for picture in enrolment where palm.enrolled.count < Self.enrolments {
      switch extract(picture(), extractor, conditions, baseline) {
      case (.sample(let sample), let map):
        palm.enrolled.append(sample)
        if let map { palm.enrolledMaps.append(map) }
      case (.refused(let advice), _): refusals[advice, default: 0] += 1
      }
    }
    if palm.enrolled.count < Self.enrolments { failuresToEnrol += 1 }
    for picture in probes {
      switch extract(picture(), extractor, conditions, baseline) {
      case (.sample(let sample), let map):
        palm.probes.append(sample)
        if let map { palm.probeMaps.append(map) }
      case (.refused(let advice), _):
        palm.refused.append(advice)
        refusals[advice, default: 0] += 1
      }
    }
    palms.append(palm)
  }

  private mutating func take(
    _ identity: PalmIdentity, _ number: Int, _ hardness: Hardness, _ renderer: inout PalmRenderer, _ extractor: VeinExtractor,
    _ conditions: CaptureConditions, _ baseline: MaximumCurvature?
  ) -> (VeinExtraction, VeinMap?) {
    extract(renderer.picture(identity, number: number, hardness: hardness), extractor, conditions, baseline)
  }

  private mutating func extract(
    _ picture: PalmPicture?, _ extractor: VeinExtractor, _ conditions: CaptureConditions, _ baseline: MaximumCurvature?
  ) -> (VeinExtraction, VeinMap?) {
    pictures += 1
    guard let picture else { return (.refused(.again), nil) }
    let begin = ContinuousClock.now
    let result = extractor.extract(picture, conditions)
    let took = ContinuousClock.now - begin
    extractionTimes.append(Double(took.components.attoseconds) * 1e-18 + Double(took.components.seconds))
    guard let baseline, case .sample = result, let cutout = VeinExtractor.cutout(picture, conditions) else {
      return (result, nil)
    }
    return (result, baseline.map(cutout))
  }
}
