import AuthTerms

/// Where the hand is in a picture: threshold, distance to the outline, the outline itself.
struct HandSilhouette {
  let grey: GreyMap
  /// Between hand and background.
  let threshold: Float
  /// Mean grey of the hand and of the background.
  let levels: (hand: Float, background: Float)
  /// Distance of each pixel inside the hand to the background or the frame, in pixels; 0 outside.
  let depth: [Float]
  /// The middle of the largest circle inside the hand.
  let centre: (x: Int, y: Int)
  let radius: Float
  /// Indices of the pixels along the outer edge of the hand, clockwise.
  let outline: [Int]

  /// - Throws: `.noHand` or `.tooDark`.
  init(_ grey: GreyMap) throws(Refusal) {
    self.grey = grey
    guard let split = Self.otsu(grey.values) else { throw Refusal(.noHand) }
    threshold = split.threshold
    levels = (split.above, split.below)
    guard levels.hand - levels.background > 0.02 else { throw Refusal(.noHand) }
    // Grain of an empty picture splits into halves that lie close together.
    guard levels.hand > 1.7 * levels.background else { throw Refusal(.noHand) }
    guard levels.hand > 0.13 else { throw Refusal(.tooDark) }
    let depth = Self.depth(grey, above: split.threshold)
    self.depth = depth
    guard let peak = depth.indices.max(by: { depth[$0] < depth[$1] }), depth[peak] > 8 else { throw Refusal(.noHand) }
    centre = (peak % grey.width, peak / grey.width)
    radius = depth[peak]
    outline = Self.outline(grey.width, grey.height, depth, from: peak)
  }

  func isInside(_ x: Int, _ y: Int) -> Bool {
    x >= 0 && y >= 0 && x < grey.width && y < grey.height && depth[y * grey.width + x] > 0
  }

  /// Otsu: the threshold that separates the two classes of grey best, and their means.
  private static func otsu(_ values: [Float]) -> (threshold: Float, below: Float, above: Float)? {
    var histogram = [Int](repeating: 0, count: 256)
    for value in values { histogram[min(max(Int(value * 255), 0), 255)] += 1 }
    let all = histogram.indices.reduce(0) { $0 + $1 * histogram[$1] }
    var (count, sum) = (0, 0)
    var best: (score: Double, level: Int, below: Double, above: Double)?
    for level in 0..<255 {
      count += histogram[level]
      sum += level * histogram[level]
      guard count > 0, count < values.count else { continue }
      let (below, above) = (Double(sum) / Double(count), Double(all - sum) / Double(values.count - count))
      let score = Double(count) * Double(values.count - count) * (above - below) * (above - below)
      if score > best?.score ?? 0 { best = (score, level, below, above) }
    }
    guard let best else { return nil }
    // Skin falls off towards its edge: the edge is nearer to the background than Otsu's middle.
    let threshold = best.below + 0.3 * (best.above - best.below)
    return (Float((threshold + 0.5) / 255), Float((best.below + 0.5) / 255), Float((best.above + 0.5) / 255))
  }

  /// Two passes of a chamfer distance with steps of 1 and sqrt(2).
  private static func depth(_ grey: GreyMap, above threshold: Float) -> [Float] {
    let (width, height) = (grey.width, grey.height)
    var depth = grey.values.map { $0 > threshold ? Float(10_000) : 0 }
    for x in 0..<width {
      depth[x] = min(depth[x], 1)
      depth[(height - 1) * width + x] = min(depth[(height - 1) * width + x], 1)
    }
    for y in 0..<height {
      depth[y * width] = min(depth[y * width], 1)
      depth[y * width + width - 1] = min(depth[y * width + width - 1], 1)
    }
    let diagonal: Float = 1.41421356
    for y in 1..<height - 1 {
      for place in y * width + 1..<y * width + width - 1 where depth[place] > 0 {
        let straight = min(depth[place - 1], depth[place - width]) + 1
        let slanted = min(depth[place - width - 1], depth[place - width + 1]) + diagonal
        depth[place] = min(depth[place], min(straight, slanted))
      }
    }
    for y in (1..<height - 1).reversed() {
      for place in (y * width + 1..<y * width + width - 1).reversed() where depth[place] > 0 {
        let straight = min(depth[place + 1], depth[place + width]) + 1
        let slanted = min(depth[place + width + 1], depth[place + width - 1]) + diagonal
        depth[place] = min(depth[place], min(straight, slanted))
      }
    }
    return depth
  }

  /// Follows the edge of the region around `peak`, clockwise, from the last pixel straight to the left of it.
  private static func outline(_ width: Int, _ height: Int, _ depth: [Float], from peak: Int) -> [Int] {
    let row = peak / width
    var start = peak
    while start > row * width, depth[start - 1] > 0 { start -= 1 }
    let steps: [(x: Int, y: Int)] = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]
    func isHand(_ place: Int, _ step: (x: Int, y: Int)) -> Bool {
      let (x, y) = (place % width + step.x, place / width + step.y)
      return x >= 0 && y >= 0 && x < width && y < height && depth[y * width + x] > 0
    }
    var outline: [Int] = []
    var place = start
    // Came from the left, where the background is.
    var back = 4
    let limit = 8 * (width + height)
    repeat {
      outline.append(place)
      var found = false
      for turn in 1...8 {
        let direction = (back + turn) & 7
        if isHand(place, steps[direction]) {
          place += steps[direction].y * width + steps[direction].x
          back = (direction + 5) & 7
          // The next search begins behind the background pixel that was seen last.
          if direction & 1 == 0 { back = (direction + 5) & 7 } else { back = (direction + 4) & 7 }
          found = true
          break
        }
      }
      guard found else { break }
    } while place != start && outline.count < limit
    return outline
  }
}

/// A picture that gives no template, inside the extraction.
struct Refusal: Error {
  let advice: CaptureAdvice
  init(_ advice: CaptureAdvice) { self.advice = advice }
}
