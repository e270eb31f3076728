/// A piece of vein one step long: where its middle is (millimetres; z is the depth below the skin) and how thick it is.
struct VeinPiece: Sendable {
  var x: Float
  var y: Float
  var z: Float
  var radius: Float
  /// Length of the piece, in millimetres.
  var length: Float
}

/// The superficial veins of one palm, grown from the wrist and from the sides towards the fingers.
///
/// Parameters: 3 to 5 roots at the wrist, 1 to 3 lateral ones; a heading that turns as a mean-reverting random walk; branches
/// every 16 mm or so at 22 to 58 degrees; a radius of 0.7 to 1.5 mm that shrinks with length and at each branch (Murray's law by
/// the cube); a depth of 0.8 to 5.5 mm that wanders.
struct VascularTree: Sendable {
  static let step: Float = 0.8
  private(set) var pieces: [VeinPiece] = []

  private struct Tip {
    var x: Float
    var y: Float
    var z: Float
    var heading: Float
    var turn: Float
    var radius: Float
    var home: Float
    var sinceBranch: Float
  }

  init(_ chance: inout PalmChance) {
    var tips: [Tip] = []
    let roots = 3 + chance.count(upTo: 2)
    for root in 0..<roots {
      let place = (Float(root) + 0.5 + 0.35 * chance.normal().clamped(1.2)) / Float(roots) - 0.5
      tips.append(
        Self.tip(&chance, x: 52 * place, y: -58, heading: Float.pi / 2 + 0.9 * place + 0.25 * chance.normal(), thick: 1))
    }
    for _ in 0..<1 + chance.count(upTo: 2) {
      let side: Float = chance.unit() < 0.5 ? -1 : 1
      let heading = side < 0 ? 0.5 * chance.normal() + 0.5 : Float.pi - 0.5 + 0.5 * chance.normal()
      tips.append(Self.tip(&chance, x: 44 * side, y: chance.between(-38, 22), heading: heading, thick: 0.85))
    }
    while let tip = tips.popLast(), pieces.count < 1800 { grow(tip, &tips, &chance) }
  }

  private static func tip(_ chance: inout PalmChance, x: Float, y: Float, heading: Float, thick: Float) -> Tip {
    let depth = chance.between(1.2, 4.2)
    return Tip(
      x: x, y: y, z: depth, heading: heading, turn: 0.02 * chance.normal(), radius: thick * chance.between(0.95, 1.5),
      home: heading, sinceBranch: chance.between(0, 10))
  }

  private mutating func grow(_ start: Tip, _ tips: inout [Tip], _ chance: inout PalmChance) {
    var tip = start
    var travelled: Float = 0
    let reach = chance.between(25, 120) * (0.5 + 0.5 * tip.radius)
    while travelled < reach, tip.radius > 0.38, pieces.count < 1800, abs(tip.x) < 50, tip.y > -62, tip.y < 50 {
      pieces.append(VeinPiece(x: tip.x, y: tip.y, z: tip.z, radius: tip.radius, length: Self.step))
      tip.turn += -0.10 * tip.turn - 0.008 * (tip.heading - tip.home) + 0.016 * chance.normal()
      tip.heading += tip.turn * Self.step
      tip.x += PalmMath.cos(tip.heading) * Self.step
      tip.y += PalmMath.sin(tip.heading) * Self.step
      tip.z = PalmMath.clamp(tip.z + 0.10 * chance.normal() - 0.01 * (tip.z - 2.6), 0.8, 5.5)
      tip.radius *= 0.9975
      travelled += Self.step
      tip.sinceBranch += Self.step
      if tip.sinceBranch > 7, chance.unit() < 0.055 { branch(&tip, &tips, &chance) }
    }
  }

  private mutating func branch(_ tip: inout Tip, _ tips: inout [Tip], _ chance: inout PalmChance) {
    tip.sinceBranch = 0
    let side: Float = chance.unit() < 0.5 ? -1 : 1
    let angle = side * chance.between(0.38, 1.0)
    let share = chance.between(0.25, 0.5)
    var child = tip
    child.heading += angle
    child.home = child.heading + 0.25 * chance.normal()
    child.turn = 0
    child.radius = tip.radius * Self.cubeRoot(share)
    tip.radius *= Self.cubeRoot(1 - share)
    tip.heading -= 0.3 * angle
    if child.radius > 0.38, tips.count < 40 { tips.append(child) }
  }

  private static func cubeRoot(_ x: Float) -> Float {
    var y: Float = 0.7
    for _ in 0..<8 { y = (2 * y + x / (y * y)) / 3 }
    return y
  }
}

extension Float {
  func clamped(_ limit: Float) -> Float { Swift.min(Swift.max(self, -limit), limit) }
}
