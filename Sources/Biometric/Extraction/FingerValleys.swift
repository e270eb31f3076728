import AuthTerms

/// The three valleys between index, middle, ring and little finger, in pixels of the silhouette's map.
struct FingerValleys {
  /// Between index and middle, middle and ring, ring and little finger.
  let points: [(x: Float, y: Float)]
  /// Unit vector from the wrist towards the fingers.
  let axis: (x: Float, y: Float)
  /// Slope of the hand's edge where it is steepest, as a share of the step from background to hand, per millimetre.
  let sharpness: Float

  /// - Parameter perMillimetre: pixels of the map.
  /// - Throws: the advice if there are no three valleys where they should be.
  init(_ silhouette: HandSilhouette, hand: Hand, perMillimetre: Float) throws(Refusal) {
    let width = silhouette.grey.width
    let outline = silhouette.outline
    guard outline.count > 100 else { throw Refusal(.noHand) }
    let places = outline.map { (x: Float($0 % width), y: Float($0 / width)) }
    let (cx, cy) = (Float(silhouette.centre.x), Float(silhouette.centre.y))
    let raw = places.map { (($0.x - cx) * ($0.x - cx) + ($0.y - cy) * ($0.y - cy)).squareRoot() }
    let distance = Self.smoothed(raw, reach: max(1, Int(2 * perMillimetre)))
    let minima = Self.minima(distance, prominence: 9 * perMillimetre)
    // Towards the fingers means upwards, give or take 60 degrees; the wrist's corners and the thumb's root lie elsewhere.
    let upper = minima.filter {
      cy - places[$0].y > 0.1 * raw[$0] && raw[$0] < 2.2 * silhouette.radius
        && Self.isBetweenFingers(silhouette, places[$0], perMillimetre)
    }
    // Clockwise is from left to right above the palm; a right hand has its thumb on the right.
    let sorted = upper.sorted { places[$0].x < places[$1].x }
    let chosen = hand == .right ? sorted : sorted.reversed()
    guard let three = Self.plausible(chosen.map { places[$0] }, perMillimetre) else {
      throw Refusal(Self.advice(silhouette, perMillimetre))
    }
    // The thumb's valley comes last. If one comes before the fingers, it is the thumb of the other hand.
    guard three[0] == 0 else { throw Refusal(.otherHand) }
    // Seen from the little finger: V3, V2, V1.
    let indices = three.map { chosen[$0] }
    let (first, last) = (places[indices[2]], places[indices[0]])
    let span = ((first.x - last.x) * (first.x - last.x) + (first.y - last.y) * (first.y - last.y)).squareRoot()
    let side: Float = hand == .right ? 1 : -1
    // The line through the outer valleys leans by some 8 degrees against the arm: a constant that no comparison sees.
    let across = (x: (first.x - last.x) / span, y: (first.y - last.y) / span)
    let axis = (x: side * across.y, y: -side * across.x)
    self.axis = axis
    var points: [(x: Float, y: Float)] = []
    for index in indices.reversed() {
      points.append(Self.bottom(silhouette, outline, around: index, axis, perMillimetre))
    }
    self.points = points
    sharpness = Self.sharpness(silhouette, places, perMillimetre)
  }

  /// What to say where no valleys are.
  private static func advice(_ silhouette: HandSilhouette, _ perMillimetre: Float) -> CaptureAdvice {
    let radius = silhouette.radius / perMillimetre
    if radius > 52 { return .tooNear }
    if radius < 26 { return .tooFar }
    let (width, height) = (silhouette.grey.width, silhouette.grey.height)
    let (x, y) = (silhouette.centre.x, silhouette.centre.y)
    // The largest circle touches the frame: the palm is cut off.
    let room = Float(min(min(x, width - 1 - x), min(y, height - 1 - y)))
    return room < silhouette.radius + 2 ? .notWhole : .fingersTogether
  }

  private static func smoothed(_ values: [Float], reach: Int) -> [Float] {
    let count = values.count
    var sum: Float = 0
    for offset in -reach...reach { sum += values[(offset + count) % count] }
    var result = [Float](repeating: 0, count: count)
    for place in 0..<count {
      result[place] = sum / Float(2 * reach + 1)
      sum += values[(place + reach + 1) % count] - values[(place - reach + count) % count]
    }
    return result
  }

  /// Minima of a closed curve, between maxima that stand higher by `prominence` on both sides.
  private static func minima(_ values: [Float], prominence: Float) -> [Int] {
    guard let start = values.indices.max(by: { values[$0] < values[$1] }) else { return [] }
    var found: [Int] = []
    var (lowest, highest) = (start, start)
    var isFalling = true
    for step in 1...values.count {
      let place = (start + step) % values.count
      if isFalling {
        if values[place] < values[lowest] { lowest = place }
        if values[place] > values[lowest] + prominence {
          found.append(lowest)
          (isFalling, highest) = (false, place)
        }
      } else {
        if values[place] > values[highest] { highest = place }
        if values[place] < values[highest] - prominence { (isFalling, lowest) = (true, place) }
      }
    }
    return found
  }

