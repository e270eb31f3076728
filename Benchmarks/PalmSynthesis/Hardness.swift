/// Every number that shapes how much two pictures of one palm differ, in one place.
///
/// Written for one level h of hardness: h = 0.5 is a hand on a guide, h = 1 a hand held freely over the sensor. Standard
/// deviations grow in proportion to h where nothing else is said. Frozen before the extraction was tuned: changing one number
/// makes every threshold and every published rate worthless.
public struct Hardness: Sendable, Hashable {
  public let name: String
  public let level: Float

  public static let guided = Hardness(name: "guided", level: 0.5)
  public static let hard = Hardness(name: "hard", level: 1.0)

  public init(name: String, level: Float) {
    self.name = name
    self.level = level
  }

  // MARK: Pose
  /// Degrees in the plane of the sensor, standard deviation.
  var rotation: Float { 6 * level }
  /// Relative change of the distance to the sensor.
  var scale: Float { 0.05 * level }
  /// Millimetres, each axis.
  var shift: Float { 6 * level }
  /// Degrees out of the plane, each axis.
  var tilt: Float { 5 * level }
  /// Millimetres that skin and veins move against the bones.
  var elastic: Float { 1.0 * level }
  /// Degrees between neighbouring fingers.
  var spread: Float { 2.5 * level }

  // MARK: Veins
  /// Share of samples given by cold hands: weak contrast, narrow veins.
  var coldShare: Float { 0.10 * level }
  /// Relative change of the contrast of all veins.
  var contrast: Float { 0.25 * level }
  /// Relative change of the width of all veins.
  var width: Float { 0.12 * level }
  /// How far a stretch of vein can fade: 1 is away altogether.
  var fading: Float { 0.9 * level }
  /// Millimetres of defocus and of motion, the scale of a half-normal.
  var blur: Float { 0.5 * level }

  // MARK: Light and sensor
  /// Relative slope and bow of the illumination over the palm.
  var illumination: Float { 0.25 * level }
  /// Relative amplitude of what skin adds anew in each picture: pressure, moisture, dirt.
  var blotch: Float { 0.07 * level }
  /// Relative change of the exposure.
  var exposure: Float { 0.12 * level }
  /// Of full scale at half exposure: shot and read noise.
  var noise: Float { 0.012 + 0.012 * level }
  /// Mean number of specular blobs.
  var specular: Float { 1.6 * level }
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
