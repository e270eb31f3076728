/// How seldom strangers may pass for a person by their palm, as the exponent of a false match rate for each attempt: 5 for 1e-5.
public enum PalmRate {
  /// Beside a factor of another kind.
  public static let besideAnother = 5
  /// Where a palm alone opens a locked screen.
  public static let alone = 6
}
