import AuthTerms
import Biometric
import Testing

/// Cells from a seed: the same in every run, so that a failure can be looked at again.
struct VeinSamples: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func words(_ count: Int) -> [UInt64] { (0..<count).map { _ in next() } }

  /// Random planes; about `valid` eighths of the cells are valid.
  mutating func cells(valid: Int = 6) -> (code: [UInt64], mask: [UInt64]) {
    var mask = [UInt64](repeating: 0, count: 64)
    for row in 0..<64 {
      for column in 0..<64 where UInt64.random(in: 0..<8, using: &self) < UInt64(valid) { mask[row] |= 1 << UInt64(column) }
    }
    return (words(192), mask)
  }

  /// An unprotected template: canonical codes, masked cells 0.
  mutating func template(hand: Hand = .right, bank: UInt16 = 1, window: UInt16 = 1, valid: Int = 6) throws -> VeinTemplate {
    let mask = cells(valid: valid).mask
    let codes: [UInt64] = [0b000, 0b001, 0b011, 0b111, 0b110, 0b100]
    var code = [UInt64](repeating: 0, count: 192)
    for row in 0..<64 {
      for column in 0..<64 where mask[row] >> UInt64(column) & 1 == 1 {
        let value = codes[Int.random(in: 0..<6, using: &self)]
        for plane in 0..<3 { code[plane * 64 + row] |= (value >> UInt64(plane) & 1) << UInt64(column) }
      }
    }
    let template = VeinTemplate(
      hand: hand, quality: 80, filterBank: bank, protectionKey: 0, alignmentWindow: window, code: code, mask: mask)
    return try #require(template)
  }
}

extension VeinTemplate {
  /// The same cells `dx` to the right and `dy` down, as a second picture of the same palm would have them.
  func moved(dx: Int, dy: Int) -> VeinTemplate? {
    func plane(_ rows: some Collection<UInt64>) -> [UInt64] {
      let rows = Array(rows)
      return (0..<64).map { row in
        guard (0..<64).contains(row - dy) else { return 0 }
        return dx >= 0 ? rows[row - dy] << UInt64(dx) : rows[row - dy] >> UInt64(-dx)
      }
    }
    return VeinTemplate(
      hand: hand, quality: quality, filterBank: filterBank, protectionKey: protectionKey, alignmentWindow: alignmentWindow,
      code: (0..<3).flatMap { plane(code[$0 * 64..<($0 + 1) * 64]) }, mask: plane(mask))
  }
}

extension [ProbePose] {
  /// At these angles, in degrees, none scaled.
  static func turned(_ degrees: [Double]) -> [ProbePose] { degrees.compactMap { ProbePose(degrees: $0) } }
}
