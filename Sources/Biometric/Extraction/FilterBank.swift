/// Six even Gabor filters, 30 degrees apart, on cells of one millimetre. Their numbers are part of the template format: another
/// shape is another bank, and codes of two banks never compare.
public struct FilterBank: Sendable {
  /// 1: the bank below.
  public let id: UInt16
  static let orientations = 6
  /// Cells from the middle of a filter to its edge.
  static let reach = 7
  static let side = 2 * reach + 1
  /// Share of the seen cells that are masked because their answers agree least on one orientation.
  let weakest: Float
  /// Filter after filter, row by row; the answer to a dark line along the filter is positive.
  let kernels: [Float]

  public static let current = FilterBank(id: 1, across: 1.8, along: 3.6, wavelength: 7.0, weakest: 0.25)

  /// - Parameters: widths of the bell across and along the line, and the wavelength across it, in cells.
  package init(id: UInt16, across: Double, along: Double, wavelength: Double, weakest: Float) {
    self.id = id
    self.weakest = weakest
    var kernels: [Float] = []
    for number in 0..<Self.orientations {
      let angle = Double(number) * .pi / Double(Self.orientations)
      let (sine, cosine) = (Series.sin(angle), Series.cos(angle))
      var bell: [Double] = []
      var wave: [Double] = []
      for row in -Self.reach...Self.reach {
        for column in -Self.reach...Self.reach {
          // u runs along the line, v across it.
          let u = Double(column) * cosine + Double(row) * sine
          let v = Double(row) * cosine - Double(column) * sine
          bell.append(Series.exp(-0.5 * (u * u / (along * along) + v * v / (across * across))))
          wave.append(Series.cos(2 * .pi * v / wavelength))
        }
      }
      // No answer to even light: the mean of the wave under the bell is taken off it.
      let mean = zip(bell, wave).reduce(0) { $0 + $1.0 * $1.1 } / bell.reduce(0, +)
      let filter = zip(bell, wave).map { $0 * ($1 - mean) }
      let norm = filter.reduce(0) { $0 + $1 * $1 }.squareRoot()
      kernels += filter.map { Float(-$0 / norm) }
    }
    self.kernels = kernels
  }
}
