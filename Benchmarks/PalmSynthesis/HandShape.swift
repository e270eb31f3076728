/// The outline of one hand as a blend of tapered capsules: metacarpals, fingers, thumb, wrist. Millimetres, origin in the middle
/// of the palm, y towards the fingers, the thumb at positive x.
struct HandShape: Sendable {
  struct Capsule: Sendable {
    var ax: Float
    var ay: Float
    var bx: Float
    var by: Float
    var ra: Float
    var rb: Float
  }

  /// Base, direction in degrees from +y towards +x, length, radius: index, middle, ring and little finger.
  private struct Finger {
    var x: Float
    var y: Float
    var angle: Float
    var length: Float
    var radius: Float
  }

  private let size: Float
  private let fingers: [Finger]
  private let thumb: Float

  init(_ chance: inout PalmChance) {
    size = 1 + 0.06 * chance.normal()
    let wide = 1 + 0.04 * chance.normal()
    var fingers: [Finger] = []
    for (x, y, angle, length, radius) in [
      (31, 33, 15, 70, 9.0), (10.7, 39, 4, 78, 9.1), (-10.2, 37, -8, 72, 8.7), (-29.8, 27, -20, 56, 7.9),
    ] as [(Float, Float, Float, Float, Float)] {
      fingers.append(
        Finger(
          x: x * wide, y: y + 1.2 * chance.normal(), angle: angle + 0.8 * chance.normal(),
          length: length * (1 + 0.06 * chance.normal()),
          radius: radius * (1 + 0.04 * chance.normal())))
    }
    self.fingers = fingers
    thumb = 44 + 4 * chance.normal()
  }

  /// - Parameter spread: degrees by which index, middle, ring, little finger and thumb stand otherwise than usual.
  func capsules(spread: [Float]) -> [Capsule] {
    var parts: [Capsule] = []
    for (number, finger) in fingers.enumerated() {
      let angle = (finger.angle + spread[number]) * .pi / 180
      let end = (finger.x + finger.length * PalmMath.sin(angle), finger.y + finger.length * PalmMath.cos(angle))
      parts.append(
        Capsule(ax: finger.x, ay: finger.y, bx: end.0, by: end.1, ra: finger.radius + 0.6, rb: finger.radius - 1.2))
      parts.append(Capsule(ax: finger.x * 0.62, ay: -52, bx: finger.x, by: finger.y, ra: 13, rb: 11))
    }
    let angle = (thumb + spread[4]) * .pi / 180
    let (sine, cosine) = (PalmMath.sin(angle), PalmMath.cos(angle))
    let (x, y): (Float, Float) = (33, -14)
    parts.append(Capsule(ax: 20, ay: -40, bx: x, by: y, ra: 19, rb: 14))
    parts.append(Capsule(ax: x, ay: y, bx: x + 52 * sine, by: y + 52 * cosine, ra: 14, rb: 9))
    parts.append(Capsule(ax: -24, ay: -40, bx: -28, by: 10, ra: 17, rb: 14))
    parts.append(Capsule(ax: 0, ay: -40, bx: 0, by: 20, ra: 30, rb: 25))
    parts.append(Capsule(ax: -8, ay: -150, bx: -8, by: -55, ra: 22, rb: 24))
    parts.append(Capsule(ax: 8, ay: -150, bx: 8, by: -55, ra: 22, rb: 24))
    return parts.map {
      Capsule(ax: $0.ax * size, ay: $0.ay * size, bx: $0.bx * size, by: $0.by * size, ra: $0.ra * size, rb: $0.rb * size)
    }
  }

  /// Signed distance to the outline in millimetres, negative inside; neighbours blend over 2 mm, as the skin between fingers does.
  static func distance(_ x: Float, _ y: Float, _ parts: [Capsule]) -> Float {
    var nearest: Float = 1000
    for part in parts {
      let (dx, dy) = (part.bx - part.ax, part.by - part.ay)
      let (px, py) = (x - part.ax, y - part.ay)
      let along = min(max((px * dx + py * dy) / (dx * dx + dy * dy), 0), 1)
      let (ex, ey) = (px - along * dx, py - along * dy)
      let distance = (ex * ex + ey * ey).squareRoot() - (part.ra + (part.rb - part.ra) * along)
      let overlap = max(2 - abs(nearest - distance), 0) * 0.5
      nearest = min(nearest, distance) - overlap * overlap * 0.5
    }
    return nearest
  }
}
