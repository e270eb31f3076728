import AuthTerms
import Storage

/// Finds a free six-digit reference inside the transaction that writes its row.
enum ReferenceSource {
  /// - Parameter start: a random number; the first free one of 2,000 tried is taken.
  /// - Returns: `nil` on a day with nearly a million refusals; the row then stands without one.
  static func free(
    startingAt start: UInt32, day: Int, in state: some StateReader
  ) throws(StorageFault) -> Reference? {
    var number = Int(start % 1_000_000)
    for _ in 0..<2_000 {
      // Always six digits: the range is 0 to 999,999.
      guard let reference = try? Reference(number: number) else { return nil }
      if try !state.isReferenceTaken(reference, day: day) { return reference }
      number = (number + 7_919) % 1_000_000
    }
    return nil
  }
}
