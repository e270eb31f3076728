import AuthTerms

/// The palm cut out of a picture, with the pose taken out: a square below the finger valleys, always the same number of samples.
///
/// Samples are half a millimetre apart on a hand whose outer valleys lie 40 mm apart; other hands are scaled to that. 128 x 128
/// samples are the palm itself; the margin around it serves rotations and filters.
struct PalmRegion {
  static let core = 128
  static let margin = 26
  static let side = core + 2 * margin
  /// Millimetres between the valleys of the hand all hands are scaled to, and millimetres from them to the middle of the region.
  static let span: Float = 40
  static let reach: Float = 36
  /// `side` x `side` grey values.
  private(set) var values: [Float]
  /// 1 where the palm was seen, 0 outside the hand, outside the picture, in glare.
  private(set) var weights: [Float]
  /// Shares of the core's samples, 0 to 1.
  private(set) var shares: (saturated: Float, outsideHand: Float, outsidePicture: Float) = (0, 0, 0)
  /// Mean grey of the core where it was seen.
  private(set) var level: Float = 0

  /// - Parameter factor: how many samples of the picture make one of the silhouette's.
  /// - Throws: `.tooNear` or `.tooFar`.
  init(_ picture: PalmPicture, _ silhouette: HandSilhouette, _ palm: PalmPose, factor: Int, resolution: Int) throws(Refusal) {
    let unit = palm.unit
    let millimetres = Self.span * unit * Float(factor) * 10 / Float(resolution)
    guard millimetres < 55 else { throw Refusal(.tooNear) }
    guard millimetres > 27 else { throw Refusal(.tooFar) }
    let axis = palm.axis
    let centre = palm.pixel(0, Self.reach)
    // Columns run across the hand, from the left of an upright picture; rows run towards the wrist.
    let right = (x: -axis.y, y: axis.x)
    values = [Float](repeating: 0, count: Self.side * Self.side)
    weights = values
    let step = 0.5 * unit * Float(factor)
    let half = Float(factor - 1) * 0.5
    let start = (
      x: centre.x * Float(factor) + half - (right.x - axis.x) * step * (Float(Self.side) - 1) * 0.5,
      y: centre.y * Float(factor) + half - (right.y - axis.y) * step * (Float(Self.side) - 1) * 0.5
    )
    var counts = (saturated: 0, outsideHand: 0, outsidePicture: 0)
    var sum: Float = 0
    var seen = 0
    let (width, height) = (picture.width, picture.height)
    // What is nearer to the outline than this is shaded by the curve of the hand.
    let rim = 2.5 * unit
    let inverse = 1 / Float(factor)
    unsafe picture.withSamples { samples in
      for row in 0..<Self.side {
        var x = start.x - axis.x * step * Float(row)
        var y = start.y - axis.y * step * Float(row)
        let isCoreRow = row >= Self.margin && row < Self.margin + Self.core
        for column in 0..<Self.side {
          let isCore = isCoreRow && column >= Self.margin && column < Self.margin + Self.core
          let place = row * Self.side + column
          if x >= 0, y >= 0, x < Float(width - 1), y < Float(height - 1) {
            let (left, top) = (Int(x), Int(y))
            let (along, down) = (x - Float(left), y - Float(top))
            let corner = top * width + left
            // In bounds: left <= width - 2 and top <= height - 2.
            let (a, b) = unsafe (Float(samples[corner]), Float(samples[corner + 1]))
            let (c, d) = unsafe (Float(samples[corner + width]), Float(samples[corner + width + 1]))
            let upper = a + (b - a) * along
            let lower = c + (d - c) * along
            let value = (upper + (lower - upper) * down) * (1 / 65_535)
            values[place] = value
            let (u, v) = (min(Int(x * inverse), silhouette.grey.width - 1), min(Int(y * inverse), silhouette.grey.height - 1))
            if value > 0.97 {
              if isCore { counts.saturated += 1 }
            } else if silhouette.depth[v * silhouette.grey.width + u] <= rim {
              if isCore { counts.outsideHand += 1 }
            } else {
              weights[place] = 1
              if isCore {
                sum += value
                seen += 1
              }
            }
          } else if isCore {
            counts.outsidePicture += 1
          }
          x += right.x * step
          y += right.y * step
        }
      }
    }
    let all = Float(Self.core * Self.core)
    shares = (Float(counts.saturated) / all, Float(counts.outsideHand) / all, Float(counts.outsidePicture) / all)
    level = seen > 0 ? sum / Float(seen) : 0
  }
}