  /// A finger stands on either side of what lies just outside a valley; the edge of the palm has one side only.
  private static func isBetweenFingers(
    _ silhouette: HandSilhouette, _ place: (x: Float, y: Float), _ perMillimetre: Float
  ) -> Bool {
    let (dx, dy) = (place.x - Float(silhouette.centre.x), place.y - Float(silhouette.centre.y))
    let length = max((dx * dx + dy * dy).squareRoot(), 1)
    let (ux, uy) = (dx / length * perMillimetre, dy / length * perMillimetre)
    return [-1, 1].allSatisfy { side in
      [5, 8, 11].contains { (away: Float) in
        silhouette.isInside(Int(place.x + 4 * ux - side * away * uy), Int(place.y + 4 * uy + side * away * ux))
      }
    }
  }

  /// The first three in a row that can be valleys between fingers.
  private static func plausible(_ points: [(x: Float, y: Float)], _ perMillimetre: Float) -> [Int]? {
    guard points.count >= 3 else { return nil }
    for start in 0...points.count - 3 {
      let (a, b, c) = (points[start], points[start + 1], points[start + 2])
      let (u, v) = ((x: b.x - a.x, y: b.y - a.y), (x: c.x - b.x, y: c.y - b.y))
      let (first, second) = ((u.x * u.x + u.y * u.y).squareRoot(), (v.x * v.x + v.y * v.y).squareRoot())
      let cosine = (u.x * v.x + u.y * v.y) / max(first * second, 1e-6)
      let ratio = first / max(second, 1e-6)
      guard min(first, second) > 8 * perMillimetre, max(first, second) < 42 * perMillimetre, cosine > 0.4,
        ratio > 0.6, ratio < 1.7
      else { continue }
      return [start, start + 1, start + 2]
    }
    return nil
  }

  /// The bottom of a valley to a fraction of a pixel: the mean of the outline within 1.5 mm of its lowest point along the axis.
  private static func bottom(
    _ silhouette: HandSilhouette, _ outline: [Int], around index: Int, _ axis: (x: Float, y: Float), _ perMillimetre: Float
  ) -> (x: Float, y: Float) {
    let width = silhouette.grey.width
    let reach = Int(9 * perMillimetre)
    var near: [(x: Float, y: Float, along: Float)] = []
    for offset in -reach...reach {
      let place = outline[(index + offset + outline.count * 2) % outline.count]
      var (x, y) = (Float(place % width), Float(place / width))
      // The edge lies between this pixel and the next one outwards, where the grey falls through the threshold.
      let inside = silhouette.grey.at(x, y)
      let outside = silhouette.grey.at(x + axis.x, y + axis.y)
      let fraction = inside > outside ? min(max((inside - silhouette.threshold) / (inside - outside), 0), 1.5) : 0.5
      x += axis.x * fraction
      y += axis.y * fraction
      near.append((x, y, x * axis.x + y * axis.y))
    }
    let lowest = near.map(\.along).min() ?? 0
    let bottom = near.filter { $0.along < lowest + 1.5 * perMillimetre }
    let count = Float(max(bottom.count, 1))
    return (bottom.reduce(0) { $0 + $1.x } / count, bottom.reduce(0) { $0 + $1.y } / count)
  }

  /// Mean over the outline away from the frame.
  private static func sharpness(
    _ silhouette: HandSilhouette, _ places: [(x: Float, y: Float)], _ perMillimetre: Float
  ) -> Float {
    let grey = silhouette.grey
    var (sum, count) = (Float(0), 0)
    for place in places where place.y < Float(silhouette.centre.y) {
      guard place.x > 4, place.y > 4, place.x < Float(grey.width - 5), place.y < Float(grey.height - 5) else { continue }
      let dx = grey.at(place.x + 1, place.y) - grey.at(place.x - 1, place.y)
      let dy = grey.at(place.x, place.y + 1) - grey.at(place.x, place.y - 1)
      let length = (dx * dx + dy * dy).squareRoot()
      guard length > 0 else { continue }
      let (ux, uy) = (dx / length, dy / length)
      func along(_ away: Float) -> Float { grey.at(place.x + ux * away, place.y + uy * away) }
      let step = along(3 * perMillimetre) - along(-3 * perMillimetre)
      guard step > 0.02 else { continue }
      var steepest: Float = 0
      for away in -3...3 { steepest = max(steepest, along(Float(away) + 0.75) - along(Float(away) - 0.75)) }
      sum += min(steepest / 1.5 * perMillimetre / step, 2)
      count += 1
    }
    return count > 50 ? sum / Float(count) : 0
  }
}
