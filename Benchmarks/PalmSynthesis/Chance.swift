/// Seeded chance (xoshiro256**, seeded by SplitMix64): the same palms on every machine.
public struct PalmChance: Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// One stream for each pair: what one stream draws never moves another.
  public init(seed: UInt64, stream: UInt64) {
    var mixer = seed &* 0x9E37_79B9_7F4A_7C15 ^ (stream &+ 1) &* 0xD1B5_4A32_D192_ED03
    func split() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (split(), split(), split(), split())
  }

  @inline(__always)
  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }

  /// 0 ..< 1 in steps of 2^-24.
  @inline(__always)
  public mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  public mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  /// Mean 0, standard deviation 1, within -6 ... 6: the sum of twelve uniform draws.
  public mutating func normal() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += unit() }
    return sum
  }

  public mutating func count(upTo limit: Int) -> Int { Int(next() >> 33) % (limit + 1) }

  /// Poisson with a small mean, at most 60.
  public mutating func poisson(_ mean: Float) -> Int {
    var threshold = Float(PalmMath.exp(Double(-mean)))
    let floor = threshold
    threshold = 1
    for number in 0..<60 {
      threshold *= unit()
      if threshold <= floor { return number }
    }
    return 60
  }
}
