/// Which hand a palm belongs to. The number stands in templates and in the database.
public enum Hand: UInt8, CaseIterable, Sendable {
  case right = 1
  case left = 2

  /// As messages, commands and rows say it.
  public var name: String {
    switch self {
    case .right: "right"
    case .left: "left"
    }
  }

  /// - Returns: `nil` for anything but such a name.
  public init?(name: String) {
    guard let hand = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = hand
  }
}
