/// SplitMix64: the same inputs for the same seed, on every machine.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Damages good inputs in the ways that break decoders: bits, lengths, ends, repeated and foreign parts, words of the format.
struct Mutator {
  private static let edges: [UInt8] = [
    0, 1, 0x0A, 0x20, 0x22, 0x30, 0x5C, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xC0, 0xED, 0xFE, 0xFF,
  ]
  private static let numbers = [
    "0", "-1", "1", "00", "255", "65536", "2147483648", "9223372036854775807", "18446744073709551616",
  ]
  .map { Array($0.utf8) }
  /// Bytes of one input: beyond every reader's first limit would only be slow.
  private static let largest = 1 << 17

  let corpus: [[UInt8]]
  let words: [[UInt8]]

  func input(_ random: inout SeededRandom, _ grown: [[UInt8]]) -> [UInt8] {
    let all = corpus.count + grown.count
    let chosen = Int.random(in: 0..<max(1, all), using: &random)
    var bytes = chosen < corpus.count ? corpus[chosen] : (grown.isEmpty ? [] : grown[chosen - corpus.count])
    for _ in 0..<[1, 1, 1, 2, 2, 3, 5, 8][Int.random(in: 0..<8, using: &random)] { mutate(&bytes, &random) }
    if bytes.count > Self.largest { bytes.removeLast(bytes.count - Self.largest) }
    return bytes
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else {
      bytes = (0..<Int.random(in: 0...16, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      return
    }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    let end = min(bytes.count, place + Int.random(in: 1...32, using: &random))
    switch Int.random(in: 0..<12, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes[place] = Self.edges.randomElement(using: &random) ?? 0
    case 3: bytes[place] = bytes[place] &+ (Bool.random(using: &random) ? 1 : 255)
    case 4: bytes.insert(Self.edges.randomElement(using: &random) ?? 0, at: place)
    case 5: bytes.remove(at: place)
    case 6: bytes.removeSubrange(place..<end)
    case 7: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 8:
      let other = corpus.randomElement(using: &random) ?? []
      let from = Int.random(in: 0...other.count, using: &random)
      bytes.replaceSubrange(place..<end, with: other[from..<min(other.count, from + 64)])
    case 9: bytes.insert(contentsOf: words.randomElement(using: &random) ?? Self.numbers[0], at: place)
    case 10: replaceNumber(&bytes, near: place, &random)
    default: bytes.removeLast(bytes.count - place)
    }
  }

  /// The run of digits at or behind `place`.
  private func replaceNumber(_ bytes: inout [UInt8], near place: Int, _ random: inout SeededRandom) {
    let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
    guard let begin = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[begin...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(begin..<end, with: Self.numbers.randomElement(using: &random) ?? [])
  }
}
