import AuthTerms
public import Biometric

/// Makes near-infrared pictures of synthetic palms: 400 x 480 samples, 25 to the centimetre, 8 bits deep.
///
/// Veins are stamped piece by piece: projected with the tilt of the hand, blurred by the tissue above them (the deeper, the wider)
/// and dimmed with their depth; optical densities add up and light falls by Beer-Lambert. Keeps its buffers: one a thread.
public struct PalmRenderer {
  public static let width = 400
  public static let height = 480
  /// Samples per centimetre.
  public static let resolution = 25
  static let perMillimetre: Float = 2.5
  /// Nodes of the coarse grid on which the outline is computed, four pixels apart.
  private static let stride = 4
  private static let columns = width / stride + 2
  private static let rows = height / stride + 2

  private var light = [Float](repeating: 0, count: width * height)
  private var nodes = [SIMD4<Float>](repeating: .zero, count: columns * rows)

  public init() {}

  /// The same picture for the same three, on every machine.
  public mutating func picture(_ palm: PalmIdentity, number: Int, hardness: Hardness) -> PalmPicture {
    picture(palm, Presentation(of: palm.seed, number: number, hardness: hardness), noiseSeed: UInt64(number))
  }

  /// - Parameter noiseSeed: of the sensor's noise.
  public mutating func picture(_ palm: PalmIdentity, _ presentation: Presentation, noiseSeed: UInt64 = 0) -> PalmPicture {
    for place in light.indices { light[place] = 0 }
    let projection = Projection(presentation, hand: palm.hand)
    if presentation.hasHand {
      stampVeins(palm, presentation, projection)
      stampCreases(palm, presentation, projection)
    }
    outline(palm, presentation, projection)
    shade(palm, presentation)
    for spot in presentation.glare {
      let place = projection.pixel(spot.x, spot.y, 0)
      let size = spot.size * Self.perMillimetre
      stamp(place, sigma: size, amount: spot.strength)
    }
    return expose(presentation, seed: palm.seed, noiseSeed)
  }

  // MARK: Stamps

  private mutating func stampVeins(_ palm: PalmIdentity, _ presentation: Presentation, _ projection: Projection) {
    for piece in palm.veins.pieces {
      let fade = PalmMath.smoothStep(presentation.fading.at(piece.x, piece.y), 0.3, 2.2)
      let radius = piece.radius * presentation.width
      // Tissue above the vein takes contrast with a mean free path of 5 mm and scatters what is left.
      let peak =
        palm.density * presentation.contrast * radius * PalmMath.fastExp(-piece.z * 0.2)
        * (1 - presentation.fadingDepth * fade)
      let across = (0.36 * radius * radius + 0.09 * piece.z * piece.z + presentation.blur * presentation.blur).squareRoot()
      let sharp = (0.36 * radius * radius + 0.05).squareRoot()
      // A line of stamps of width s spaced d apart adds up to sqrt(2 pi) s / d; wider means fainter.
      let amount = peak * (sharp / across) * piece.length / (2.5066283 * across)
      stamp(
        projection.pixel(piece.x, piece.y, piece.z), sigma: across * Self.perMillimetre * presentation.scale, amount: amount)
    }
  }

  private mutating func stampCreases(_ palm: PalmIdentity, _ presentation: Presentation, _ projection: Projection) {
    for crease in palm.creases {
      let across = (crease.width * crease.width + presentation.blur * presentation.blur).squareRoot()
      for (point, next) in zip(crease.points, crease.points.dropFirst()) {
        let length = ((next.x - point.x) * (next.x - point.x) + (next.y - point.y) * (next.y - point.y)).squareRoot()
        let amount = crease.depth * (crease.width / across) * length / (2.5066283 * across)
        stamp(projection.pixel(point.x, point.y, 0), sigma: across * Self.perMillimetre * presentation.scale, amount: amount)
      }
    }
  }

