/// A smooth random field over the plane: a uniform cubic B-spline on a lattice of normal draws, repeated beyond its edge.
struct Lattice: Sendable {
  private static let side = 16
  /// The sum of squared weights of a B-spline makes a field of this standard deviation from draws of 1.
  private static let loss: Float = 0.479
  private let values: [Float]
  private let perMillimetre: Float

  /// Mean 0, standard deviation about `amplitude`; features of about `spacing` millimetres.
  init(_ chance: inout PalmChance, spacing: Float, amplitude: Float) {
    perMillimetre = 1 / spacing
    let factor = amplitude / Self.loss
    values = (0..<Self.side * Self.side).map { _ in chance.normal() * factor }
  }

  func at(_ x: Float, _ y: Float) -> Float {
    let u = x * perMillimetre + 8
    let v = y * perMillimetre + 8
    let column = u.rounded(.down)
    let row = v.rounded(.down)
    let weights = (Self.weights(u - column), Self.weights(v - row))
    let base = (Int(row), Int(column))
    return values.withUnsafeBufferPointer { values in
      var sum: Float = 0
      for j in 0..<4 {
        let line = ((base.0 + j) & (Self.side - 1)) * Self.side
        var part: Float = 0
        for i in 0..<4 { part += weights.0[i] * values[line + ((base.1 + i) & (Self.side - 1))] }
        sum += weights.1[j] * part
      }
      return sum
    }
  }

  private static func weights(_ t: Float) -> SIMD4<Float> {
    let s = 1 - t
    let sixth: Float = 1 / 6
    return SIMD4(
      s * s * s * sixth, (4 - 6 * t * t + 3 * t * t * t) * sixth, (4 - 6 * s * s + 3 * s * s * s) * sixth, t * t * t * sixth)
  }
}

/// Skin as a table of smoothed noise, one millimetre an entry, repeated every 128; mean 0, standard deviation about 1.
struct Skin: Sendable {
  static let side = 128
  let values: [Float]

  init(_ chance: inout PalmChance) {
    var field = [Float](repeating: 0, count: Self.side * Self.side)
    for place in field.indices {
      let draw = chance.next()
      let sum = Int(draw & 0xFFFF) + Int(draw >> 16 & 0xFFFF) + Int(draw >> 32 & 0xFFFF) + Int(draw >> 48)
      // Four uniform draws have a standard deviation of 65,536 / sqrt(3); the blur below keeps 0.375 of it.
      field[place] = Float(sum - 131_070) * (1.7320508 / 65_536 / 0.375)
    }
    var other = field
    let wrap = Self.side - 1
    for y in 0..<Self.side {
      for x in 0..<Self.side {
        let line = y * Self.side
        other[line + x] = 0.25 * field[line + ((x - 1) & wrap)] + 0.5 * field[line + x] + 0.25 * field[line + ((x + 1) & wrap)]
      }
    }
    for y in 0..<Self.side {
      let (above, line, below) = (((y - 1) & wrap) * Self.side, y * Self.side, ((y + 1) & wrap) * Self.side)
      for x in 0..<Self.side { field[line + x] = 0.25 * other[above + x] + 0.5 * other[line + x] + 0.25 * other[below + x] }
    }
    values = field
  }
}
