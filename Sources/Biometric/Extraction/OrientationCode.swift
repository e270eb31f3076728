/// The competitive code of one palm region at one rotation: in each cell, which of six orientations answers strongest.
struct OrientationCode {
  static let rows = VeinTemplate.rows
  private static let reach = FilterBank.reach
  /// Cells with their margin, padded to a multiple of 8 for whole vectors.
  private static let side = rows + 2 * reach
  private static let stride = 80

  /// Three planes of 64 rows; 0 where masked.
  private(set) var code: [UInt64]
  /// Cells that were seen and whose answers agree on one orientation better than the weakest quarter's do.
  private(set) var mask: [UInt64]
  /// Cells that were seen.
  private(set) var seen = 0
  /// Mean of the strongest answers of all seen cells.
  private(set) var energy: Float = 0

  /// - Parameters:
  ///   - sine: of the angle by which the palm is turned before it is coded.
  init(_ region: NormalisedRegion, bank: FilterBank, sine: Float, cosine: Float) {
    var cells = [Float](repeating: 0, count: Self.side * Self.stride)
    var weights = [Float](repeating: 0, count: Self.rows * Self.rows)
    Self.sample(region, sine, cosine, into: &cells, &weights)
    var answers = [Float](repeating: 0, count: FilterBank.orientations * Self.rows * Self.rows)
    Self.filter(cells, bank.kernels, into: &answers)
    code = [UInt64](repeating: 0, count: VeinTemplate.codePlanes * Self.rows)
    mask = [UInt64](repeating: 0, count: Self.rows)
    compete(answers, weights, bank.weakest)
  }

  /// Samples of half a millimetre become cells of one, turned about the middle of the region.
  private static func sample(
    _ region: NormalisedRegion, _ sine: Float, _ cosine: Float, into cells: inout [Float], _ weights: inout [Float]
  ) {
    let side = NormalisedRegion.side
    let middle = Float(side - 1) * 0.5
    let first = -Float(Self.side - 1)
    for row in 0..<Self.side {
      let v = first + 2 * Float(row)
      for column in 0..<Self.side {
        let u = first + 2 * Float(column)
        let x = min(max(middle + u * cosine - v * sine, 0), Float(side) - 1.001)
        let y = min(max(middle + u * sine + v * cosine, 0), Float(side) - 1.001)
        let (left, top) = (Int(x), Int(y))
        let (along, down) = (x - Float(left), y - Float(top))
        let place = top * side + left
        let upper = region.values[place] + (region.values[place + 1] - region.values[place]) * along
        let lower = region.values[place + side] + (region.values[place + side + 1] - region.values[place + side]) * along
        cells[row * stride + column] = upper + (lower - upper) * down
        if row >= reach, column >= reach, row < reach + rows, column < reach + rows {
          weights[(row - reach) * rows + column - reach] =
            region.weights[place + (down > 0.5 ? side : 0) + (along > 0.5 ? 1 : 0)]
        }
      }
    }
  }

