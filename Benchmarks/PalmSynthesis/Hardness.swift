/// Every number that shapes how much two pictures of one palm differ, in one place.
///
/// Written for one level h of hardness: h = 0.65 is a hand on a guide, h = 1 a hand held freely over the sensor. Standard
/// deviations grow in proportion to h where nothing else is said. The levels are set so that the baseline lies in its band on the
/// tuning seeds (docs/vein-accuracy.md); changing one number makes every threshold and every published rate worthless.
public struct Hardness: Sendable, Hashable {
  public let name: String
  public let level: Float

  public static let guided = Hardness(name: "guided", level: 0.65)
  public static let hard = Hardness(name: "hard", level: 1.0)

  // MARK: Pose
  /// Degrees in the plane of the sensor, standard deviation.
  public var rotation: Float
  /// Relative change of the distance to the sensor.
  public var scale: Float
  /// Millimetres, each axis.
  public var shift: Float
  /// Degrees out of the plane, each axis.
  public var tilt: Float
  /// Millimetres that skin and veins move against the bones.
  public var elastic: Float
  /// Degrees between neighbouring fingers.
  public var spread: Float

  // MARK: Veins
  /// Share of samples given by cold hands: weak contrast, narrow veins.
  public var coldShare: Float
  /// Relative change of the contrast of all veins.
  public var contrast: Float
  /// Relative change of the width of all veins.
  public var width: Float
  /// How far a stretch of vein can fade: 1 is away altogether.
  public var fading: Float
  /// Millimetres of defocus and of motion, the scale of a half-normal.
  public var blur: Float

  // MARK: Light and sensor
  /// Relative slope and bow of the illumination over the palm.
  public var illumination: Float
  /// Relative amplitude of what skin adds anew in each picture: pressure, moisture, dirt.
  public var blotch: Float
  /// Relative change of the exposure.
  public var exposure: Float
  /// Of full scale at half exposure: shot and read noise.
  public var noise: Float
  /// Mean number of specular blobs.
  public var specular: Float

  public init(name: String, level: Float) {
    self.name = name
    self.level = level
    rotation = 6 * level
    scale = 0.05 * level
    shift = 6 * level
    tilt = 5 * level
    elastic = 0.4 + 0.3 * level
    spread = 2.5 * level
    coldShare = 0.06 + 0.04 * level
    contrast = 0.25 * level
    width = 0.12 * level
    fading = 0.3 + 0.6 * level
    blur = 0.5 * level
    illumination = 0.25 * level
    blotch = 0.05
    exposure = 0.12 * level
    noise = 0.012 + 0.012 * level
    specular = 1.6 * level
  }
}

/// Seeds fixed before anything was tuned. A palm's number is added to the first seed of its range.
public enum PalmSeeds {
  /// For choosing filters, windows and thresholds.
  public static let tuning: Range<UInt64> = 1_000_000..<1_100_000
  /// Opened once, after the thresholds were frozen.
  public static let gate: Range<UInt64> = 7_000_000..<7_100_000
  /// For tests of the program, which judge no rate.
  public static let tests: Range<UInt64> = 100..<1_000
}
