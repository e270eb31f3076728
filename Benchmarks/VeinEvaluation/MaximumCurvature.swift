package import Biometric

/// A binary map of veins, 128 x 128, two words a row; bit 0 of the first word is the leftmost sample.
public struct VeinMap: Sendable {
  static let side = 128
  var words = [UInt64](repeating: 0, count: 2 * side)

  /// No vein anywhere.
  public init() {}

  subscript(x: Int, y: Int) -> Bool {
    get { words[2 * y + x / 64] >> UInt64(x % 64) & 1 == 1 }
    set { if newValue { words[2 * y + x / 64] |= 1 << UInt64(x % 64) } }
  }
}

/// Vein extraction by maximum curvature points in cross-sectional profiles (Miura, Nagasaka, Miyatake 2007), after the paper: the
/// published method that ours is held against on the same pictures. Not shipped.
public struct MaximumCurvature: Sendable {
  /// Of the Gaussian whose derivatives are taken, in samples.
  public let sigma: Double
  private let kernels: (smooth: [Float], first: [Float], second: [Float])

  public init(sigma: Double = 3) {
    self.sigma = sigma
    let reach = Int((4 * sigma).rounded(.up))
    let bell = (-reach...reach).map { Series.exp(-Double($0 * $0) / (2 * sigma * sigma)) }
    let sum = bell.reduce(0, +)
    let smooth = bell.map { $0 / sum }
    let (first, second) = (
      (-reach...reach).map { -Double($0) / (sigma * sigma) * smooth[$0 + reach] },
      (-reach...reach).map { (Double($0 * $0) / (sigma * sigma) - 1) / (sigma * sigma) * smooth[$0 + reach] }
    )
    kernels = (smooth.map { Float($0) }, first.map { Float($0) }, second.map { Float($0) })
  }

  /// - Parameter palm: the cut-out that our own extraction works on.
  package func map(_ palm: PalmCutout) -> VeinMap {
    let size = palm.side
    let (dx, dy) = (
      convolve(convolve(palm.values, size, kernels.first, 1), size, kernels.smooth, size),
      convolve(convolve(palm.values, size, kernels.smooth, 1), size, kernels.first, size)
    )
    let dxx = convolve(convolve(palm.values, size, kernels.second, 1), size, kernels.smooth, size)
    let dyy = convolve(convolve(palm.values, size, kernels.smooth, 1), size, kernels.second, size)
    let dxy = convolve(convolve(palm.values, size, kernels.first, 1), size, kernels.first, size)
    var scores = [Float](repeating: 0, count: size * size)
    let root: Float = 0.70710678
    for (stepX, stepY) in [(1, 0), (0, 1), (1, 1), (1, -1)] {
      let (ux, uy) = stepX != 0 && stepY != 0 ? (root, Float(stepY) * root) : (Float(stepX), Float(stepY))
      var curvature = [Float](repeating: 0, count: size * size)
      for place in curvature.indices {
        let slope = ux * dx[place] + uy * dy[place]
        let bend = ux * ux * dxx[place] + 2 * ux * uy * dxy[place] + uy * uy * dyy[place]
        let base = 1 + slope * slope
        curvature[place] = bend / (base * base.squareRoot())
      }
      score(curvature, size, stepX, stepY, into: &scores)
    }
    return binary(connect(scores, size), palm)
  }

  /// Correlation with a row or column kernel; the edge is repeated.
  private func convolve(_ values: [Float], _ size: Int, _ kernel: [Float], _ stride: Int) -> [Float] {
    let reach = kernel.count / 2
    var result = [Float](repeating: 0, count: values.count)
    for y in 0..<size {
      for x in 0..<size {
        let along = stride == 1 ? x : y
        let place = y * size + x
        var sum: Float = 0
        for offset in -reach...reach {
          let other = min(max(along + offset, 0), size - 1) - along
          // A derivative of a Gaussian is odd: correlation turns its sign, which no later step sees twice.
          sum += kernel[offset + reach] * values[place + other * stride]
        }
        result[place] = sum
      }
    }
    return result
  }

  /// Each run of positive curvature gives its middle a score: its peak times its width.
  private func score(_ curvature: [Float], _ size: Int, _ stepX: Int, _ stepY: Int, into scores: inout [Float]) {
    var starts: [(Int, Int)] = []
    if stepX == 1 { starts += (0..<size).map { (0, $0) } }
    if stepY != 0 { starts += (stepX == 1 ? 1..<size : 0..<size).map { ($0, stepY > 0 ? 0 : size - 1) } }
    for start in starts {
      var (x, y) = start
      var (width, peak, best) = (0, 0, Float(0))
      while x < size, y >= 0, y < size {
        let place = y * size + x
        if curvature[place] > 0 {
          width += 1
          if curvature[place] > best { (best, peak) = (curvature[place], place) }
        } else if width > 0 {
          scores[peak] += best * Float(width)
          (width, best) = (0, 0)
        }
        x += stepX
        y += stepY
      }
      if width > 0 { scores[peak] += best * Float(width) }
    }
  }

