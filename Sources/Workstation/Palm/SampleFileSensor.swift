public import AuthAPI
public import AuthTerms
import Foundation
import Synchronization

/// Pictures, or blobs where the profile has a format, out of files, in their order, each once: for tests, demonstrations, and sensors that leave files behind.
///
/// trusted: who can write the files can show a palm that is not there, and still needs the card or the session's key.
public final class SampleFileSensor: PalmSensor {
  private let profile: SensorProfile
  private let files: [String]
  private let next = Mutex(0)

  /// - Parameter files: paths of binary PGM or PNG pictures, or of blobs, at most `SensorProfile.mostBytes` each.
  public init(_ profile: SensorProfile, files: [String]) throws(AgentFault) {
    guard !files.isEmpty else { throw .badInput(expected: "at least one file") }
    self.profile = profile
    self.files = files
  }

  public var name: SensorID { profile.name }

  public func capture(after advice: CaptureAdvice?) async throws(AgentFault) -> PalmSampleMessage {
    let turn = next.withLock { next in
      next += 1
      return next - 1
    }
    guard turn < files.count else { throw .sensor(.noMorePictures) }
    let (path, profile) = (files[turn], profile)
    return try await BlockingCall.run { () throws(AgentFault) -> PalmSampleMessage in
      try profile.sample(Self.read(path, most: profile.mostBytes))
    }
  }

  private static func read(_ path: String, most: Int) throws(AgentFault) -> SampleBytes {
    // Not blocking: a pipe of that name must not keep a person waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .sensor(.unreadable(errno: errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .sensor(.unreadable(errno: errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .sensor(.unreadable(errno: EINVAL)) }
    let bytes = SampleBytes(most: most)
    while !bytes.isTooMuch {
      let taken = bytes.read(from: descriptor)
      if taken == 0 { break }
      guard taken > 0 || errno == EINTR else { throw .sensor(.unreadable(errno: errno)) }
    }
    return bytes
  }
}
