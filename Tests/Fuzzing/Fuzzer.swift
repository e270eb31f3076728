import Foundation

/// One decoder fed with damaged forms of good inputs.
///
/// In a test: `count` inputs from one fixed seed, the same every time. With `SANMON_FUZZ_SECONDS` (deploy/soak fuzz): for
/// that long, each thousand inputs from a fresh seed, which stands in the file `SANMON_FUZZ_STATE`/name while they run, so that it
/// is known after a trap too. `SANMON_FUZZ_SEED` then repeats it.
public struct Fuzzer: Sendable {
  /// What a decoder did that it must not do.
  public struct Finding: Error, CustomStringConvertible {
    public let description: String
  }

  /// How often it said yes and no.
  public struct Tally: Sendable {
    public var accepted = 0
    public var refused = 0
  }

  /// What is read is not what was written, for example.
  public struct Broken: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
  }

  static let environment = ProcessInfo.processInfo.environment
  private static let fixedSeed: UInt64 = environment["SANMON_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_121
  /// One input that takes longer is a finding: an attacker would send nothing else.
  private static let patience = Duration.seconds(5)

  /// Seconds this run is to last, or `nil` in a test.
  public static let seconds = environment["SANMON_FUZZ_SECONDS"].flatMap { Double($0) }

  let name: String
  let mutator: Mutator
  let count: Int
  let share: Double

  /// - Parameters:
  ///   - words: of the format, to be put anywhere.
  ///   - share: of the seconds of a test that runs several of these.
  public init(_ name: String, corpus: [[UInt8]], words: [String] = [], count: Int = 10_000, share: Double = 1) {
    self.name = name
    mutator = Mutator(corpus: corpus, words: words.map { Array($0.utf8) })
    self.count = count
    self.share = share
  }

  /// - Parameter read: true if it accepted, false if it refused; throws `Broken` for an answer that is wrong.
  /// - Throws: `Finding` with the seed that repeats it.
  @discardableResult
  public func run(_ read: ([UInt8]) throws -> Bool) throws -> Tally {
    var tally = Tally()
    guard let seconds = Self.seconds else {
      try batch(Self.fixedSeed, count, &tally, read)
      return tally
    }
    let end = ContinuousClock.now + .seconds(seconds * share)
    var seed = Self.freshSeed
    repeat {
      remember(seed)
      try batch(seed, 1000, &tally, read)
      seed += 1
    } while ContinuousClock.now < end
    print("fuzz \(name): \(tally.accepted + tally.refused) inputs, \(tally.accepted) accepted")
    return tally
  }

  /// The same for what has to be waited for.
  /// - Parameter count: inputs in a test, in the place of the fuzzer's own.
  @discardableResult
  public func run(count: Int, _ read: ([UInt8]) async throws -> Bool) async throws -> Tally {
    var tally = Tally()
    let end = Self.seconds.map { ContinuousClock.now + .seconds($0 * share) }
    var seed = end == nil ? Self.fixedSeed : UInt64.random(in: 0...UInt64.max >> 1)
    repeat {
      if end != nil { remember(seed) }
      var random = SeededRandom(seed: seed)
      for number in 0..<count {
        let input = mutator.input(&random, [])
        do {
          if try await read(input) { tally.accepted += 1 } else { tally.refused += 1 }
        } catch { throw finding(seed, number, input, "\(error)") }
      }
      seed += 1
    } while end.map { ContinuousClock.now < $0 } ?? false
    if end != nil { print("fuzz \(name): \(tally.accepted + tally.refused) inputs, \(tally.accepted) accepted") }
    return tally
  }

  /// Far enough from the end for one more each batch.
  static var freshSeed: UInt64 { UInt64.random(in: 0...UInt64.max >> 1) }

  func batch(_ seed: UInt64, _ count: Int, _ tally: inout Tally, _ read: ([UInt8]) throws -> Bool) throws {
    var random = SeededRandom(seed: seed)
    // What was accepted is damaged further: so a run leaves the neighbourhood of its samples.
    var grown: [[UInt8]] = []
    for number in 0..<count {
      let input = mutator.input(&random, grown)
      let begin = ContinuousClock.now
      let isAccepted: Bool
      do { isAccepted = try read(input) } catch { throw finding(seed, number, input, "\(error)") }
      let took = ContinuousClock.now - begin
      guard took < Self.patience else { throw finding(seed, number, input, "took \(took)") }
      if isAccepted {
        tally.accepted += 1
        if grown.count < 64 { grown.append(input) } else if number % 16 == 0 { grown[number / 16 % 64] = input }
      } else {
        tally.refused += 1
      }
    }
  }

  private func finding(_ seed: UInt64, _ number: Int, _ input: [UInt8], _ reason: String) -> Finding {
    Finding(
      description: """
        \(name): \(reason)
        SANMON_FUZZ_SEED=\(seed), input \(number), \(input.count) bytes: \(Data(input.prefix(600)).base64EncodedString())
        """)
  }

  /// - Parameter thread: of several.
  func remember(_ seed: UInt64, thread: Int? = nil) {
    guard let folder = Self.environment["SANMON_FUZZ_STATE"] else { return }
    let file = name.filter { $0.isLetter || $0.isNumber } + (thread.map { "-\($0)" } ?? "")
    try? Data("\(seed)\n".utf8).write(to: URL(filePath: folder + "/" + file))
  }
}