  /// A point counts if points on both of its sides count, in the best of four directions.
  private func connect(_ scores: [Float], _ size: Int) -> [Float] {
    var result = [Float](repeating: 0, count: scores.count)
    for y in 2..<size - 2 {
      for x in 2..<size - 2 {
        let place = y * size + x
        var best: Float = 0
        for step in [1, size, size + 1, size - 1] {
          let after = max(scores[place + step], scores[place + 2 * step])
          let before = max(scores[place - step], scores[place - 2 * step])
          best = max(best, min(after, before))
        }
        result[place] = best
      }
    }
    return result
  }

  /// Above the median of what is above 0, inside the palm.
  private func binary(_ connected: [Float], _ palm: PalmCutout) -> VeinMap {
    let margin = (palm.side - VeinMap.side) / 2
    var positive: [Float] = []
    for y in 0..<VeinMap.side {
      for x in 0..<VeinMap.side {
        let place = (y + margin) * palm.side + x + margin
        if connected[place] > 0, palm.weights[place] > 0 { positive.append(connected[place]) }
      }
    }
    var map = VeinMap()
    guard !positive.isEmpty else { return map }
    positive.sort()
    let median = positive[positive.count / 2]
    for y in 0..<VeinMap.side {
      for x in 0..<VeinMap.side {
        let place = (y + margin) * palm.side + x + margin
        map[x, y] = connected[place] > median && palm.weights[place] > 0
      }
    }
    return map
  }
}

/// Cross-correlation of binary vein maps (Miura, Nagasaka, Miyatake 2004): the model without a border is moved over the probe; score 0
/// to 0.5, higher is more alike. Enrolled models are fused by their mean.
public struct MiuraMatch: Sendable {
  /// Samples cut off the model on each side, and so the largest shift.
  public let border: Int

  public init(border: Int = 12) {
    precondition((1...48).contains(border), "a border that leaves a model")
    self.border = border
  }

  public func score(_ model: VeinMap, _ probe: VeinMap) -> Float {
    let side = VeinMap.side
    let columns = UInt64.max << UInt64(border)
    var inner = [UInt64](repeating: 0, count: 2 * side)
    var lit = 0
    for row in border..<side - border {
      inner[2 * row] = model.words[2 * row] & columns
      inner[2 * row + 1] = model.words[2 * row + 1] & (UInt64.max >> UInt64(border))
      lit += inner[2 * row].nonzeroBitCount + inner[2 * row + 1].nonzeroBitCount
    }
    var best: Float = 0
    var moved = [UInt64](repeating: 0, count: 2 * side)
    for dx in -border...border {
      for row in 0..<side {
        let (low, high) = (probe.words[2 * row], probe.words[2 * row + 1])
        if dx > 0 {
          moved[2 * row] = low << UInt64(dx)
          moved[2 * row + 1] = high << UInt64(dx) | low >> UInt64(64 - dx)
        } else if dx < 0 {
          moved[2 * row] = low >> UInt64(-dx) | high << UInt64(64 + dx)
          moved[2 * row + 1] = high >> UInt64(-dx)
        } else {
          (moved[2 * row], moved[2 * row + 1]) = (low, high)
        }
      }
      for dy in -border...border {
        var (common, seen) = (0, 0)
        inner.withUnsafeBufferPointer { inner in
          moved.withUnsafeBufferPointer { moved in
            for row in border..<side - border {
              let (a, b) = (moved[2 * (row + dy)] & columns, moved[2 * (row + dy) + 1] & (UInt64.max >> UInt64(border)))
              seen += a.nonzeroBitCount + b.nonzeroBitCount
              common += (a & inner[2 * row]).nonzeroBitCount + (b & inner[2 * row + 1]).nonzeroBitCount
            }
          }
        }
        if lit + seen > 0 { best = max(best, Float(common) / Float(lit + seen)) }
      }
    }
    return best
  }

  /// The mean over the enrolled models, turned round so that lower is more alike, as `ErrorRates` wants it.
  public func transaction(_ models: [VeinMap], _ probe: VeinMap) -> Float {
    0.5 - models.reduce(0) { $0 + score($1, probe) } / Float(max(models.count, 1))
  }
}
