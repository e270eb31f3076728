import Biometric
import PalmSynthesis
import VeinEvaluation

/// One set of palms by the comparator that ships and, on its first palms, by the baseline too.
struct Evaluation {
  let hardness: Hardness
  let palms: PalmSet
  let transactions: VeinTransactions
  let ours: ErrorRates
  /// Both on the same palms.
  let beside: (ours: ErrorRates, baseline: ErrorRates)?

  /// - Returns: `nil` if no palm could be enrolled and compared.
  init?(
    seeds: Range<UInt64>, hardness: Hardness, normalisation: Normalisation, baselinePalms: Int, threads: Int
  ) throws {
    self.hardness = hardness
    let window = AlignmentWindow.standard
    palms = PalmSet(
      seeds: seeds, hardness: hardness, extractor: VeinExtractor(window: window), baselinePalms: baselinePalms, threads: threads
    )
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

  var probes: Int { palms.palms.count * PalmSet.probes }
  var failuresToAcquire: Int { palms.palms.reduce(0) { $0 + $1.refused.count } }
}
