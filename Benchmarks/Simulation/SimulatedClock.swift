import AuthTerms
import Synchronization

/// A moment in plain numbers: the wall clock, which boot of the machine, and that boot's own clock. All in milliseconds.
struct Tick: Hashable, Sendable {
  var wall: Int64
  var boot: Int
  var mono: Int64

  /// Elapsed time: by the clock nobody can set while the machine runs; across a reboot by the wall, and then never negative.
  func since(_ earlier: Tick) -> Int64 { boot == earlier.boot ? mono - earlier.mono : max(0, wall - earlier.wall) }

  func plus(_ milliseconds: Int64) -> Tick { Tick(wall: wall + milliseconds, boot: boot, mono: mono + milliseconds) }

  /// Days since 1970-01-01 in Japan.
  var day: Int { Int((wall / 1000 + 32_400) / 86_400) }

  var moment: Moment { Moment(wallMilliseconds: wall, boot: "boot-\(boot)", monotonicMilliseconds: mono) }

  init(wall: Int64, boot: Int, mono: Int64) {
    self.wall = wall
    self.boot = boot
    self.mono = mono
  }

  init(_ moment: Moment) {
    self.init(
      wall: moment.wallMilliseconds, boot: Int(moment.boot.dropFirst(5)) ?? -1, mono: moment.monotonicMilliseconds)
  }
}

/// The clocks of one simulated machine. They stand still unless they are moved.
final class SimulatedClock: Sendable {
  private let reading: Mutex<Tick>

  init(_ start: Tick) { reading = Mutex(start) }

  var now: Tick { reading.withLock { $0 } }

  func advance(milliseconds: Int64) { reading.withLock { $0 = $0.plus(milliseconds) } }

  /// Somebody sets the wall clock.
  func setWall(by milliseconds: Int64) { reading.withLock { $0.wall += milliseconds } }

  /// The machine starts anew.
  func reboot(after milliseconds: Int64) {
    reading.withLock { $0 = Tick(wall: $0.wall + milliseconds, boot: $0.boot + 1, mono: 5_000) }
  }
}
