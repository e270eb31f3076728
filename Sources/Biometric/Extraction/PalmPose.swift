import AuthTerms

/// How the palm lies in the picture: where, how far turned, how large; fitted to the finger valleys and to both edges of the palm.
///
/// Valleys alone move by millimetres when fingers are spread a little more, and edges alone say nothing about the way along the arm.
/// Together, weighted by how far each wanders between pictures of one hand, they hold the region to about a millimetre.
struct PalmPose {
  /// Unit vector towards the fingers.
  private(set) var axis: (x: Float, y: Float)
  /// Between the valleys, in pixels of the silhouette.
  private(set) var origin: (x: Float, y: Float)
  /// Pixels of the silhouette for one millimetre of the hand that all hands are scaled to.
  private(set) var unit: Float
  /// 1 if the thumb is on the right of the axis, -1 if on the left.
  let side: Float

  /// Millimetres below the origin at which the edge of the palm is looked for: on the side of the little finger, of the index finger.
  static let littleLevels: [Float] = stride(from: 16, through: 56, by: 4).map { $0 }
  static let indexLevels: [Float] = stride(from: 10, through: 20, by: 2).map { $0 }

  /// The mean palm, in millimetres: x towards the thumb, y towards the wrist.
  private static let valleys: [(x: Float, y: Float)] = [(22.6, -0.4), (0, -4.6), (-22.3, 5.0)]
  private static let littleEdge: [Float] = [
    -40.3, -40.1, -40.2, -41.0, -41.6, -41.7, -41.7, -41.6, -41.5, -41.5, -41.4,
  ]
  private static let indexEdge: [Float] = [42.0, 41.8, 41.5, 41.3, 41.0, 40.8]
  /// How much one feature counts: the inverse of the variance between pictures of one hand.
  private static let weights: (valleyX: Float, valleyY: Float, little: Float, index: Float) = (1.0, 0.4, 0.5, 0.5)

  /// Millimetres by which a valley may lie elsewhere than in the mean palm. Fingers held close move it outwards; nothing a hand does
  /// moves it far towards the wrist.
  private static let tolerated: (sideways: Float, outwards: Float, inwards: Float) = (7, 12, 5.5)

  /// - Throws: `.fingersTogether` if a valley lies far out, `.wet` if one lies where no hand has one: glare between fingers, most often.
  init(_ silhouette: HandSilhouette, _ found: FingerValleys, hand: Hand) throws(Refusal) {
    side = hand == .right ? 1 : -1
    axis = found.axis
    let points = found.points
    origin = ((points[0].x + points[1].x + points[2].x) / 3, (points[0].y + points[1].y + points[2].y) / 3)
    let (dx, dy) = (points[0].x - points[2].x, points[0].y - points[2].y)
    unit = (dx * dx + dy * dy).squareRoot() / PalmRegion.span
    for _ in 0..<6 { refine(silhouette, points) }
    for (have, want) in zip(points, Self.valleys) {
      let place = palm(have.x, have.y)
      guard want.y - place.y < Self.tolerated.outwards else { throw Refusal(.fingersTogether) }
      guard place.y - want.y < Self.tolerated.inwards, abs(place.x - want.x) < Self.tolerated.sideways else {
        throw Refusal(.wet)
      }
    }
  }

  /// Pixels of the silhouette.
  func pixel(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
    let thumb = (x: -axis.y * side, y: axis.x * side)
    return (origin.x + unit * (x * thumb.x - y * axis.x), origin.y + unit * (x * thumb.y - y * axis.y))
  }

  private func palm(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
    let (dx, dy) = ((x - origin.x) / unit, (y - origin.y) / unit)
    return (side * (-axis.y * dx + axis.x * dy), -(axis.x * dx + axis.y * dy))
  }

  /// The features in the present frame: valleys, and where the edges are; `nil` where the frame of the picture cuts an edge off.
  func features(
    _ silhouette: HandSilhouette, _ valleys: [(x: Float, y: Float)]
  ) -> (valleys: [(x: Float, y: Float)], little: [Float]?, index: [Float]?) {
    let little = Self.littleLevels.compactMap { edge(silhouette, level: $0, outwards: -1) }
    let index = Self.indexLevels.compactMap { edge(silhouette, level: $0, outwards: 1) }
    return (
      valleys.map { palm($0.x, $0.y) }, little.count == Self.littleLevels.count ? little : nil,
      index.count == Self.indexLevels.count ? index : nil
    )
  }

