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
