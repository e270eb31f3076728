/// This version of Sanmon.
public enum Release {
  public static let version = "0.1.0"
  /// 2026-01-01 UTC, in milliseconds: no release of this code is older, so a wall clock before it is wrong (a machine whose clock
  /// battery is empty comes back in 1970 or in the year it was made).
  public static let noEarlierThan: Int64 = 1_767_225_600_000
}