  /// One step of Gauss and Newton for shift, turn and scale.
  private mutating func refine(_ silhouette: HandSilhouette, _ points: [(x: Float, y: Float)]) {
    let seen = features(silhouette, points)
    var sums = Normal()
    for (have, want) in zip(seen.valleys, Self.valleys) {
      // Unknowns: x and y of the shift, turn, scale.
      sums.add([1, 0, -want.y, want.x], have.x - want.x, Self.weights.valleyX)
      sums.add([0, 1, want.x, want.y], have.y - want.y, Self.weights.valleyY)
    }
    if let little = seen.little {
      for (level, (have, want)) in zip(Self.littleLevels, zip(little, Self.littleEdge)) {
        sums.add([1, 0, -level, want], have - want, Self.weights.little)
      }
    }
    if let index = seen.index {
      for (level, (have, want)) in zip(Self.indexLevels, zip(index, Self.indexEdge)) {
        sums.add([1, 0, -level, want], have - want, Self.weights.index)
      }
    }
    guard let step = sums.solved() else { return }
    let moved = pixel(step[0], step[1])
    // One step never turns or scales by more than a quarter: a hand that needs more is none.
    let turn = side * min(max(step[2], -0.25), 0.25)
    origin = moved
    unit *= 1 + min(max(step[3], -0.25), 0.25)
    let turned = (x: axis.x - turn * axis.y, y: axis.y + turn * axis.x)
    let length = (turned.x * turned.x + turned.y * turned.y).squareRoot()
    axis = (turned.x / length, turned.y / length)
  }

  /// Millimetres from the axis to the edge of the palm, negative on the side of the little finger.
  private func edge(_ silhouette: HandSilhouette, level: Float, outwards: Float) -> Float? {
    let grey = silhouette.grey
    let (right, lower) = (Float(grey.width - 2), Float(grey.height - 2))
    // No edge lies within 24 mm of the axis; a dark vein there would only mislead.
    var away: Float = 24
    var last: Float = 1
    let step = 0.7 / unit
    while away < 62 {
      let (x, y) = pixel(outwards * away, level)
      guard x > 1, y > 1, x < right, y < lower else { return nil }
      let now = grey.at(x, y)
      if now < silhouette.threshold {
        let fraction = min(max((last - silhouette.threshold) / max(last - now, 1e-6), 0), 1)
        return outwards * (away - step * (1 - fraction))
      }
      last = now
      away += step
    }
    return nil
  }
}

/// Weighted least squares of four unknowns by the normal equations.
private struct Normal {
  private var matrix = [Double](repeating: 0, count: 16)
  private var right = [Double](repeating: 0, count: 4)

  /// Millimetres: a feature that is farther off than this counts less and less. Glare between two fingers looks like skin, and one
  /// valley in the wrong place must not turn the palm.
  private static let tolerance: Float = 2.5

  mutating func add(_ row: [Float], _ value: Float, _ importance: Float) {
    let off = value / Self.tolerance
    let weight = importance / (1 + off * off)
    for i in 0..<4 {
      for j in 0..<4 { matrix[4 * i + j] += Double(weight * row[i] * row[j]) }
      right[i] += Double(weight * row[i] * value)
    }
  }

  /// Gaussian elimination; the matrix is positive definite unless features are missing.
  func solved() -> [Float]? {
    var (a, b) = (matrix, right)
    for i in 0..<4 {
      guard a[4 * i + i] > 1e-6 else { return nil }
      for k in stride(from: i + 1, to: 4, by: 1) {
        let factor = a[4 * k + i] / a[4 * i + i]
        for j in i..<4 { a[4 * k + j] -= factor * a[4 * i + j] }
        b[k] -= factor * b[i]
      }
    }
    for i in (0..<4).reversed() {
      for j in stride(from: i + 1, to: 4, by: 1) { b[i] -= a[4 * i + j] * b[j] }
      b[i] /= a[4 * i + i]
    }
    return b.map { Float($0) }
  }
}
