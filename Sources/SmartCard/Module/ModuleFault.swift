/// Why a card could not be used through a PKCS#11 library. The codes are stable; they stand in docs/cards.md.
public enum ModuleFault: String, Sendable, Equatable, CaseIterable {
  /// Not there, not to be loaded, or no library of PKCS#11 version 2 with the functions that are needed.
  case unusable
  /// Its process ended by itself.
  case ended
  /// No answer in time; its process was killed.
  case overdue
  /// What it answered cannot be an answer.
  case malformed
  /// It said that it failed, and nothing that says more.
  case failed
  /// No certificate there is for a key that may sign a logon.
  case noKey
  /// More than one is, and nobody said which.
  case severalKeys
  /// The certificate is there, its private key is not.
  case keyMissing
  /// The token signs in no way that is known here.
  case mechanismMissing
  /// A PIN of a length that the token does not take; it was not asked, or did not count it.
  case pinForm

  /// `nil`: told in the words that such a refusal has with any card.
  public var code: String? {
    switch self {
    case .unusable: "SA116"
    case .ended, .overdue, .malformed, .failed: "SA117"
    case .noKey, .severalKeys, .keyMissing, .mechanismMissing: "SA118"
    case .pinForm: nil
    }
  }
}

/// What a card that counts its tries in words says of them: PKCS#11 has flags and no number.
public enum PINStanding: UInt64, Sendable, Equatable, CaseIterable {
  case untold = 0
  case lastTry = 1
  case blocked = 2

  /// In the place of a number where none is told.
  public static let untoldTries = Int.max

  public var triesLeft: Int {
    switch self {
    case .untold: Self.untoldTries
    case .lastTry: 1
    case .blocked: 0
    }
  }
}
