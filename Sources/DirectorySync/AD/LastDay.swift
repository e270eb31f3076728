/// The last day that the directory gives an account (`LocalTime.day`). One definition for whoever counts who has left and whoever
/// takes accounts in: a person who was removed must not be back at the next look.
public enum LastDay {
  /// Whose account is over for good: the day has passed, and the account lets in no more, because the directory has disabled it
  /// or because it ended in the middle of that day. One that is enabled and ended with the day may be prolonged any moment.
  /// - Parameter day: today.
  /// - Returns: days since; `nil` for everybody else.
  public static func daysOver(_ lastDay: Int?, isEnabled: Bool, on day: Int) -> Int? {
    guard !isEnabled, let lastDay, lastDay < day else { return nil }
    return day - lastDay
  }
}
