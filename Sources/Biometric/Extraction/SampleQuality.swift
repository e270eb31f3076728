import AuthTerms

/// How good a sample is, as one number and as what it is made of.
public struct SampleQuality: Sendable, Hashable {
  /// 0 to 100.
  public let score: UInt8
  /// Share of the 4,096 cells in which the palm was seen, 0 to 1.
  public let seen: Float
  /// Strength of the strongest lines, relative to the grey of the skin. It counts whatever is dark and long: blotches of cold skin
  /// too, so it tells a covered palm from a bare one better than a cold hand from a warm one.
  public let lineContrast: Float
  /// Slope of the hand's edge per millimetre, as a share of its step.
  public let focus: Float

  /// Below these a sample is refused. Fixed on the synthetic tuning palms.
  static let leastSeen: Float = 0.55
  static let leastContrast: Float = 0.012
  static let leastFocus: Float = 0.262
  static let mostSaturated: Float = 0.08
  static let mostLevel: Float = 0.85

  init(_ region: PalmRegion, _ normalised: NormalisedRegion, _ code: OrientationCode, sharpness: Float) throws(Refusal) {
    let cells = Float(VeinTemplate.rows * VeinTemplate.rows)
    seen = Float(code.seen) / cells
    lineContrast = code.energy * normalised.contrast
    focus = sharpness
    if region.shares.saturated > 0.6 || region.level > Self.mostLevel { throw Refusal(.tooBright) }
    if region.shares.saturated > Self.mostSaturated { throw Refusal(.wet) }
    if region.shares.outsidePicture > 0.12 { throw Refusal(.notWhole) }
    if region.level < 0.1 { throw Refusal(.tooDark) }
    if focus < Self.leastFocus { throw Refusal(.blurred) }
    if seen < Self.leastSeen {
      throw Refusal(region.shares.outsideHand + region.shares.outsidePicture > 0.3 ? .notWhole : .covered)
    }
    if lineContrast < Self.leastContrast { throw Refusal(.weakVeins) }
    let parts = [seen, min(lineContrast / (10 * Self.leastContrast), 1), min(focus / (1.7 * Self.leastFocus), 1)]
    // The weakest part counts most: a harmonic mean.
    let harmonic = Float(parts.count) / parts.reduce(0) { $0 + 1 / max($1, 0.01) }
    score = UInt8(min(max(harmonic * 100, 0), 100))
  }
}
