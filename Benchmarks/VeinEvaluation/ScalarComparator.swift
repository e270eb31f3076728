public import Biometric

/// The masked fractional Hamming distance in plain Swift: no instruction set, no layout, nothing shared with the comparator that is
/// shipped. Slow; it is what the fast one is held against.
public struct ScalarComparator: Sendable {
  /// Cells of 64 in either direction.
  public let reach: Int
  /// Fewer common valid cells than this decide nothing.
  public let minimumOverlap: Int
  /// Impostor mean under this window and the usual count of common cells: for the size-normalised score.
  public let mean: Float
  public let typicalOverlap: Float

  public init(reach: Int, minimumOverlap: Int = 1024, mean: Float = 0.45, typicalOverlap: Float = 1800) {
    self.reach = reach
    self.minimumOverlap = minimumOverlap
    self.mean = mean
    self.typicalOverlap = typicalOverlap
  }

  /// A probe with its planes shifted sideways by each of `-reach ... reach`; mask, then three planes.
  public struct Probe: Sendable {
    let shifted: [UInt64]
  }

  public struct Best: Sendable, Equatable {
    public let differing: Int
    /// Common valid cells; the distance is `differing` / (3 x `common`).
    public let common: Int
    /// Cells by which the probe was moved.
    public let dx: Int
    public let dy: Int
  }

  public func probe(_ template: VeinTemplate) -> Probe {
    var words: [UInt64] = []
    for dx in -reach...reach {
      for plane in 0..<4 {
        for row in 0..<64 {
          let word = plane == 0 ? template.mask[row] : template.code[(plane - 1) * 64 + row]
          words.append(dx >= 0 ? word << UInt64(dx) : word >> UInt64(-dx))
        }
      }
    }
    return Probe(shifted: words)
  }

  /// The best alignment by exact fractions; the first of equals. `nil` if none has enough overlap.
  public func compare(_ probe: Probe, _ template: VeinTemplate) -> Best? {
    var best: Best?
    let (code, mask) = (template.code, template.mask)
    probe.shifted.withUnsafeBufferPointer { shifted in
      code.withUnsafeBufferPointer { code in
        mask.withUnsafeBufferPointer { mask in
          for dy in -reach...reach {
            for dx in -reach...reach {
              let base = (dx + reach) * 256
              var (differing, common) = (0, 0)
              for row in max(0, dy)..<min(64, 64 + dy) {
                let place = base + row - dy
                let valid = shifted[place] & mask[row]
                common += valid.nonzeroBitCount
                differing += ((shifted[place + 64] ^ code[row]) & valid).nonzeroBitCount
                differing += ((shifted[place + 128] ^ code[64 + row]) & valid).nonzeroBitCount
                differing += ((shifted[place + 192] ^ code[128 + row]) & valid).nonzeroBitCount
              }
              guard common >= minimumOverlap else { continue }
              if let old = best, differing * old.common >= old.differing * common { continue }
              best = Best(differing: differing, common: common, dx: dx, dy: dy)
            }
          }
        }
      }
    }
    return best
  }

  /// HDnorm = mean - (mean - HD) sqrt(n / typical): few common cells say less.
  public func score(_ best: Best) -> Float {
    let distance = Float(best.differing) / Float(3 * best.common)
    return mean - (mean - distance) * (Float(best.common) / typicalOverlap).squareRoot()
  }

  /// One transaction: every rotation of the probe against every template of the person; 1 if nothing overlaps.
  public func transaction(_ probes: [Probe], _ templates: [VeinTemplate]) -> Float {
    var lowest: Float = 1
    for probe in probes {
      for template in templates { if let best = compare(probe, template) { lowest = min(lowest, score(best)) } }
    }
    return lowest
  }
}
