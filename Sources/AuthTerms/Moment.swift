/// A point in time as one machine saw it: wall clock, and monotonic clock with the boot it belongs to.
///
/// On the same boot the monotonic part decides durations, after a reboot the wall part; a lockout never gets shorter because
/// somebody set the clock. Only executables read the real clock.
public struct Moment: Hashable, Sendable {
  /// Milliseconds since 1970-01-01 UTC.
  public let wallMilliseconds: Int64
  /// `/proc/sys/kernel/random/boot_id`, or any value that changes at each boot.
  public let boot: String
  /// Milliseconds of the boot's monotonic clock.
  public let monotonicMilliseconds: Int64

  public init(wallMilliseconds: Int64, boot: String, monotonicMilliseconds: Int64) {
    self.wallMilliseconds = wallMilliseconds
    self.boot = boot
    self.monotonicMilliseconds = monotonicMilliseconds
  }

  /// Milliseconds from `earlier` to this moment; never negative after a reboot with the clock set back.
  public func milliseconds(since earlier: Moment) -> Int64 {
    boot == earlier.boot
      ? monotonicMilliseconds - earlier.monotonicMilliseconds
      : max(0, wallMilliseconds - earlier.wallMilliseconds)
  }

  public func advanced(bySeconds seconds: Int64) -> Moment {
    Moment(
      wallMilliseconds: wallMilliseconds + seconds * 1000, boot: boot,
      monotonicMilliseconds: monotonicMilliseconds + seconds * 1000)
  }

  public func hasReached(_ deadline: Moment) -> Bool {
    boot == deadline.boot
      ? monotonicMilliseconds >= deadline.monotonicMilliseconds : wallMilliseconds >= deadline.wallMilliseconds
  }
}

/// Minutes of the local day and the weekday in the city's time zone, for rules about hours; computed by the executables.
public struct LocalTime: Hashable, Sendable {
  /// 1 = Monday … 7 = Sunday (ISO 8601).
  public let weekday: Int
  /// 0 … 1439
  public let minuteOfDay: Int
  /// Days since 1970-01-01 in the city's calendar, for dates in policy files and end dates of people.
  public let day: Int

  public init(weekday: Int, minuteOfDay: Int, day: Int) {
    self.weekday = weekday
    self.minuteOfDay = minuteOfDay
    self.day = day
  }

  /// The local time `offsetSeconds` east of UTC (Japan: 32,400, no daylight saving).
  public init(_ moment: Moment, offsetSeconds: Int) {
    let seconds = moment.wallMilliseconds.flooredDivision(by: 1000) + Int64(offsetSeconds)
    let day = seconds.flooredDivision(by: 86_400)
    self.init(
      weekday: Int(((day + 3) % 7 + 7) % 7) + 1, minuteOfDay: Int(seconds - day * 86_400) / 60, day: Int(day))
  }
}

extension Int64 {
  package func flooredDivision(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
