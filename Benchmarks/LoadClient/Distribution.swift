/// Values of a run in order, asked by rank.
package struct Distribution: Sendable, Equatable {
  private let sorted: [Double]

  /// - Parameter values: none counts as one zero, so that nothing that prints has to ask.
  package init(_ values: [Double]) { sorted = values.isEmpty ? [0] : values.sorted() }

  package var count: Int { sorted.count }
  package var least: Double { sorted[0] }
  package var most: Double { sorted[sorted.count - 1] }

  /// Of an even number, the mean of the two in the middle.
  package var median: Double {
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// The smallest value that at least this share of all values does not exceed (nearest rank).
  package func quantile(_ share: Double) -> Double {
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }
}
