import AuthTerms
import SmartCard

/// A card made of answers, in memory: commands are kept for looking at, answers come from a closure.
struct ScriptedCard: CardChannel {
  private(set) var commands: [[UInt8]] = []
  private let reply: (Int, [UInt8]) throws(CardFailure) -> [UInt8]

  init(_ reply: @escaping (Int, [UInt8]) throws(CardFailure) -> [UInt8]) { self.reply = reply }

  /// The answers in their order; then the card is gone.
  init(answers: [[UInt8]]) {
    self.init { (turn, _) throws(CardFailure) in turn < answers.count ? answers[turn] : [] }
  }

  mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
    commands.append(command)
    return try reply(commands.count - 1, command)
  }
}

/// Repeatable chance: SplitMix64.
struct RepeatableRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

func failure<R>(of work: () throws(CardFailure) -> R) -> CardFailure? {
  do throws(CardFailure) {
    _ = try work()
    return nil
  } catch { return error }
}

func isMalformed(_ failure: CardFailure?) -> Bool { if case .malformedCard? = failure { true } else { false } }
