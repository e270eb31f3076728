/// Grey values of some sampling, 0 dark to 1 white, row by row from the top.
struct GreyMap {
  let width: Int
  let height: Int
  var values: [Float]

  /// Each value is the mean of a square of `factor` x `factor` samples; what does not fill a square at the right and lower edge is left out.
  init(_ picture: PalmPicture, shrunkBy factor: Int) {
    let (width, height) = (picture.width / factor, picture.height / factor)
    self.width = width
    self.height = height
    let unit = 1 / (65_535 * Float(factor * factor))
    let stride = picture.width
    values = unsafe picture.withSamples { samples in
      unsafe [Float](unsafeUninitializedCapacity: width * height) { target, count in
        for row in 0..<height {
          for column in 0..<width {
            var sum: UInt32 = 0
            for line in row * factor..<(row + 1) * factor {
              let start = line * stride + column * factor
              // In bounds: width * factor <= the picture's width, and so for the height.
              for place in start..<start + factor { unsafe sum += UInt32(samples[place]) }
            }
            unsafe target[row * width + column] = Float(sum) * unit
          }
        }
        count = width * height
      }
    }
  }

  /// Between the four nearest values; beyond the edge, the edge.
  func at(_ x: Float, _ y: Float) -> Float {
    let (u, v) = (min(max(x, 0), Float(width - 1)), min(max(y, 0), Float(height - 1)))
    let (column, row) = (min(Int(u), width - 2), min(Int(v), height - 2))
    let (along, down) = (u - Float(column), v - Float(row))
    let place = row * width + column
    let upper = values[place] + (values[place + 1] - values[place]) * along
    let lower = values[place + width] + (values[place + width + 1] - values[place + width]) * along
    return upper + (lower - upper) * down
  }
}
