import AuthTerms

/// The city's calendar day of a row: references are unique within it.
enum LocalDay {
  /// Days since 1970-01-01, as `LocalTime.day`.
  static func of(milliseconds: Int64, offsetSeconds: Int) -> Int {
    Int((milliseconds.flooredDivision(by: 1000) + Int64(offsetSeconds)).flooredDivision(by: 86_400))
  }
}
