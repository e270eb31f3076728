import AuthTerms
public import Biometric

/// The scores of all transactions of the comparator that ships, on one set of palms: a probe in all its poses against the three
/// templates of a palm, fused to the closest. Every probe meets every palm of the same hand.
public struct VeinTransactions: Sendable {
  /// A stranger who came close.
  public struct Close: Sendable {
    public let pair: PalmBootstrap.FalseMatch
    public let score: Float
  }

  /// Normalised distances; 1 where nothing overlapped enough.
  public private(set) var genuine: [Float] = []
  public private(set) var impostor: [Float] = []
  /// Impostor transactions up to `limit`, for the bootstrap.
  public private(set) var close: [Close] = []
  public let limit: Float
  public let bootstrap: PalmBootstrap
  /// Mean distance of the best alignment of each comparison of strangers before it is normalised, and its mean overlap in cells:
  /// what a normalisation is made of.
  public private(set) var impostorMean = 0.0
  public private(set) var impostorOverlap = 0.0
  /// The smallest normalised distance between two captures of one palm.
  public private(set) var leastGenuine: Double?

  /// - Parameters:
  ///   - threads: each with a comparator of its own.
  ///   - limit: greatest score of what `close` keeps.
  public init(
    _ set: PalmSet, window: AlignmentWindow, normalisation: Normalisation, limit: Float = 0.35, threads: Int = 1
  ) throws(ComparisonFault) {
    let palms = set.palms.filter { $0.enrolled.count == PalmSet.enrolments }
    self.limit = limit
    bootstrap = PalmBootstrap(hands: palms.map(\.hand), probes: palms.map(\.probes.count))
    var (distance, overlap, count) = (0.0, 0.0, 0)
    for hand in [Hand.right, .left] {
      let indices = palms.indices.filter { palms[$0].hand == hand }
      guard !indices.isEmpty else { continue }
      let gallery = try VeinGallery(of: indices.flatMap { palms[$0].enrolled.map(\.template) })
      let parts = Threads.split(indices, threads)
      let results = Threads.run(parts) { part -> Result<Part, ComparisonFault> in
        Result { () throws(ComparisonFault) in
          try Part(part, of: indices, palms, gallery, window, normalisation, limit)
        }
      }
      for result in results {
        let part = try result.get()
        genuine += part.genuine
        impostor += part.impostor
        close += part.close
        distance += part.distance
        overlap += part.overlap
        count += part.count
        leastGenuine = [leastGenuine, part.leastGenuine].compactMap(\.self).min()
      }
    }
    if count > 0 { (impostorMean, impostorOverlap) = (distance / Double(count), overlap / Double(count)) }
  }

  /// How often strangers matched at `threshold`, which is at most `limit`, and between what the rate lies by the bootstrap.
  public func falseMatches(at threshold: Float, replicates: Int = 1000) -> (count: Int, bounds: ClosedRange<Double>) {
    precondition(threshold <= limit, "false matches were kept up to \(limit)")
    let matches = close.filter { $0.score <= threshold }.map(\.pair)
    return (matches.count, bootstrap.bounds(matches, replicates: replicates))
  }

  /// What one thread found.
  private struct Part: Sendable {
    var genuine: [Float] = []
    var impostor: [Float] = []
    var close: [Close] = []
    var (distance, overlap, count) = (0.0, 0.0, 0)
    var leastGenuine: Double?

    init(
      _ mine: [Int], of indices: [Int], _ palms: [PalmSet.Palm], _ gallery: VeinGallery, _ window: AlignmentWindow,
      _ normalisation: Normalisation, _ limit: Float
    ) throws(ComparisonFault) {
      let comparator = try VeinComparator(window: window)
      impostor.reserveCapacity(mine.count * PalmSet.probes * indices.count)
      for index in mine {
        for sample in palms[index].probes {
          let found = try comparator.search(try VeinProbe(sample.poses, window: window), in: gallery)
          for (place, other) in indices.enumerated() {
            let all = found[place * PalmSet.enrolments..<(place + 1) * PalmSet.enrolments].compactMap(\.self)
            let values = all.map { normalisation.value(of: $0) }
            let score = Float(values.min() ?? 1)
            guard other != index else {
              genuine.append(score)
              leastGenuine = [leastGenuine, values.min()].compactMap(\.self).min()
              continue
            }
            impostor.append(score)
            for one in all {
              distance += Double(one.distance) / Double(VeinTemplate.codePlanes * one.overlap)
              overlap += Double(one.overlap)
            }
            count += all.count
            if score <= limit { close.append(Close(pair: .init(probe: index, enrolled: other), score: score)) }
          }
        }
        try compareCaptures(of: palms[index], comparator, window, normalisation)
      }
    }

    /// Each capture of a palm with each other one, for `leastGenuine`.
    private mutating func compareCaptures(
      of palm: PalmSet.Palm, _ comparator: VeinComparator, _ window: AlignmentWindow, _ normalisation: Normalisation
    ) throws(ComparisonFault) {
      let samples = palm.enrolled + palm.probes
      for (number, sample) in samples.enumerated() {
        let found = try comparator.compare(try VeinProbe(sample.poses, window: window), with: samples.map(\.template))
        for (other, distance) in found.enumerated() where other != number {
          leastGenuine = [leastGenuine, distance.map { normalisation.value(of: $0) }].compactMap(\.self).min()
        }
      }
    }
  }
}
