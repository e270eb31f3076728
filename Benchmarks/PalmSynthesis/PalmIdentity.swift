public import AuthTerms
import Biometric

/// What stays the same in every picture of one palm: its veins, creases, outline, skin.
public struct PalmIdentity: Sendable {
  public let seed: UInt64
  public let hand: Hand

  let veins: VascularTree
  let creases: [Crease]
  let shape: HandShape
  let skin: Skin
  /// Optical density of a vein of 1 mm radius just below the skin: fat and melanin decide it.
  let density: Float
  /// Share of full scale that the skin sends back in even light.
  let reflectance: Float

  /// One crease or wrinkle as points; depth is the optical density in its middle.
  struct Crease: Sendable {
    var points: [Point]
    var depth: Float
    var width: Float
  }

  /// - Parameter seed: one palm each; `PalmSeeds` says which are for what. Even seeds are right hands.
  public init(seed: UInt64) {
    self.seed = seed
    hand = seed % 2 == 0 ? .right : .left
    var chance = PalmChance(seed: seed, stream: 0)
    shape = HandShape(&chance)
    density = 0.36 * PalmMath.clamp(1 + 0.25 * chance.normal(), 0.45, 1.6)
    reflectance = PalmMath.clamp(0.52 + 0.05 * chance.normal(), 0.36, 0.66)
    var growth = PalmChance(seed: seed, stream: 1)
    veins = VascularTree(&growth)
    var lines = PalmChance(seed: seed, stream: 2)
    creases = Self.creases(&lines)
    var texture = PalmChance(seed: seed, stream: 3)
    skin = Skin(&texture)
  }

  /// Three main lines that most palms share, as cubic Bezier curves with moved control points, and 6 to 14 short ones.
  private static func creases(_ chance: inout PalmChance) -> [Crease] {
    var creases: [Crease] = []
    let main: [[(Float, Float)]] = [
      [(36, 24), (8, 20), (0, -22), (12, -48)],
      [(36, 22), (14, 16), (-8, 8), (-30, -6)],
      [(-42, 16), (-24, 20), (-4, 22), (12, 38)],
    ]
    for line in main {
      let points = line.map { Point(x: $0.0 + 3.5 * chance.normal(), y: $0.1 + 3.5 * chance.normal()) }
      creases.append(
        Crease(points: bezier(points, steps: 90), depth: chance.between(0.03, 0.09), width: chance.between(0.5, 0.9)))
    }
    for _ in 0..<6 + chance.count(upTo: 8) {
      var point = Point(x: chance.between(-38, 38), y: chance.between(-48, 36))
      let heading = chance.between(0, 2 * .pi)
      let length = chance.between(8, 26) / 3
      let points = (0..<4).map { _ in
        defer {
          point.x += length * (PalmMath.cos(heading) + 0.3 * chance.normal())
          point.y += length * (PalmMath.sin(heading) + 0.3 * chance.normal())
        }
        return point
      }
      creases.append(
        Crease(points: bezier(points, steps: 30), depth: chance.between(0.01, 0.05), width: chance.between(0.35, 0.6)))
    }
    return creases
  }

  private static func bezier(_ points: [Point], steps: Int) -> [Point] {
    (0...steps).map { number in
      let t = Float(number) / Float(steps)
      let s = 1 - t
      let weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
      return zip(weights, points).reduce(into: Point(x: 0, y: 0)) { sum, next in
        sum.x += next.0 * next.1.x
        sum.y += next.0 * next.1.y
      }
    }
  }
}
