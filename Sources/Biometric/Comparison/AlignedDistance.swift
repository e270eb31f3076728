/// The best alignment of a probe with one template, in whole numbers that are the same on every machine.
///
/// The masked Hamming distance is `distance` / (3 × `overlap`).
public struct AlignedDistance: Hashable, Sendable {
  /// Bits that differ in cells valid in both, over three code planes.
  public let distance: Int
  /// Cells valid in both; never below the window's minimum.
  public let overlap: Int
  /// Which alignment: `AlignmentWindow.alignment(at:)`.
  public let alignment: Int

  package init(distance: Int, overlap: Int, alignment: Int) {
    self.distance = distance
    self.overlap = overlap
    self.alignment = alignment
  }

  /// Whether the fraction is smaller; exact.
  package func isCloser(than other: AlignedDistance) -> Bool { distance * other.overlap < other.distance * overlap }

  /// Whether distance / (3 × overlap) is at most so many millionths; exact.
  package func isWithin(millionths: Int) -> Bool {
    distance * 1_000_000 <= VeinTemplate.codePlanes * overlap * millionths
  }
}