  /// Adds a round bell of `amount` in its middle; `sigma` in pixels.
  private mutating func stamp(_ place: Point, sigma: Float, amount: Float) {
    let reach = Int(3 * sigma) + 1
    guard reach < 64, abs(place.x) < 4000, abs(place.y) < 4000 else { return }
    let (left, top) = (Int(place.x.rounded()) - reach, Int(place.y.rounded()) - reach)
    let last = 2 * reach
    let (from, to) = (max(0, -left), min(last, Self.width - 1 - left))
    guard from <= to else { return }
    let factor = -0.5 / (sigma * sigma)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 128) { row in
      for i in from...to {
        let dx = Float(left + i) - place.x
        row[i] = PalmMath.fastExp(factor * dx * dx)
      }
      light.withUnsafeMutableBufferPointer { light in
        for j in max(0, -top)...max(0, -top, min(last, Self.height - 1 - top)) where top + j >= 0 && top + j < Self.height {
          let dy = Float(top + j) - place.y
          let down = amount * PalmMath.fastExp(factor * dy * dy)
          let line = (top + j) * Self.width + left
          for i in from...to { light[line + i] += down * row[i] }
        }
      }
    }
  }

  // MARK: Skin and light

  /// Each node: the place on the hand in millimetres, and the signed distance to the outline.
  private mutating func outline(_ palm: PalmIdentity, _ presentation: Presentation, _ projection: Projection) {
    let parts = palm.shape.capsules(spread: presentation.spread)
    for row in 0..<Self.rows {
      var place = Point(x: 0, y: 0)
      for column in 0..<Self.columns {
        // The neighbour to the left is a guess within two millimetres; the first of a row has none.
        place = projection.hand(
          Point(x: Float(column * Self.stride), y: Float(row * Self.stride)), from: place, corrections: column == 0 ? 6 : 2)
        let distance = presentation.hasHand ? HandShape.distance(place.x, place.y, parts) : 100
        nodes[row * Self.columns + column] = SIMD4(place.x, place.y, distance, 0)
      }
    }
  }

  /// Turns optical density into light: illumination, skin, edge, background.
  private mutating func shade(_ palm: PalmIdentity, _ presentation: Presentation) {
    let edge = 0.35 + presentation.blur
    let (slope, reflectance) = (presentation.slope, palm.reflectance * presentation.exposure)
    let quarter: Float = 1 / Float(Self.stride)
    light.withUnsafeMutableBufferPointer { light in
      for y in 0..<Self.height {
        let (row, down) = (y / Self.stride, Float(y % Self.stride) * quarter)
        let v = Float(y - Self.height / 2) * (1 / Float(Self.height / 2))
        for x in 0..<Self.width {
          let (column, along) = (x / Self.stride, Float(x % Self.stride) * quarter)
          let place = row * Self.columns + column
          let upper = nodes[place] + (nodes[place + 1] - nodes[place]) * along
          let lower = nodes[place + Self.columns] + (nodes[place + Self.columns + 1] - nodes[place + Self.columns]) * along
          let node = upper + (lower - upper) * down
          let u = Float(x - Self.width / 2) * (1 / Float(Self.height / 2))
          let lamp = 1 + slope.x * u + slope.y * v - slope.bow * (u * u + v * v)
          guard node.z < edge else {
            light[y * Self.width + x] = 0.045 * lamp * presentation.exposure
            continue
          }
          let texture = 0.010 * Self.sample(palm.skin, node.x, node.y, 1) + 0.018 * Self.sample(palm.skin, node.y, node.x, 0.23)
          let moist =
            Self.sample(presentation.moisture, node.x, node.y, 0.8) * 0.35
            + Self.sample(presentation.moisture, node.y, node.x, 0.19)
          let rounding = 0.5 + 0.5 * PalmMath.smoothStep(-node.z, 0, 8)
          let inside = 1 - PalmMath.smoothStep(node.z, -edge, edge)
          let skin =
            reflectance * rounding * (1 + texture + presentation.blotch * moist)
            * PalmMath.fastExp(-light[y * Self.width + x])
          light[y * Self.width + x] = lamp * (0.045 * presentation.exposure * (1 - inside) + skin * inside)
        }
      }
    }
  }

  @inline(__always)
  private static func sample(_ skin: Skin, _ x: Float, _ y: Float, _ scale: Float) -> Float {
    let (u, v) = (x * scale + 4096.5, y * scale + 4096.5)
    let (column, row) = (Int(u), Int(v))
    let (along, down) = (u - Float(column), v - Float(row))
    let mask = Skin.side - 1
    let (left, right) = (column & mask, (column + 1) & mask)
    let (upper, lower) = ((row & mask) * Skin.side, ((row + 1) & mask) * Skin.side)
    return skin.values.withUnsafeBufferPointer { values in
      let top = values[upper + left] + (values[upper + right] - values[upper + left]) * along
      let bottom = values[lower + left] + (values[lower + right] - values[lower + left]) * along
      return top + (bottom - top) * down
    }
  }

  private func expose(_ presentation: Presentation, seed: UInt64, _ noiseSeed: UInt64) -> PalmPicture {
    var chance = PalmChance(seed: seed, stream: 1_000_000 + noiseSeed)
    let unit: Float = 1.7320508 / 65_536
    let samples = [UInt16](unsafeUninitializedCapacity: light.count) { target, count in
      for place in 0..<light.count {
        let draw = chance.next()
        let sum = Int(draw & 0xFFFF) + Int(draw >> 16 & 0xFFFF) + Int(draw >> 32 & 0xFFFF) + Int(draw >> 48)
        let value = light[place]
        let noise = presentation.noise * (0.4 + 1.2 * min(value, 1)) * (Float(sum - 131_070) * unit)
        let level = min(max(value + noise, 0), 1)
        target.initializeElement(at: place, to: UInt16(level * 255 + 0.5) * 257)
      }
      count = light.count
    }
    guard let picture = PalmPicture(width: Self.width, height: Self.height, samples: samples) else {
      preconditionFailure("400 x 480 lies within the limits of a picture")
    }
    return picture
  }
}