  /// Each answer is a sum over one filter; 32 cells of a row are summed side by side.
  private static func filter(_ cells: [Float], _ kernels: [Float], into answers: inout [Float]) {
    unsafe cells.withUnsafeBytes { cells in
      unsafe kernels.withUnsafeBufferPointer { kernels in
        unsafe answers.withUnsafeMutableBytes { answers in
          for number in 0..<FilterBank.orientations {
            let kernel = number * FilterBank.side * FilterBank.side
            for row in 0..<rows {
              for start in [0, 32] {
                var sums = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
                for down in 0..<FilterBank.side {
                  // The last read ends at column 32 + 14 + 32 = 78 of 80.
                  let line = ((row + down) * stride + start) * 4
                  for along in 0..<FilterBank.side {
                    let weight = unsafe SIMD8<Float>(repeating: kernels[kernel + down * FilterBank.side + along])
                    let place = line + along * 4
                    unsafe sums.0 += weight * cells.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self)
                    unsafe sums.1 += weight * cells.loadUnaligned(fromByteOffset: place + 32, as: SIMD8<Float>.self)
                    unsafe sums.2 += weight * cells.loadUnaligned(fromByteOffset: place + 64, as: SIMD8<Float>.self)
                    unsafe sums.3 += weight * cells.loadUnaligned(fromByteOffset: place + 96, as: SIMD8<Float>.self)
                  }
                }
                let target = ((number * rows + row) * rows + start) * 4
                unsafe answers.storeBytes(of: sums.0, toByteOffset: target, as: SIMD8<Float>.self)
                unsafe answers.storeBytes(of: sums.1, toByteOffset: target + 32, as: SIMD8<Float>.self)
                unsafe answers.storeBytes(of: sums.2, toByteOffset: target + 64, as: SIMD8<Float>.self)
                unsafe answers.storeBytes(of: sums.3, toByteOffset: target + 96, as: SIMD8<Float>.self)
              }
            }
          }
        }
      }
    }
  }

  /// The value that a share of `weakest` lies below, to a 4,096th of the largest: counting is ten times as fast as sorting.
  private static func quantile(_ answers: [Float], _ weakest: Float) -> Float {
    guard let top = answers.max(), top > 0 else { return 0 }
    var counts = [Int](repeating: 0, count: 4096)
    let factor = 4095 / top
    for answer in answers { counts[Int(max(answer, 0) * factor)] += 1 }
    var left = Int(weakest * Float(answers.count))
    for (step, count) in counts.enumerated() {
      if count > left { return Float(step) / factor }
      left -= count
    }
    return top
  }

  /// How far the six answers of a cell agree on one orientation: the size of their second circular harmonic. A strong answer alone
  /// says little: a blotch answers all six.
  private static func agreement(_ answers: [Float], _ cell: Int, _ cells: Int) -> Float {
    func answer(_ number: Int) -> Float { answers[number * cells + cell] }
    // Cosine and sine of twice the angle: 1, 1/2, -1/2, -1 … and 0, sqrt(3)/2, sqrt(3)/2, 0 …
    let cosine = answer(0) - answer(3) + 0.5 * (answer(1) + answer(5) - answer(2) - answer(4))
    let sine = 0.8660254 * (answer(1) + answer(2) - answer(4) - answer(5))
    return (cosine * cosine + sine * sine).squareRoot()
  }

  private mutating func compete(_ answers: [Float], _ weights: [Float], _ weakest: Float) {
    let cells = Self.rows * Self.rows
    var agreement = [Float](repeating: 0, count: cells)
    var winner = [UInt8](repeating: 0, count: cells)
    var candidates: [Float] = []
    candidates.reserveCapacity(cells)
    var strongest: Float = 0
    for cell in 0..<cells {
      var (best, which) = (answers[cell], 0)
      for number in 1..<FilterBank.orientations where answers[number * cells + cell] > best {
        (best, which) = (answers[number * cells + cell], number)
      }
      agreement[cell] = Self.agreement(answers, cell, cells)
      winner[cell] = UInt8(which)
      guard weights[cell] > 0.99 else { continue }
      candidates.append(agreement[cell])
      strongest += best
    }
    seen = candidates.count
    guard seen > 0 else { return }
    energy = strongest / Float(seen)
    let limit = Self.quantile(candidates, weakest)
    // 000, 001, 011, 111, 110, 100: the number of different bits is the angle between two orientations.
    let codes: [UInt64] = [0b000, 0b001, 0b011, 0b111, 0b110, 0b100]
    for cell in 0..<cells where weights[cell] > 0.99 && agreement[cell] >= limit {
      let (row, column) = (cell / Self.rows, UInt64(cell % Self.rows))
      mask[row] |= 1 << column
      let value = codes[Int(winner[cell])]
      code[row] |= (value & 1) << column
      code[Self.rows + row] |= (value >> 1 & 1) << column
      code[2 * Self.rows + row] |= (value >> 2) << column
    }
  }
}
