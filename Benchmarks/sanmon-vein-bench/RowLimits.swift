import Biometric
import CVeinKernel
import CVeinLimits
import Foundation
import LoadClient

/// The quickest of some trials, kept for each round.
struct Best {
  private(set) var ofRounds: [Double] = []
  private var now = Double.infinity

  mutating func saw(_ seconds: Double) { now = min(now, seconds) }
  mutating func endRound() {
    ofRounds.append(now)
    now = .infinity
  }
}

func seconds(_ work: () -> Void) -> Double {
  let start = ContinuousClock.now
  work()
  let taken = start.duration(to: .now)
  return Double(taken.components.seconds) + Double(taken.components.attoseconds) * 1e-18
}

/// Every row on every wanted path, in turns with the limits.
struct RowLimits {
  private struct Measured {
    let row: VeinRow
    let path: KernelPath
    var best = Best()
  }

  private static let limits = [VEIN_LIMIT_PLAIN, VEIN_LIMIT_MASKED, VEIN_LIMIT_THREE_PLANES]
  private static let limitRounds: UInt64 = 100_000
  /// bits, templates, shifts
  private static let shapes = [
    (2048, 1000, 81), (2048, 10_000, 81), (4096, 1000, 15), (4096, 1000, 81), (4096, 10_000, 81), (4096, 100_000, 15),
    (8192, 1000, 81), (8192, 10_000, 81), (8192, 100_000, 15), (4096, 1000, 1), (4096, 100_000, 1),
  ]

  private var measured: [Measured] = []
  private var limitSteps: [UInt32: Double] = [:]
  private var limitBest: [UInt32: Best] = [:]
  private var read = Best()
  private let memory: Int

  init(rounds: Int, trials: Int, shrink: Int) throws {
    for (bits, count, shifts) in Self.shapes {
      for kind in [VeinRow.Kind.masked, .plain] {
        measured.append(
          Measured(row: try VeinRow(kind, bits: bits, count: count, shifts: shifts, shrink: shrink), path: .fastest))
      }
    }
    for (count, shifts) in [(1000, 169), (9300, 169)] {
      measured.append(
        Measured(row: try VeinRow(.threePlanes, bits: 12_288, count: count, shifts: shifts, shrink: shrink), path: .fastest))
    }
    for path in [KernelPath.avx2, .popcnt, .neon, .portable] where KernelPath.available.contains(path) {
      for kind in [VeinRow.Kind.masked, .threePlanes] {
        let bits = kind == .masked ? 4096 : 12_288
        measured.append(Measured(row: try VeinRow(kind, bits: bits, count: 96, shifts: 15), path: path))
      }
    }
    memory = measured.firstIndex { $0.row.kind == .masked && $0.row.named == 100_000 && $0.row.shifts == 1 } ?? 0
    for limit in Self.limits { limitBest[limit.rawValue] = Best() }
    for _ in 0..<rounds { round(trials: trials) }
  }

  private mutating func round(trials: Int) {
    for _ in 0..<trials {
      for limit in Self.limits {
        var steps: UInt64 = 0
        let taken = seconds { steps = vein_limit_steps(limit, Self.limitRounds) }
        limitSteps[limit.rawValue] = Double(steps)
        limitBest[limit.rawValue]?.saw(taken)
      }
      for index in measured.indices {
        let (row, path) = (measured[index].row, sanmon_vein_path(rawValue: measured[index].path.rawValue))
        measured[index].best.saw(row.run(path))
        // Short ones more often: a trial of a tenth of a millisecond falls between two interruptions or does not.
        for _ in 0..<min(20, Int(2e8 / row.steps / 10)) { measured[index].best.saw(row.run(path)) }
      }
      let big = measured[memory].row
      for _ in 0..<4 {
        var all: UInt64 = 0
        read.saw(seconds { all = vein_limit_read(big.memory, big.galleryBytes) })
        precondition(all != 0)
        measured[memory].best.saw(big.run(sanmon_vein_path(rawValue: KernelPath.fastest.rawValue)))
      }
    }
    for limit in Self.limits { limitBest[limit.rawValue]?.endRound() }
    for index in measured.indices { measured[index].best.endRound() }
    read.endRound()
  }

  /// Steps a second of the limit that belongs to a kind, for each round.
  private func limit(_ kind: VeinRow.Kind) -> [Double] {
    let limit = kind == .plain ? VEIN_LIMIT_PLAIN : kind == .masked ? VEIN_LIMIT_MASKED : VEIN_LIMIT_THREE_PLANES
    let steps = limitSteps[limit.rawValue] ?? 0
    return limitBest[limit.rawValue]?.ofRounds.map { steps / $0 } ?? []
  }

  private func find(_ kind: VeinRow.Kind, _ bits: Int, _ count: Int, _ shifts: Int, _ path: KernelPath) -> Measured? {
    measured.first {
      $0.row.kind == kind && $0.row.bits == bits && $0.row.named == count && $0.row.shifts == shifts && $0.path == path
    }
  }

  func show(_ figures: Figures, isJudged: Bool) {
    let fastest = KernelPath.fastest
    if isJudged {
      for (name, kind, bits, count, shifts) in [
        ("vein.masked_limit_ratio", .masked, 4096, 1000, 15), ("vein.three_plane_limit_ratio", .threePlanes, 12_288, 1000, 169),
      ] as [(String, VeinRow.Kind, Int, Int, Int)] {
        guard let one = find(kind, bits, count, shifts, fastest) else { continue }
        let ratios = zip(one.best.ofRounds, limit(kind)).map { one.row.steps / $0 / $1 }
        figures.show(Figure(name, ratios, note: Self.bestNote))
      }
    }
    let big = measured[memory]
    figures.show(
      Figure("vein.dram_ratio", zip(big.best.ofRounds, read.ofRounds).map { $1 / $0 }, note: Self.gigabytes(big.row, read)))
    if let one = find(.masked, 4096, 96, 15, .avx2), let other = find(.masked, 4096, 96, 15, .popcnt) {
      figures.show(Figure("vein.avx2_times_popcnt", zip(one.best.ofRounds, other.best.ofRounds).map { $1 / $0 }))
    }
    for one in measured {
      let rates = one.best.ofRounds.map { one.row.comparisons / $0 / 1e6 }
      let most = zip(limit(one.row.kind), one.best.ofRounds).map { limit, _ in limit * one.row.comparisons / one.row.steps / 1e6
      }
      let name = "vein.row.\(one.row.kind.rawValue).\(one.row.bits).\(one.row.named).\(one.row.shifts)"
      let limit = isJudged ? (Distribution(most).median, say("レジスターだけの場合", "registers alone")) : nil
      figures.show(
        Figure(
          one.path == fastest ? name : "\(name).\(one.path)", rates, unit: "M/s",
          limit: one.path == fastest ? limit : nil, note: "\(one.path)"))
    }
  }

  static var bestNote: String {
    say("各回の最速どうしの比。\(KernelPath.fastest)。", "Quickest against quickest of each round. \(KernelPath.fastest).")
  }

  private static func gigabytes(_ row: VeinRow, _ read: Best) -> String {
    let rate = Double(row.galleryBytes) / Distribution(read.ofRounds).median / 1e9
    return say(
      "\(row.galleryBytes / 1_000_000) MB を読むだけで \(Figures.short(rate)) GB/s",
      "reading \(row.galleryBytes / 1_000_000) MB alone: \(Figures.short(rate)) GB/s")
  }
}
