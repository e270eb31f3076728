/// Which hand a palm belongs to.
public enum Hand: UInt8, CaseIterable, Sendable {
  case right = 1
  case left = 2
}
