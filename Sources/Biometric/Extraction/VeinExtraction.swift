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
  package let pose: (axis: (x: Float, y: Float), centre: (x: Float, y: Float), step: Float)

  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// From a near-infrared picture to the competitive code "SVT1/CC6x64".
public struct VeinExtractor: Sendable {
  public let bank: FilterBank
  /// Written into each template; which shifts and rotations it stands for is the comparator's matter.
  public let alignmentWindow: UInt16
  private let turns: [(sine: Float, cosine: Float)]

  /// - Parameter degrees: by which a probe is turned, each -15 to 15, at most 16 of them.
  /// - Returns: `nil` for other angles or window 0.
  public init?(bank: FilterBank = .current, alignmentWindow: UInt16, degrees: [Double]) {
    guard alignmentWindow != 0, degrees.count <= 16, degrees.allSatisfy({ (-15...15).contains($0) }) else { return nil }
    self.bank = bank
    self.alignmentWindow = alignmentWindow
    turns = degrees.map { (Float(Series.sin($0 * .pi / 180)), Float(Series.cos($0 * .pi / 180))) }
  }

  /// The same templates for the same picture, on every machine.
  public func extract(_ picture: PalmPicture, _ conditions: CaptureConditions) -> VeinExtraction {
    do throws(Refusal) { return .sample(try sample(picture, conditions)) } catch { return .refused(error.advice) }
  }

  /// The palm as it is cut out of a picture, for methods that are held against this one; `nil` if the picture is refused.
  package static func cutout(_ picture: PalmPicture, _ conditions: CaptureConditions) -> PalmCutout? {
    guard let found = try? region(picture, conditions) else { return nil }
    return PalmCutout(side: PalmRegion.side, values: found.region.values, weights: found.region.weights, pose: found.region.pose)
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
      picture, silhouette, PalmPose(silhouette, valleys, hand: conditions.hand), factor: factor, resolution: conditions.resolution)
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
    for turn in turns {
      let isUpright = turn.sine == 0
      rotations.append(
        try template(isUpright ? upright : OrientationCode(normalised, bank: bank, sine: turn.sine, cosine: turn.cosine)))
    }
    return VeinSample(template: try template(upright), rotations: rotations, quality: quality)
  }
}
