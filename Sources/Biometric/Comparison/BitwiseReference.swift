/// The comparison cell by cell, as it is defined: what the kernel's paths are held against. Some thousand times slower.
package enum BitwiseReference {
  /// - Parameter poses: the probe, one for each pose of the window.
  /// - Returns: the first of the best alignments, or `nil` when none overlaps enough.
  package static func compare(
    _ poses: [CellPlanes], with reference: CellPlanes, window: AlignmentWindow
  ) -> AlignedDistance? {
    var best: AlignedDistance?
    for index in 0..<window.count {
      guard let alignment = window.alignment(at: index) else { continue }
      let (distance, overlap) = measure(poses[alignment.pose], dx: alignment.dx, dy: alignment.dy, reference)
      guard overlap >= window.minimumOverlap else { continue }
      let found = AlignedDistance(distance: distance, overlap: overlap, alignment: index)
      if best.map({ found.isCloser(than: $0) }) ?? true { best = found }
    }
    return best
  }

  /// Every probe cell lies `dx` to the right and `dy` below its place.
  private static func measure(_ probe: CellPlanes, dx: Int, dy: Int, _ reference: CellPlanes) -> (Int, Int) {
    var distance = 0
    var overlap = 0
    for row in 0..<VeinTemplate.rows {
      for column in 0..<64 {
        let (fromRow, fromColumn) = (row - dy, column - dx)
        guard (0..<VeinTemplate.rows).contains(fromRow), (0..<64).contains(fromColumn) else { continue }
        guard bit(probe.mask, fromRow, fromColumn), bit(reference.mask, row, column) else { continue }
        overlap += 1
        for plane in 0..<VeinTemplate.codePlanes {
          let first = plane * VeinTemplate.rows
          if bit(probe.code, first + fromRow, fromColumn) != bit(reference.code, first + row, column) { distance += 1 }
        }
      }
    }
    return (distance, overlap)
  }

  private static func bit(_ rows: [UInt64], _ row: Int, _ column: Int) -> Bool { rows[row] >> UInt64(column) & 1 == 1 }
}
