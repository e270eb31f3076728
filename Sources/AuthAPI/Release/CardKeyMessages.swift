public import Foundation

/// A city's key for shared-key cards, and the act of two administrators that sets it.
public struct VaultCardKeyAct: Codable, Sendable {
  /// `CardKeyMessage.encoded`: the server carries it and cannot open it.
  public var sealed: Data
  /// `SignedAct.encoded`, of the kind `vault.cardkey`.
  public var act: Data

  public init(sealed: Data, act: Data) {
    self.sealed = sealed
    self.act = act
  }
}

/// That the vault keeps a city's key for a card script; never anything of the key.
public struct VaultCardKeySummary: Codable, Sendable, Equatable {
  /// Name of the script.
  public var script: String
  /// 1 and above.
  public var version: Int64
  /// Milliseconds since 1970-01-01 UTC.
  public var setAt: Int64
  /// Keys of cards that are registered for it and may log on, now or after they are restored.
  public var cards: Int64

  public init(script: String, version: Int64, setAt: Int64, cards: Int64) {
    self.script = script
    self.version = version
    self.setAt = setAt
    self.cards = cards
  }
}
