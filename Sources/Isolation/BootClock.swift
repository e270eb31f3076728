public import AuthTerms
import Foundation

/// The real clock, for executables only: everything below them is handed a `Moment`.
public struct BootClock: Sendable {
  private let boot: String

  /// - Throws: `MalformedInput` when the system does not say which boot this is.
  public init() throws(MalformedInput) {
    guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) else {
      throw MalformedInput("boot id", expected: "/proc/sys/kernel/random/boot_id")
    }
    boot = String(text.prefix { !$0.isWhitespace })
    guard boot.utf8.count == 36 else { throw MalformedInput("boot id", expected: "36 characters") }
  }

  /// CLOCK_BOOTTIME goes on while the machine sleeps: a lease does not get longer by closing the lid.
  public func now() -> Moment {
    Moment(
      wallMilliseconds: Self.milliseconds(CLOCK_REALTIME), boot: boot, monotonicMilliseconds: Self.milliseconds(CLOCK_BOOTTIME))
  }

  /// Microseconds of the same clock, for durations.
  public func microseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
  }

  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
