public import AuthTerms
import PalmSynthesis

/// How far an observed false match rate may be off, when palms and not transactions are what was drawn: all transactions of one palm
/// stand or fall together. Palms are drawn again with repetition (ISO/IEC 19795-1, bootstrap over subjects).
public struct PalmBootstrap: Sendable {
  /// Two palms and how many probes of the first matched the second.
  public struct FalseMatch: Sendable, Hashable {
    public let probe: Int
    public let enrolled: Int

    /// - Parameters: indices of palms.
    public init(probe: Int, enrolled: Int) {
      self.probe = probe
      self.enrolled = enrolled
    }
  }

  private let hands: [Hand]
  private let probes: [Int]

  /// - Parameters:
  ///   - hands: of each palm; only palms of one hand are compared.
  ///   - probes: how many probes of each palm were compared with all others.
  public init(hands: [Hand], probes: [Int]) {
    precondition(hands.count == probes.count, "a hand and a count for each palm")
    self.hands = hands
    self.probes = probes
  }

  /// The middle 95 % of the rates of `replicates` draws. Without a false match it is 0 to 0 and says nothing.
  ///
  /// - Parameters:
  ///   - matches: every false match below the threshold in question.
  ///   - replicates: at least 200.
  public func bounds(_ matches: [FalseMatch], replicates: Int = 1000) -> ClosedRange<Double> {
    precondition(replicates >= 200, "enough replicates for a tail")
    var chance = PalmChance(seed: 19_795, stream: 1)
    var rates: [Double] = []
    for _ in 0..<replicates {
      var drawn = [Int](repeating: 0, count: hands.count)
      for _ in hands.indices { drawn[chance.count(upTo: hands.count - 1)] += 1 }
      rates.append(rate(matches, drawn))
    }
    rates.sort()
    return rates[replicates / 40]...rates[replicates - 1 - replicates / 40]
  }

  /// A palm that was drawn twice never meets itself as a stranger.
  func rate(_ matches: [FalseMatch], _ drawn: [Int]) -> Double {
    var all = 0
    for hand in [Hand.right, .left] {
      let indices = hands.indices.filter { hands[$0] == hand }
      let people = indices.reduce(0) { $0 + drawn[$1] }
      all += indices.reduce(0) { $0 + drawn[$1] * probes[$1] * (people - drawn[$1]) }
    }
    guard all > 0 else { return 0 }
    return Double(matches.reduce(0) { $0 + drawn[$1.probe] * drawn[$1.enrolled] }) / Double(all)
  }
}
