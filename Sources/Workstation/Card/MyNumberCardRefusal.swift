/// Why a logon with a My Number Card ended at the workstation. The codes are stable; they stand in docs/cards.md.
public enum MyNumberCardRefusal: String, Sendable, Equatable, CaseIterable {
  /// The segment does not take such cards; nothing was read of it.
  case notTaken = "SA119"
  /// What was typed is not four digits: perhaps the password of the signature key. Nothing was sent to the card.
  case pinForm = "SA120"
  /// No tries left. Only a counter of the municipality can reset it, no desk of ours.
  case pinBlocked = "SA121"

  public var code: String { rawValue }
}
