/// Why a sample of a palm gives no template: what the person before the sensor can do about it. The numbers are those of
/// deploy/plugin/sanmon_matcher.h.
public enum CaptureAdvice: UInt32, Sendable, CaseIterable {
  /// A library that gives no reason.
  case again = 0
  case noHand = 1
  case tooNear = 2
  case tooFar = 3
  case blurred = 4
  case tooDark = 5
  case tooBright = 6
  case wet = 7
  case covered = 8
  case notWhole = 9
  case fingersTogether = 10
  case otherHand = 11
  case weakVeins = 12
}
