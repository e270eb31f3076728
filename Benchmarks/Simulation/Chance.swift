import Synchronization

/// Seeded chance (SplitMix64): the same seed gives the same morning on every machine.
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

  /// True once in so many times.
  mutating func once(in times: Int) -> Bool { next() % UInt64(times) == 0 }

  mutating func pick<E>(_ elements: [E]) -> E { elements[number(0...elements.count - 1)] }

  /// One of the values, each as often as its weight says.
  mutating func weighted<E>(_ choices: [(Int, E)]) -> E {
    var left = number(0...choices.reduce(-1) { $0 + $1.0 })
    for (weight, value) in choices {
      if left < weight { return value }
      left -= weight
    }
    return choices[choices.count - 1].1
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) } }
}

/// The server's source of randomness: a stream of its own, so that what the server draws does not move what clients do.
final class SeededBytes: Sendable {
  private let chance: Mutex<Chance>
  init(seed: UInt64) { chance = Mutex(Chance(seed: seed)) }
  func draw(_ count: Int) -> [UInt8] { chance.withLock { $0.bytes(count) } }
}
