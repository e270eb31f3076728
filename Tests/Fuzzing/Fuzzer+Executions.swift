import Foundation
import Synchronization

extension Fuzzer {
  /// Inputs that each of the decoders of a card's bytes is to meet (deploy/soak --executions), or `nil`.
  public static let executions = environment["SANMON_FUZZ_EXECUTIONS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }

  /// On a thread of its own; with `SANMON_FUZZ_EXECUTIONS` on one for each processor, every batch from a fresh seed, until so many
  /// inputs are read. A line every half a minute says how far it is, and the last one how many there were.
  ///
  /// - Parameter read: as for `run`; called by several threads at once then.
  /// - Throws: `Finding` with the seed that repeats it; the first one ends all threads.
  @discardableResult
  public func runOnThreads(_ read: @escaping @Sendable ([UInt8]) throws -> Bool) async throws -> Tally {
    guard let executions = Self.executions else { return try await onOwnThread { try run(read) } }
    let course = Course(name: name, wanted: executions)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for thread in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) {
        group.addTask { try await onOwnThread { try work(course, thread, read) } }
      }
      try await group.waitForAll()
    }
    return course.end()
  }

  private func work(_ course: Course, _ thread: Int, _ read: ([UInt8]) throws -> Bool) throws {
    var seed = Self.freshSeed
    while let count = course.take() {
      remember(seed, thread: thread)
      var tally = Tally()
      do { try batch(seed, count, &tally, read) } catch {
        course.stop()
        throw error
      }
      course.add(tally)
      seed += 1
    }
  }

  /// What several threads have still to do, and have done.
  private final class Course: Sendable {
    private struct State {
      var left: Int
      var tally = Tally()
      var said = ContinuousClock.now
    }

    /// Inputs from one seed.
    private static let batch = 10_000
    private static let pause = Duration.seconds(30)

    private let name: String
    private let wanted: Int
    private let state: Mutex<State>

    init(name: String, wanted: Int) {
      self.name = name
      self.wanted = wanted
      state = Mutex(State(left: wanted))
    }

    /// The next thread's inputs; `nil` at the end.
    func take() -> Int? {
      state.withLock { state in
        guard state.left > 0 else { return nil }
        let count = min(Self.batch, state.left)
        state.left -= count
        return count
      }
    }

    func stop() { state.withLock { $0.left = 0 } }

    func add(_ tally: Tally) {
      let done: Tally? = state.withLock { state in
        state.tally.accepted += tally.accepted
        state.tally.refused += tally.refused
        guard ContinuousClock.now - state.said > Self.pause else { return nil }
        state.said = ContinuousClock.now
        return state.tally
      }
      if let done { Fuzzer.say("fuzz \(name): \(done.accepted + done.refused) of \(wanted)") }
    }

    func end() -> Tally {
      let tally = state.withLock { $0.tally }
      Fuzzer.say("fuzz \(name): \(tally.accepted + tally.refused) inputs, \(tally.accepted) accepted")
      return tally
    }
  }

  /// A line that is read while the run goes on.
  public static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
