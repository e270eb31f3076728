package import AuthTerms
import Biometric

/// How one picture differs from the next: everything that is drawn anew when the hand is held over the sensor again.
public struct Presentation: Sendable {
  /// What a clerk does wrong, for tests of the refusals.
  public enum Fault: String, Sendable, CaseIterable {
    case wet, tooNear, tooFar, tooDark, tooBright, blurred, cold, partlyOutside, fingersTogether, noHand
  }

  /// Radians, in the plane; positive turns the fingers to the left of the picture.
  public internal(set) var rotation: Float
  public internal(set) var scale: Float
  /// Millimetres.
  public internal(set) var shiftX: Float
  public internal(set) var shiftY: Float
  /// Radians about the long and the cross axis of the hand.
  public internal(set) var tiltX: Float
  public internal(set) var tiltY: Float
  var elastic: (x: Lattice, y: Lattice)
  var fading: Lattice
  var fadingDepth: Float
  var spread: [Float]
  var contrast: Float
  var width: Float
  var blur: Float
  var exposure: Float
  var slope: (x: Float, y: Float, bow: Float)
  var blotch: Float
  var moisture: Skin
  var noise: Float
  var glare: [(x: Float, y: Float, size: Float, strength: Float)]
  var hasHand = true

  /// - Parameter number: of the picture; the same number is the same picture.
  public init(of seed: UInt64, number: Int, hardness: Hardness, fault: Fault? = nil) {
    var chance = PalmChance(seed: seed, stream: 100 + UInt64(number))
    let degree = Float.pi / 180
    // Nobody holds a hand beyond three standard deviations; the sensor would not fire.
    rotation = hardness.rotation * degree * chance.normal().clamped(3)
    scale = 1 + hardness.scale * chance.normal().clamped(3)
    shiftX = hardness.shift * chance.normal().clamped(3)
    shiftY = hardness.shift * chance.normal().clamped(3)
    tiltX = hardness.tilt * degree * chance.normal().clamped(3)
    tiltY = hardness.tilt * degree * chance.normal().clamped(3)
    elastic.x = Lattice(&chance, spacing: 24, amplitude: hardness.elastic)
    elastic.y = Lattice(&chance, spacing: 24, amplitude: hardness.elastic)
    fading = Lattice(&chance, spacing: 9, amplitude: 1)
    fadingDepth = hardness.fading
    spread = (0..<5).map { _ in hardness.spread * chance.normal().clamped(2) }
    let isCold = chance.unit() < hardness.coldShare
    contrast = PalmMath.clamp(1 + hardness.contrast * chance.normal(), 0.35, 1.8) * (isCold ? 0.5 : 1)
    width = PalmMath.clamp(1 + hardness.width * chance.normal(), 0.6, 1.5) * (isCold ? 0.8 : 1)
    blur = hardness.blur * abs(chance.normal())
    exposure = PalmMath.clamp(1 + hardness.exposure * chance.normal(), 0.6, 1.5)
    slope = (
      hardness.illumination * chance.normal(), hardness.illumination * chance.normal(),
      0.12 + 0.1 * hardness.level * chance.unit()
    )
    blotch = hardness.blotch
    moisture = Skin(&chance)
    noise = hardness.noise
    glare = (0..<chance.poisson(hardness.specular)).map { _ in
      (chance.between(-45, 45), chance.between(-55, 50), chance.between(0.8, 3.2), chance.between(0.15, 1.2))
    }
    if let fault { apply(fault, &chance) }
  }

  /// The point of the palm, in millimetres, that a pixel shows: the truth that a cut-out is held against.
  package func palmPoint(x: Float, y: Float, hand: Hand) -> (x: Float, y: Float) {
    let point = Projection(self, hand: hand).hand(Point(x: x, y: y), from: Point(x: 0, y: 0), corrections: 8)
    return (point.x, point.y)
  }

  /// What was drawn, for telling why a comparison failed.
  package var traits: [(name: String, value: Float)] {
    let degrees = 180 / Float.pi
    return [
      ("rotation", rotation * degrees), ("scale", scale), ("tilt x", tiltX * degrees), ("tilt y", tiltY * degrees),
      ("contrast", contrast), ("width", width), ("blur", blur), ("glare", Float(glare.count)),
    ]
  }

  private mutating func apply(_ fault: Fault, _ chance: inout PalmChance) {
    switch fault {
    case .wet:
      glare += (0..<70).map { _ in
        (chance.between(-36, 30), chance.between(-45, 22), chance.between(1, 3), chance.between(0.6, 1.6))
      }
    case .tooNear: scale = 1.75
    case .tooFar: scale = 0.55
    case .tooDark: exposure = 0.16
    case .tooBright: exposure = 2.6
    case .blurred: blur = 4.5
    case .cold: (contrast, width) = (0.07, 0.6)
    case .partlyOutside: shiftX = 62
    case .fingersTogether: spread = [-17, -5, 9, 22, 0]
    case .noHand: hasHand = false
    }
  }
}
