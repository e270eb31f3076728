import AuthTerms
import Foundation
import Synchronization
import Workstation

/// A clock the test moves, and the system's random source.
final class TestClock: Sendable {
  private let offset = Mutex<(wall: Int64, monotonic: Int64)>((1_800_000_000_000, 1_000_000))

  let machine = Mutex(MachineState(asleepMilliseconds: 0, networks: ["eth0 c0a80a2a"]))

  var now: Moment {
    offset.withLock { Moment(wallMilliseconds: $0.wall, boot: "boot", monotonicMilliseconds: $0.monotonic) }
  }

  func advance(milliseconds: Int64) {
    offset.withLock { $0 = ($0.wall + milliseconds, $0.monotonic + milliseconds) }
  }

  /// Somebody sets the clock.
  func jump(milliseconds: Int64) { offset.withLock { $0.wall += milliseconds } }

  var surroundings: Surroundings {
    Surroundings(
      now: { self.now }, random: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } },
      machine: { self.machine.withLock { $0 } })
  }
}

/// A folder of its own under /tmp, short enough for a socket path, removed with the object.
final class TestFolder: Sendable {
  let path = "/tmp/sanmon-ws-\(UInt32.random(in: 0...UInt32.max))"
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var state: String { "\(path)/state" }
}
