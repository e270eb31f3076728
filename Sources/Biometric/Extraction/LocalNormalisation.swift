/// A palm region with its light taken out: mean 0 and standard deviation 1 in every neighbourhood.
struct NormalisedRegion {
  static let side = PalmRegion.side
  /// Half a side of the neighbourhood, in samples of half a millimetre.
  private static let reach = 11
  /// Brighter than its neighbourhood by this factor is glare, whatever the sensor says.
  private static let glare: Float = 1.35
  /// No neighbourhood is flatter than this, relative to its mean: grain is not spread into veins.
  private static let floor: Float = 0.012

  /// Smoothed over 3 x 3; 0 where nothing was seen.
  let values: [Float]
  /// 0 to 1: how much of the sample and its neighbours was seen.
  let weights: [Float]
  /// Mean of the standard deviation relative to the mean, in the core: how much contrast there was.
  let contrast: Float

  init(_ region: PalmRegion) {
    let side = Self.side
    var weights = region.weights
    let coarse = Self.sums(region.values, weights)
    // Glare first, with a rim of two samples.
    var glare: [Int] = []
    for place in weights.indices where weights[place] > 0 && coarse.count[place] > 0 {
      if region.values[place] * coarse.count[place] > Self.glare * coarse.sum[place] { glare.append(place) }
    }
    for place in region.values.indices where region.values[place] > 0.97 { glare.append(place) }
    for place in glare {
      let (x, y) = (place % side, place / side)
      for row in max(0, y - 2)...min(side - 1, y + 2) {
        for column in max(0, x - 2)...min(side - 1, x + 2) { weights[row * side + column] = 0 }
      }
    }
    let sums = glare.isEmpty ? coarse : Self.sums(region.values, weights)
    var plain = [Float](repeating: 0, count: side * side)
    var (contrast, seen) = (Float(0), 0)
    for place in plain.indices where weights[place] > 0 && sums.count[place] > 40 {
      let mean = sums.sum[place] / sums.count[place]
      let variance = max(sums.square[place] / sums.count[place] - mean * mean, 0)
      let deviation = variance.squareRoot()
      plain[place] = (region.values[place] - mean) / max(deviation, Self.floor * mean)
      contrast += deviation / mean
      seen += 1
    }
    self.contrast = seen > 0 ? contrast / Float(seen) : 0
    values = Self.binomial(plain)
    self.weights = Self.binomial(weights)
  }

  /// Weighted sums over a square around each sample: of 1, of the value, of its square.
  private static func sums(_ values: [Float], _ weights: [Float]) -> (count: [Float], sum: [Float], square: [Float]) {
    var planes = [SIMD4<Float>](repeating: .zero, count: side * side)
    // Along rows, then along columns; running sums of multiples of 2^-16 stay exact enough in Float.
    for row in 0..<side {
      let line = row * side
      func at(_ x: Int) -> SIMD4<Float> {
        let (w, v) = (weights[line + x], values[line + x])
        return SIMD4(w, w * v, w * v * v, 0)
      }
      var running = SIMD4<Float>.zero
      for x in 0..<reach { running += at(x) }
      for x in 0..<side {
        if x + reach < side { running += at(x + reach) }
        if x > reach { running -= at(x - reach - 1) }
        planes[line + x] = running
      }
    }
    var (count, sum, square) = (
      [Float](repeating: 0, count: side * side), [Float](repeating: 0, count: side * side),
      [Float](repeating: 0, count: side * side)
    )
    var running = [SIMD4<Float>](repeating: .zero, count: side)
    for y in 0..<reach { for x in 0..<side { running[x] += planes[y * side + x] } }
    for y in 0..<side {
      for x in 0..<side {
        if y + reach < side { running[x] += planes[(y + reach) * side + x] }
        if y > reach { running[x] -= planes[(y - reach - 1) * side + x] }
        let now = running[x]
        let place = y * side + x
        (count[place], sum[place], square[place]) = (now.x, now.y, now.z)
      }
    }
    return (count, sum, square)
  }

  /// 1 2 1 in both directions.
  private static func binomial(_ values: [Float]) -> [Float] {
    var half = values
    for row in 0..<side {
      let line = row * side
      for x in 1..<side - 1 { half[line + x] = 0.25 * (values[line + x - 1] + values[line + x + 1]) + 0.5 * values[line + x] }
    }
    var whole = half
    for place in side..<side * (side - 1) {
      whole[place] = 0.25 * (half[place - side] + half[place + side]) + 0.5 * half[place]
    }
    return whole
  }
}
