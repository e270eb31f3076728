public import AuthAPI
public import AuthTerms
import Foundation
import Isolation

/// A device behind the city's own program: `PROGRAM right|left [ADVICE]` writes one picture, or its vendor's own
/// bytes where the profile has a format, to its standard output and ends with 0. ADVICE is the number of a `CaptureAdvice`, after a sample that gave nothing.
///
/// No shell. What it writes to its standard error is not read; it and what it started are killed at the deadline.
///
/// trusted: who can change the program can show a palm that is not there, and still needs the card or the session's key.
public struct CommandSensor: PalmSensor {
  private let profile: SensorProfile
  private let program: String
  private let milliseconds: Int

  /// - Parameters:
  ///   - program: an absolute path of an executable file.
  ///   - milliseconds: for one sample, 1 to 60,000. A ceremony lives 30 s, three samples included.
  public init(_ profile: SensorProfile, program: String, milliseconds: Int = 8000) throws(AgentFault) {
    guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
      throw .badInput(expected: "an absolute path of an executable file")
    }
    guard (1...60_000).contains(milliseconds) else { throw .badInput(expected: "a deadline of 1 to 60000 ms") }
    self.profile = profile
    self.program = program
    self.milliseconds = milliseconds
  }

  public var name: SensorID { profile.name }

  public func capture(after advice: CaptureAdvice?) async throws(AgentFault) -> PalmSampleMessage {
    let arguments = [program, profile.hand.name] + (advice.map { [String($0.rawValue)] } ?? [])
    let (profile, deadline) = (profile, Deadline(milliseconds: milliseconds))
    return try await BlockingCall.run { () throws(AgentFault) -> PalmSampleMessage in
      try profile.sample(Self.output(of: arguments, most: profile.mostBytes, by: deadline))
    }
  }

  private static func output(
    of arguments: [String], most: Int, by deadline: Deadline
  ) throws(AgentFault) -> SampleBytes {
    let child: ChildProgram
    do { child = try ChildProgram(starting: arguments, isRead: true) } catch { throw .sensor(.notStarted(errno: error.errno)) }
    defer { close(child.output) }
    var isOver = false
    defer {
      if !isOver { child.end() }
    }
    let bytes = SampleBytes(most: most)
    reading: while true {
      guard !bytes.isTooMuch else { throw .sensor(.tooLarge(most: most)) }
      let remaining = deadline.remainingMilliseconds
      guard remaining > 0 else { throw .sensor(.deadline) }
      var entry = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, remaining) > 0 else { continue }
      switch bytes.read(from: child.output) {
      case 0: break reading
      case ..<0 where errno != EINTR: throw .sensor(.failed)
      default: continue
      }
    }
    guard let endedWell = child.hasEndedWell(by: deadline) else { throw .sensor(.deadline) }
    isOver = true
    guard endedWell else { throw .sensor(.failed) }
    return bytes
  }
}
