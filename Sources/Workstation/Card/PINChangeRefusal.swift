public import SmartCard

/// Why a card has no new PIN. The codes are stable; they stand in docs/cards.md.
public enum PINChangeRefusal: Sendable, Equatable {
  /// The old PIN is wrong; the card's own counter, 1 or more.
  case wrongPIN(triesLeft: Int)
  /// What was typed as the new PIN is not taken as one. The card was not asked, or took it for no PIN.
  case unfit(NewPINFault)
  /// The new PIN was typed in two ways.
  case notTheSame
  /// The PUK is wrong; the card's own counter, 1 or more.
  case wrongPUK(triesLeft: Int)
  /// No tries left for the PUK: such a card never gets a PIN again.
  case pukBlocked
  /// The card has no such command, or no PUK.
  case notSupported
  /// Another card lies there than when the PIN was asked for; nothing was sent to it.
  case otherCard

  public static let samples: [PINChangeRefusal] =
    [
      .wrongPIN(triesLeft: 2), .notTheSame, .wrongPUK(triesLeft: 2), .pukBlocked, .notSupported, .otherCard,
    ] + NewPINFault.allCases.map(PINChangeRefusal.unfit)

  public var code: String {
    switch self {
    case .wrongPIN: "SA109"
    case .unfit: "SA110"
    case .notTheSame: "SA111"
    case .wrongPUK: "SA112"
    case .pukBlocked: "SA113"
    case .notSupported: "SA114"
    case .otherCard: "SA115"
    }
  }
}
