import Biometric
import PalmSynthesis
import VeinEvaluation

/// One set of palms by the comparator that ships and, on its first palms, by the baseline too.
struct Evaluation {
  /// Of the hardness, or of the public set.
  let name: String
  /// Nil of a public set.
  let hardness: Hardness?
  let palms: PalmSet
  let transactions: VeinTransactions
  let ours: ErrorRates
  /// Both on the same palms.
  let beside: (ours: ErrorRates, baseline: ErrorRates)?

  /// - Returns: `nil` if no palm could be enrolled and compared.
  init?(
    seeds: Range<UInt64>, hardness: Hardness, normalisation: Normalisation, baselinePalms: Int, threads: Int
  ) throws {
    let palms = PalmSet(
      seeds: seeds, hardness: hardness, extractor: VeinExtractor(window: .standard), baselinePalms: baselinePalms,
      threads: threads)
    try self.init(of: palms, name: hardness.name, hardness: hardness, normalisation: normalisation, threads: threads)
  }

  /// - Returns: `nil` if no palm of the set could be enrolled and compared.
  init?(_ set: PublicSet, resolution: Int, normalisation: Normalisation, baselinePalms: Int, threads: Int) throws {
    let palms = try PalmSet(
      set, resolution: resolution, extractor: VeinExtractor(window: .standard), baselinePalms: baselinePalms, threads: threads)
    try self.init(of: palms, name: set.layout.rawValue, hardness: nil, normalisation: normalisation, threads: threads)
  }

  private init?(of palms: PalmSet, name: String, hardness: Hardness?, normalisation: Normalisation, threads: Int) throws {
    self.name = name
    self.hardness = hardness
    self.palms = palms
    let window = AlignmentWindow.standard
    transactions = try VeinTransactions(palms, window: window, normalisation: normalisation, threads: threads)
    guard !transactions.genuine.isEmpty, !transactions.impostor.isEmpty else { return nil }
    ours = ErrorRates(genuine: transactions.genuine, impostor: transactions.impostor)
    let some = palms.withBaseline
    let baseline = BaselineTransactions(some, threads: threads)
    guard !baseline.genuine.isEmpty, !baseline.impostor.isEmpty else {
      beside = nil
      return
    }
    let same = try VeinTransactions(some, window: window, normalisation: normalisation, threads: threads)
    beside = (
      ErrorRates(genuine: same.genuine, impostor: same.impostor),
      ErrorRates(genuine: baseline.genuine, impostor: baseline.impostor)
    )
  }

  var probes: Int { palms.palms.reduce(0) { $0 + $1.probes.count + $1.refused.count } }
  var failuresToAcquire: Int { palms.palms.reduce(0) { $0 + $1.refused.count } }
}
