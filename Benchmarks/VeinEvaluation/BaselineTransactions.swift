import AuthTerms

/// The same transactions by Miura match over maps of maximum curvature.
public struct BaselineTransactions: Sendable {
  /// 0.5 less the fused score, so that lower is more alike.
  public private(set) var genuine: [Float] = []
  public private(set) var impostor: [Float] = []

  /// Samples cut off the model on each side: as far as our window moves a probe, in samples of half a millimetre.
  public static let border = 8

  /// - Parameter set: palms that the baseline was asked for.
  public init(_ set: PalmSet, threads: Int = 1) {
    let palms = set.palms.filter { $0.enrolledMaps.count == PalmSet.enrolments }
    let match = MiuraMatch(border: Self.border)
    let parts = Threads.run(Threads.split(Array(palms.indices), threads)) { mine in
      var scores: (genuine: [Float], impostor: [Float]) = ([], [])
      for index in mine {
        for probe in palms[index].probeMaps {
          for other in palms.indices where palms[other].hand == palms[index].hand {
            let score = match.transaction(palms[other].enrolledMaps, probe)
            if other == index { scores.genuine.append(score) } else { scores.impostor.append(score) }
          }
        }
      }
      return scores
    }
    for part in parts {
      genuine += part.genuine
      impostor += part.impostor
    }
  }
}
