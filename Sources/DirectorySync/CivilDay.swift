/// Dates as files write them, `2027-03-31`, as days since 1970-01-01 (`LocalTime.day`).
public enum CivilDay {
  /// Accepts `YYYY-MM-DD`, years 1900 to 2199, days that exist (proleptic Gregorian calendar); `nil` for all else.
  public static func parse(_ text: some StringProtocol) -> Int? {
    let units = Array(text.utf8)
    guard units.count == 10, units[4] == UInt8(ascii: "-"), units[7] == UInt8(ascii: "-") else { return nil }
    guard let year = number(units[0..<4]), let month = number(units[5..<7]), let day = number(units[8..<10]),
      (1900...2199).contains(year), (1...12).contains(month), (1...days(inMonth: month, of: year)).contains(day)
    else { return nil }
    return daysSince1970(year: year, month: month, day: day)
  }

  /// 1 April of this year or the next; the day itself if it is one.
  public static func nextFirstOfApril(from day: Int) -> Int {
    let words = text(day)
    guard let year = Int(words.prefix(4)), let mine = parse("\(year)-04-01"), let next = parse("\(year + 1)-04-01") else {
      return day
    }
    return mine >= day ? mine : next
  }

  /// What `parse` reads back.
  public static func text(_ day: Int) -> String {
    // Howard Hinnant's published arithmetic ("chrono-Compatible Low-Level Date Algorithms"): eras of 400 years, year from March.
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return "\(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))-\(twoDigits(month))-\(twoDigits(dayOfMonth))"
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func number(_ units: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for unit in units {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit) else { return nil }
      value = value * 10 + Int(unit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
