import Foundation

/// Which of the two languages the terminal asked for (`LC_ALL`, `LC_MESSAGES`, `LANG`).
enum Language {
  case ja
  case en

  static let current: Language = {
    let environment = ProcessInfo.processInfo.environment
    let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    return asked.hasPrefix("ja") ? .ja : .en
  }()
}

/// The sentence of the current language.
func say(_ ja: String, _ en: String) -> String { Language.current == .ja ? ja : en }

func printError(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Local time of the city hall for people's eyes; the log itself keeps UTC milliseconds.
enum Times {
  /// Japan; no daylight saving time.
  static let zone = TimeZone(secondsFromGMT: 9 * 3600) ?? .gmt

  static func show(_ milliseconds: Int64) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = zone
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }

  /// `today`, `yesterday`, `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM[:SS]`, in local time; milliseconds since 1970-01-01 UTC.
  static func parse(_ text: String, now: Date = Date()) -> Int64? {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let today = calendar.startOfDay(for: now)
    switch text {
    case "today": return milliseconds(today)
    case "yesterday": return calendar.date(byAdding: .day, value: -1, to: today).map(milliseconds)
    default: break
    }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = zone
    formatter.isLenient = false
    for format in ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm"] {
      formatter.dateFormat = format
      if let date = formatter.date(from: text) { return milliseconds(date) }
    }
    return nil
  }

  private static func milliseconds(_ date: Date) -> Int64 { Int64(date.timeIntervalSince1970 * 1000) }
}
