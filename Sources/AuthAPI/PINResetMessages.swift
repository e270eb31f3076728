public import Foundation

/// Body of `POST /v1/admin/cards/pin-resets`: the desk is about to set a new PIN on the card that lies in its reader.
public struct PINResetBegin: Codable, Sendable {
  /// SHA-256 of the SubjectPublicKeyInfo of each certificate on the card; one or two, 32 bytes each.
  public var keys: [Data]
  /// Why; stands in the log. Not empty.
  public var reason: String

  public init(keys: [Data], reason: String) {
    self.keys = keys
    self.reason = reason
  }
}

/// Whose card it is: the desk compares it with the person before it.
public struct PINResetBegun: Codable, Sendable {
  public var card: CardSummary
  public var displayName: String

  public init(card: CardSummary, displayName: String) {
    self.card = card
    self.displayName = displayName
  }
}

/// Body of `POST /v1/admin/cards/{card}/pin-reset`: what the card said, as the desk saw it.
public struct PINResetEnd: Codable, Sendable {
  public var isDone: Bool
  /// Why not: the desk's own code (`SA110` to `SA115`), `fault` for anything else.
  public var code: String?
  /// Tries the PUK has left, where the card said so.
  public var triesLeft: Int?
  public var reason: String

  public init(isDone: Bool, code: String?, triesLeft: Int?, reason: String) {
    self.isDone = isDone
    self.code = code
    self.triesLeft = triesLeft
    self.reason = reason
  }
}
