public import AuthTerms

/// The clocks of the process, handed in: only executables read the real ones.
public struct ServerClock: Sendable {
  public let now: @Sendable () -> Moment
  /// Monotonic microseconds, for durations in logs and metrics.
  public let microseconds: @Sendable () -> Int64

  public init(now: @escaping @Sendable () -> Moment, microseconds: (@Sendable () -> Int64)? = nil) {
    self.now = now
    self.microseconds = microseconds ?? { now().monotonicMilliseconds * 1000 }
  }
}

/// A wall clock reading as the two texts HTTP and the log need, without a calendar library.
struct CivilTime {
  let year: Int
  let month: Int
  let day: Int
  /// 0 = Thursday, the first day of 1970.
  let dayOfEpochWeek: Int
  let hour: Int
  let minute: Int
  let second: Int
  let millisecond: Int

  init(wallMilliseconds: Int64) {
    let days = Int(wallMilliseconds >= 0 ? wallMilliseconds / 86_400_000 : (wallMilliseconds - 86_399_999) / 86_400_000)
    let rest = Int(wallMilliseconds - Int64(days) * 86_400_000)
    // Days to civil date in the proleptic Gregorian calendar, years counted from 1 March so that the leap day comes last.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    dayOfEpochWeek = ((days % 7) + 7) % 7
    hour = rest / 3_600_000
    minute = rest / 60_000 % 60
    second = rest / 1000 % 60
    millisecond = rest % 1000
  }

  /// IMF-fixdate (RFC 9110 §5.6.7).
  var httpDate: String {
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return
      "\(names[dayOfEpochWeek]), \(pad(day)) \(months[month - 1]) \(pad(year, 4)) \(pad(hour)):\(pad(minute)):\(pad(second)) GMT"
  }

  /// RFC 3339 with milliseconds, UTC.
  var timestamp: String {
    "\(pad(year, 4))-\(pad(month))-\(pad(day))T\(pad(hour)):\(pad(minute)):\(pad(second)).\(pad(millisecond, 3))Z"
  }

  private func pad(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