/// From the hand to the sensor and back: elastic skin, tilt with perspective, rotation, distance, shift.
struct Projection {
  private let elastic: (x: Lattice, y: Lattice)
  private let mirror: Float
  private let sines: (x: Float, y: Float)
  private let cosines: (x: Float, y: Float)
  private let turn: (sine: Float, cosine: Float)
  private let scale: Float
  private let shift: Point
  /// Millimetres from the sensor's lens to the palm: what is tilted towards it looks larger.
  private static let range: Float = 180

  init(_ presentation: Presentation, hand: Hand) {
    elastic = presentation.elastic
    mirror = hand == .right ? 1 : -1
    sines = (PalmMath.sin(presentation.tiltX), PalmMath.sin(presentation.tiltY))
    cosines = (PalmMath.cos(presentation.tiltX), PalmMath.cos(presentation.tiltY))
    turn = (PalmMath.sin(presentation.rotation), PalmMath.cos(presentation.rotation))
    scale = presentation.scale * PalmRenderer.perMillimetre
    // The middle of the palm stands below the middle of the picture: the fingers need the room.
    shift = Point(
      x: Float(PalmRenderer.width / 2) + presentation.shiftX * PalmRenderer.perMillimetre,
      y: Float(PalmRenderer.height / 2) + 40 - presentation.shiftY * PalmRenderer.perMillimetre)
  }

  /// Pixels from millimetres on the hand, `depth` below its skin.
  func pixel(_ handX: Float, _ handY: Float, _ depth: Float) -> Point {
    let x = mirror * (handX + elastic.x.at(handX, handY))
    let y = handY + elastic.y.at(handX, handY)
    let height = x * sines.y + y * sines.x
    let near = scale / (1 - height / Self.range)
    let (tiltedX, tiltedY) = ((x * cosines.y - depth * sines.y) * near, (y * cosines.x - depth * sines.x) * near)
    return Point(
      x: shift.x + tiltedX * turn.cosine - tiltedY * turn.sine, y: shift.y - (tiltedX * turn.sine + tiltedY * turn.cosine))
  }

  /// The point of the skin that a pixel shows, by corrections of a guess.
  func hand(_ pixel: Point, from guess: Point, corrections: Int) -> Point {
    var place = guess
    for _ in 0..<corrections {
      let now = self.pixel(place.x, place.y, 0)
      let (dx, dy) = ((pixel.x - now.x) / scale, (now.y - pixel.y) / scale)
      place.x += mirror * (dx * turn.cosine + dy * turn.sine)
      place.y += -dx * turn.sine + dy * turn.cosine
      // Far outside the hand the perspective has no meaning, and must not run away.
      place = Point(x: place.x.clamped(300), y: place.y.clamped(300))
    }
    return place
  }
}
