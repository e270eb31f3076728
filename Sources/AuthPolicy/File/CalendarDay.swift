import AuthTerms

/// Dates of policy files as `LocalTime.day`: days since 1970-01-01 in the proleptic Gregorian calendar.
enum CalendarDay {
  /// Accepts exactly `YYYY-MM-DD`, 2000 to 2199, for a day that exists.
  static func parse(_ text: String) -> Int? {
    let units = Array(text.utf8)
    guard units.count == 10, units[4] == UInt8(ascii: "-"), units[7] == UInt8(ascii: "-"),
      let year = number(units[0..<4]), let month = number(units[5..<7]), let day = number(units[8..<10]),
      (2000...2199).contains(year), (1...12).contains(month), (1...length(of: month, in: year)).contains(day)
    else { return nil }
    return days(year, month, day)
  }

  /// The same day as `YYYY-MM-DD`.
  static func text(_ day: Int) -> String {
    // The year that begins on or before it is this one or the next: 365.2425 days are a year on average.
    var year = 1970 + day / 366
    while days(year + 1, 1, 1) <= day { year += 1 }
    var month = 1
    while month < 12, days(year, month + 1, 1) <= day { month += 1 }
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day - days(year, month, 1) + 1, 2))"
  }

  private static func number(_ units: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for unit in units {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) else { return nil }
      value = value * 10 + Int(unit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func length(of month: Int, in year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let before = year - 1
    let toYear = before * 365 + before / 4 - before / 100 + before / 400
    let toMonth = (1..<month).reduce(0) { $0 + length(of: $1, in: year) }
    return toYear + toMonth + day - 719_163
  }
}

/// Hours of some days of the week, written `mon-fri 08:00-19:00`, `sat 09:00-12:00` or `daily 00:00-24:00`.
struct WeekHours: Sendable, Hashable {
  /// 1 = Monday … 7 = Sunday.
  var weekdays: ClosedRange<Int>
  /// Minutes of the day; the first is inside, the last is not.
  var minutes: Range<Int>

  func contains(_ time: LocalTime) -> Bool {
    weekdays.contains(time.weekday) && minutes.contains(time.minuteOfDay)
  }

  /// What `parse` reads back.
  var text: String {
    func time(_ minute: Int) -> String {
      [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
    let names = Self.days[weekdays.lowerBound - 1] + (weekdays.count > 1 ? "-" + Self.days[weekdays.upperBound - 1] : "")
    return "\(weekdays == 1...7 ? "daily" : names) \(time(minutes.lowerBound))-\(time(minutes.upperBound))"
  }

  private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  static func parse(_ text: String) -> WeekHours? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let weekdays = weekdays(parts[0]) else { return nil }
    let times = parts[1].split(separator: "-", omittingEmptySubsequences: false)
    guard times.count == 2, let from = minute(times[0]), let to = minute(times[1]), from < to else { return nil }
    return WeekHours(weekdays: weekdays, minutes: from..<to)
  }

  private static func weekdays(_ text: Substring) -> ClosedRange<Int>? {
    if text == "daily" { return 1...7 }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { name in
      days.firstIndex { $0 == name }.map { $0 + 1 }
    }
    switch ends.count {
    case 1: return ends[0].map { $0...$0 }
    case 2:
      guard let first = ends[0], let last = ends[1], first < last else { return nil }
      return first...last
    default: return nil
    }
  }

  private static func minute(_ text: Substring) -> Int? {
    let units = Array(text.utf8)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard units.count == 5, units[2] == UInt8(ascii: ":"), [0, 1, 3, 4].allSatisfy({ digits.contains(units[$0]) }) else {
      return nil
    }
    let value = { (index: Int) in Int(units[index] - UInt8(ascii: "0")) }
    let (hour, minute) = (value(0) * 10 + value(1), value(3) * 10 + value(4))
    guard minute < 60, hour < 24 || (hour == 24 && minute == 0) else { return nil }
    return hour * 60 + minute
  }
}
