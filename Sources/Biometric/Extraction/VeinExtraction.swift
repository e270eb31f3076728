public import AuthTerms

/// What a picture gave: a template to keep or to compare, or what the person should do.
public enum VeinExtraction: Sendable {
  case sample(VeinSample)
  case refused(CaptureAdvice)
}

/// One palm as it was shown once: the upright template, and the same in each pose of a probe.
public struct VeinSample: Sendable, CustomReflectable {
  /// Upright: what is enrolled.
  public let template: VeinTemplate
  /// One for each pose that was asked for, in that order: what is compared.
  public let poses: [VeinTemplate]
  public let quality: SampleQuality

  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A palm before it is coded: `side` x `side` grey values half a millimetre apart, and where they were seen (1) or not (0).
package struct PalmCutout: Sendable, CustomReflectable {
  package let side: Int
  package let values: [Float]
  package let weights: [Float]

  package init(side: Int, values: [Float], weights: [Float]) {
    self.side = side
    self.values = values
    self.weights = weights
  }

  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// From a near-infrared picture to the competitive code "SVT1/CC6x64".
public struct VeinExtractor: Sendable {
  public let bank: FilterBank
  /// Written into each template.
  public let alignmentWindow: UInt16
  /// In which a probe is coded.
  public let poses: [ProbePose]
  static let mostPoses = 32

  /// - Parameter poses: at most 32; none for enrolment.
  /// - Returns: `nil` for more poses or window 0.
  public init?(bank: FilterBank = .current, alignmentWindow: UInt16, poses: [ProbePose]) {
    guard alignmentWindow != 0, poses.count <= Self.mostPoses else { return nil }
    self.bank = bank
    self.alignmentWindow = alignmentWindow
    self.poses = poses
  }

  /// For probes that are compared in that window.
  public init(bank: FilterBank = .current, window: AlignmentWindow) {
    self.bank = bank
    alignmentWindow = window.id
    poses = window.poses
  }

  /// The same templates for the same picture, on every machine.
  public func extract(_ picture: PalmPicture, _ conditions: CaptureConditions) -> VeinExtraction {
    do throws(Refusal) { return .sample(try sample(picture, conditions)) } catch { return .refused(error.advice) }
  }

  /// The palm as it is cut out of a picture, for methods that are held against this one; `nil` if the picture is refused.
  package static func cutout(_ picture: PalmPicture, _ conditions: CaptureConditions) -> PalmCutout? {
    guard let found = try? region(picture, conditions) else { return nil }
    return PalmCutout(
      side: PalmRegion.side, values: found.region.values, weights: found.region.weights)
  }

  private static func region(
    _ picture: PalmPicture, _ conditions: CaptureConditions
  ) throws(Refusal) -> (region: PalmRegion, valleys: FingerValleys) {
    // The silhouette needs some 12 samples to the centimetre.
    let factor = max(1, conditions.resolution / 12)
    let grey = GreyMap(picture, shrunkBy: factor)
    guard grey.width >= 64, grey.height >= 64 else { throw Refusal(.tooNear) }
    let silhouette = try HandSilhouette(grey)
    let perMillimetre = Float(conditions.resolution) / Float(10 * factor)
    let valleys = try FingerValleys(silhouette, hand: conditions.hand, perMillimetre: perMillimetre)
    let region = try PalmRegion(
      picture, silhouette, try PalmPose(silhouette, valleys, hand: conditions.hand), factor: factor,
      resolution: conditions.resolution)
    return (region, valleys)
  }

  private func sample(_ picture: PalmPicture, _ conditions: CaptureConditions) throws(Refusal) -> VeinSample {
    let (region, valleys) = try Self.region(picture, conditions)
    let normalised = NormalisedRegion(region)
    let upright = OrientationCode(normalised, bank: bank, sine: 0, cosine: 1)
    let quality = try SampleQuality(region, normalised, upright, sharpness: valleys.sharpness)
    func template(_ code: OrientationCode) throws(Refusal) -> VeinTemplate {
      let made = VeinTemplate(
        hand: conditions.hand, quality: quality.score, filterBank: bank.id, protectionKey: 0, alignmentWindow: alignmentWindow,
        code: code.code, mask: code.mask)
      guard let made else { throw Refusal(.covered) }
      return made
    }
    var coded: [VeinTemplate] = []
    for pose in poses {
      coded.append(
        try template(pose == .upright ? upright : OrientationCode(normalised, bank: bank, sine: pose.sine, cosine: pose.cosine))
      )
    }
    return VeinSample(template: try template(upright), poses: coded, quality: quality)
  }
}
