/// What a picture gave: a template to keep or to compare, or what the person should do.
public enum VeinExtraction: Sendable {
  case sample(VeinSample)
  case refused(CaptureAdvice)
}

/// One palm as it was shown once: the upright template, and the same at each rotation of a probe.
public struct VeinSample: Sendable, CustomReflectable {
  /// Upright: what is enrolled.
  public let template: VeinTemplate
  /// One for each angle that was asked for, in that order: what is compared.
  public let rotations: [VeinTemplate]
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

/// One way a probe is turned and scaled before it is coded, because no hand lies twice in the same way.
public struct ProbePose: Sendable, Hashable {
  /// Counter-clockwise in the picture.
  public let degrees: Double
  /// Above 1, the palm is taken to be larger than it seemed.
  public let scale: Double
  let sine: Float
  let cosine: Float

  public static let upright = ProbePose(exactly: 0, 1)

  /// What a probe is coded in unless somebody asks for more: nine poses that cover what is left of turn and scale after the palm was
  /// found. Chosen on the synthetic tuning palms.
  public static let usual: [ProbePose] = [
    (-5, 1), (-2.5, 1), (0, 1), (2.5, 1), (5, 1), (-2.5, 0.96), (2.5, 0.96), (-2.5, 1.04), (2.5, 1.04),
  ].map { ProbePose(exactly: $0.0, $0.1) }

  /// Accepts -15 to 15 degrees and scales of 0.9 to 1.1.
  public init?(degrees: Double, scale: Double = 1) {
    guard (-15...15).contains(degrees), (0.9...1.1).contains(scale) else { return nil }
    self.init(exactly: degrees, scale)
  }

  private init(exactly degrees: Double, _ scale: Double) {
    self.degrees = degrees
    self.scale = scale
    sine = Float(Series.sin(degrees * .pi / 180) * scale)
    cosine = Float(Series.cos(degrees * .pi / 180) * scale)
  }
}

/// From a near-infrared picture to the competitive code "SVT1/CC6x64".
public struct VeinExtractor: Sendable {
  public let bank: FilterBank
  /// Written into each template; which shifts and rotations it stands for is the comparator's matter.
  public let alignmentWindow: UInt16
  public let poses: [ProbePose]

  /// - Parameter poses: in which a probe is coded; at most 32 of them.
  /// - Returns: `nil` for more poses or window 0.
  public init?(bank: FilterBank = .current, alignmentWindow: UInt16, poses: [ProbePose]) {
    guard alignmentWindow != 0, poses.count <= 32 else { return nil }
    self.bank = bank
    self.alignmentWindow = alignmentWindow
    self.poses = poses
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
    var rotations: [VeinTemplate] = []
    for pose in poses {
      rotations.append(
        try template(pose == .upright ? upright : OrientationCode(normalised, bank: bank, sine: pose.sine, cosine: pose.cosine))
      )
    }
    return VeinSample(template: try template(upright), rotations: rotations, quality: quality)
  }
}
