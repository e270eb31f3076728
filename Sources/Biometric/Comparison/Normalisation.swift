public import AuthTerms

/// How a distance is judged by the cells it was taken over: few cells agree by chance more often than many.
///
/// The normalised distance is µ − (µ − HD) · √(n / n₀): HD the masked Hamming distance over n cells, µ the mean of impostors' best
/// alignments in the same window, n₀ their typical overlap (after Daugman, "How iris recognition works", IEEE TCSVT 14(1), 2004,
/// where µ is one half and n₀ 911). Order and limits are decided in whole numbers, never by rounding.
public struct Normalisation: Hashable, Sendable {
  /// µ in ten-thousandths.
  public let impostorMean: Int
  /// n₀ in cells.
  public let typicalOverlap: Int

  private static let whole = 10_000

  /// Accepts a mean of 0.2 to 0.5 and an overlap of 256 to 4,096 cells.
  public init(impostorMean: Int, typicalOverlap: Int) throws(MalformedInput) {
    guard (2_000...5_000).contains(impostorMean), (256...4096).contains(typicalOverlap) else {
      throw MalformedInput("normalisation", expected: "a mean of 2,000 to 5,000 ten-thousandths, 256 to 4,096 cells")
    }
    self.impostorMean = impostorMean
    self.typicalOverlap = typicalOverlap
  }

  /// For a table that a test puts through the initialiser above.
  init(known impostorMean: Int, _ typicalOverlap: Int) {
    self.impostorMean = impostorMean
    self.typicalOverlap = typicalOverlap
  }

  /// The normalised distance, for reports and histograms; decisions use `isWithin`.
  public func value(of found: AlignedDistance) -> Double {
    let mean = Double(impostorMean) / Double(Self.whole)
    let raw = Double(found.distance) / Double(VeinTemplate.codePlanes * found.overlap)
    return mean - (mean - raw) * (Double(found.overlap) / Double(typicalOverlap)).squareRoot()
  }

  /// Whether the normalised distance of `one` is smaller than that of `other`; exact.
  public func isCloser(_ one: AlignedDistance, than other: AlignedDistance) -> Bool {
    // (µ − HD)·√n = margin / (3·10,000·√n): squared with its sign, then cross-multiplied.
    Self.signedSquare(margin(one)) * Int128(other.overlap) > Self.signedSquare(margin(other)) * Int128(one.overlap)
  }

  /// Whether the normalised distance is at most `numerator` / `denominator`; exact.
  func isWithin(_ found: AlignedDistance, _ numerator: Int, _ denominator: Int) -> Bool {
    // µ − p/q as a fraction over 10,000·q; both sides by 3·10,000·q·√n₀·√n, squared with their signs.
    let room = Int128(impostorMean) * Int128(denominator) - Int128(Self.whole) * Int128(numerator)
    let planes = Int128(VeinTemplate.codePlanes)
    return Self.signedSquare(margin(found) * Int128(denominator))
      >= Self.signedSquare(room) * planes * planes * Int128(found.overlap) * Int128(typicalOverlap)
  }

  /// 3n·10,000·(µ − HD): below 2^27 in size, so that no product above comes near 2^127.
  private func margin(_ found: AlignedDistance) -> Int128 {
    Int128(VeinTemplate.codePlanes * found.overlap * impostorMean) - Int128(Self.whole * found.distance)
  }

  private static func signedSquare(_ x: Int128) -> Int128 { x * x.magnitudeAsSigned }
}

extension Int128 {
  fileprivate var magnitudeAsSigned: Int128 { self < 0 ? -self : self }
}
